"""The demo mailbox for people: a page with its mails and a form to write one. Loopback only; started by `sandbox`."""

import asyncio
import secrets
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from aiohttp import web

from connectors.mail import demo_form, demo_letters, message
from connectors.mail.addresses import Address
from connectors.mail.demo_letters import Letter
from connectors.mail.demo_words import WORDS
from connectors.practice import guards, pages
from connectors.practice.markup import Html, foreign, join, tag
from connectors.practice.words import Words, clock, number, seconds, words_for

NEWEST = 100  # mails on the page
READ_FOR_LIST = 60_000  # bytes of a mail: enough for its header and the beginning of its text
READ_TO_OPEN = 2_000_000
STOPS_WITHIN = 0.5  # seconds
PLAUSIBLE = 60.0  # seconds on the way; more than that is a clock of somebody else

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mails(Protocol):
    """What the page shows: `demo_mailbox.Inbox`."""

    @property
    def version(self) -> str: ...
    @property
    def total(self) -> int: ...
    def newest(self, limit: int) -> list[tuple[int, datetime]]: ...
    def content(self, uid: int) -> tuple[datetime, bytes] | None: ...


@dataclass(frozen=True)
class Mailbox:
    """Its mails, and the SMTP server that takes new ones in."""

    mails: Mails
    host: str
    smtp_port: int
    address: str


MAILBOX = web.AppKey("mailbox", Mailbox)
ROWS = web.AppKey("rows", dict[tuple[int, str], Html])
BOOT = web.AppKey("boot", str)


@asynccontextmanager
async def serving(mailbox: Mailbox, port: int) -> AsyncIterator[str]:
    """Serves the page at `port` (0 takes a free one) and yields its address."""
    runner = web.AppRunner(application(mailbox), access_log=None, shutdown_timeout=STOPS_WITHIN)
    await runner.setup()
    try:
        await web.TCPSite(runner, mailbox.host, port).start()
        yield f"http://{mailbox.host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def application(mailbox: Mailbox) -> web.Application:
    """The web application of one mailbox."""
    app = web.Application(middlewares=[_guarded])
    app[MAILBOX], app[ROWS], app[BOOT] = mailbox, {}, secrets.token_hex(4)
    routes = [
        web.get("/", front),
        web.get("/list", listed),
        web.post("/", write),
        web.get(r"/mails/{uid:\d{1,10}}", one),
    ]
    app.add_routes([*pages.assets(), *routes])
    return app


async def front(request: web.Request) -> web.Response:
    """GET /: the form, filled with a ready mail if `?ready=` names one, and the mails."""
    ready = demo_letters.READY.get(request.query.get("ready", ""))
    return _page(request, ready() if ready else Letter(), sent="sent" in request.query)


async def listed(request: web.Request) -> web.Response:
    """GET /list: the mails, for the page that follows them."""
    words, mails = words_for(request, WORDS), request.app[MAILBOX].mails
    version = f"{request.app[BOOT]} {mails.version} {words.language}"
    return pages.live(request, version, lambda: _list(request, words))


async def write(request: web.Request) -> web.Response:
    """POST /: delivers the mail by SMTP; what is wrong with it is said at the field."""
    words = words_for(request, WORDS)
    if not guards.is_own_form(request):
        return _sorry(words, "foreign_form", 403)
    form = await request.post()
    letter = demo_letters.given({name: value for name, value in form.items() if isinstance(value, str)})
    found = demo_letters.problems(letter)
    if found:
        wrong = {name: words(key, limit=number(limit, words)) for name, (key, limit) in found.items()}
        return _page(request, letter, wrong=wrong, status=422)
    mailbox = request.app[MAILBOX]
    mail = demo_letters.message(letter, mailbox.address)
    try:
        await asyncio.to_thread(demo_letters.deliver, mail, mailbox.host, mailbox.smtp_port)
    except (OSError, smtplib.SMTPException) as error:
        return _page(request, letter, wrong={"": words("refused", reason=error)}, status=502)
    return web.Response(status=303, headers={"Location": "/?sent", **pages.HEADERS})


async def one(request: web.Request) -> web.Response:
    """GET /mails/{uid}: a mail as plain text."""
    words = words_for(request, WORDS)
    found = request.app[MAILBOX].mails.content(int(request.match_info["uid"]))
    if found is None:
        return _sorry(words, "unknown_mail", 404)
    came, raw = found
    read = message.read(raw[:READ_TO_OPEN])
    text = tag("pre", read.text, class_="mail", dir="auto") if read.text.strip() else tag("p", words("empty_text"))
    cut = [tag("p", words("cut"), class_="quiet")] if len(raw) > READ_TO_OPEN else []
    subject = read.subject or words("no_subject")
    frame = pages.Frame(words, subject, back=("/", words("all")))
    return pages.page(frame, _facts(read, came, words), *cut, tag("div", text, class_="card"))


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not guards.is_local(request):
        return web.Response(status=421, text=words_for(request, WORDS)("not_local"))
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _sorry(words_for(request, WORDS), "not_found", 404)


def _page(
    request: web.Request,
    letter: Letter,
    *,
    sent: bool = False,
    wrong: Mapping[str, str] | None = None,
    status: int = 200,
) -> web.Response:
    words, mailbox = words_for(request, WORDS), request.app[MAILBOX]
    lead = tag("p", words("lead", address=mailbox.address), class_="lead")
    form = demo_form.shown(words, letter, wrong or {}, sent=sent, ready=request.query.get("ready", ""))
    mails = pages.live_region(words, "/list", _list(request, words))
    columns = tag("div", form, tag("section", mails, aria_labelledby="mails"), class_="columns")
    return pages.page(pages.Frame(words, words("title")), lead, columns, status=status)


def _sorry(words: Words, why: str, status: int) -> web.Response:
    frame = pages.Frame(words, words("title"), back=("/", words("all")))
    return pages.page(frame, tag("p", words(why), class_="lead"), status=status)


def _list(request: web.Request, words: Words) -> Html:
    mailbox, kept = request.app[MAILBOX], request.app[ROWS]
    newest = mailbox.mails.newest(NEWEST)
    rows = {(uid, words.language): kept.get((uid, words.language)) or _row(mailbox, uid, words) for uid, _ in newest}
    for old in [key for key in kept if key[1] == words.language]:
        del kept[old]
    kept.update(rows)
    total = mailbox.mails.total
    count = words("count", total=total) if total <= NEWEST else words("count_some", shown=NEWEST, total=total)
    heading = tag("h2", words("mails"), id="mails")
    top = tag("div", heading, tag("span", count, class_="count"), class_="heading")
    smtp = f"{mailbox.host}:{mailbox.smtp_port}"
    none = [] if total else [tag("p", words("none", smtp=smtp), class_="empty")]
    return join([pages.part("count", top, *none), pages.entries("mails", rows.values())])


def _row(mailbox: Mailbox, uid: int, words: Words) -> Html:
    came, raw = mailbox.mails.content(uid) or (datetime.now(UTC), b"")
    read = message.read(raw[:READ_FOR_LIST])
    subject = read.subject or words("no_subject")
    link = tag("a", foreign(subject), href=f"/mails/{uid}")
    sender = foreign(_who(read.from_) or words("nobody"))
    way = _way(read, came)
    took = [tag("span", words("took", span=seconds(way, words)), class_="quiet")] if way is not None else []
    return pages.entry(
        str(uid),
        words("new_mail", subject=subject),
        tag("div", link, tag("span", clock(came, words), class_="when"), class_="first"),
        tag("div", sender, *took, class_="second"),
        tag("div", foreign(read.snippet), class_="third"),
    )


def _facts(read: message.Message, came: datetime, words: Words) -> Html:
    files = ", ".join(file.name for file in read.attachments)
    said = (
        ("from", foreign(_who(read.from_) or words("nobody"))),
        ("reply_to", foreign(", ".join(_who(one) for one in read.reply_to))),
        ("to", foreign(", ".join(_who(one) for one in read.to))),
        ("received", clock(came, words)),
        ("files", foreign(files) if files else ""),
    )
    rows = [join([tag("dt", words(key)), tag("dd", value)]) for key, value in said if value and value != foreign("")]
    return tag("dl", *rows, class_="facts")


def _who(address: Address) -> str:
    return (
        f"{address.name} <{address.address}>" if address.name and address.address else address.name or address.address
    )


def _way(read: message.Message, came: datetime) -> float | None:
    """How long the mail was on its way, if it says when it was sent."""
    said = read.headers.get(demo_letters.SENT_AT.lower(), "")
    if not (said.isascii() and said.isdigit() and len(said) <= 14):
        return None
    took = came.timestamp() - int(said) / 1000
    return max(took, 0.0) if -1 < took < PLAUSIBLE else None
