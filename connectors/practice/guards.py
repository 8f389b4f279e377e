"""Who may use a stand-in's pages: this computer's own browser, at a local name, and forms of our own pages only.

Without it, any web page the person visits could reach these ports: by a name of its own that leads to 127.0.0.1, or by
a form that it sends here.
"""

from urllib.parse import urlsplit

from aiohttp import web

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def is_local(request: web.Request) -> bool:
    """Whether it was asked for under a name of this computer."""
    try:
        return (urlsplit(f"//{request.host}").hostname or "") in LOCAL_NAMES
    except ValueError:
        return False


def is_own_form(request: web.Request) -> bool:
    """Whether one of our own pages sent this form: browsers say with every form where it is from."""
    origin = request.headers.getall("Origin", [])
    plain = request.content_type == "application/x-www-form-urlencoded"
    return plain and origin == [f"{request.scheme}://{request.host}"]
