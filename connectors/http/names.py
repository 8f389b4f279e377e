"""Names of headers and parameters: which may be set, and whose values are secrets."""

import re

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")

OURS = frozenset(
    {
        "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""What belongs to the connection and not to the message: the engine writes these, or nobody does."""

_SECRET = re.compile(
    r"auth(?!or$|ors$)|cookie|token|secret|passw|passphrase|credential|api[-_.]?key|(access|private|subscription)[-_]?key"
    r"|^(key|sig|signature|session([-_]?id)?|sid|pwd|jwt|code)$|-(key|signature)$"
)
_NO_SECRET = frozenset({"idempotency-key"})


def checked(name: str) -> str:
    """The name of a header that may be set. Raises `ValueError` with a sentence."""
    if not _TOKEN.fullmatch(name):
        raise ValueError("This is not the name of a header: only letters, digits and signs like “-” are allowed.")
    if name.lower() in OURS:
        raise ValueError(f"The header “{name}” is written by Zapwerk itself; please leave it out.")
    return name


def is_secret(name: str) -> bool:
    """Whether the value of a header or parameter of this name must not be seen again once it is typed."""
    lowered = name.lower()
    return lowered not in _NO_SECRET and bool(_SECRET.search(lowered))
