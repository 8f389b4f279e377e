"""A post office for tests: an installation whose clock the test moves, a real mail server and a real HTTP receiver."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from engine.connections.connecting import Wish as ConnectionWish
from engine.notices.ways import HookWay, MailWay
from engine.people.links import Purpose
from engine.people.person import Person
from engine.people.roles import Role
from engine.registry import Registry
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import notices
from engine.store.dispatches import Dispatch
from engine.store.zaps import create
from engine.zaps.model import TriggerUse, Zap
from tests.engine.people.house import PASSWORD
from tests.waiting import free_port
from zapwerk import Account, ApiKey, Connector, Context, SmtpAccount

USER, SECRET = "post@firma.example", "a stamp"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


@dataclass
class MailServer:
    """aiosmtpd in a thread. `refuses` answers the next mails with these lines instead of taking them."""

    port: int = field(default_factory=free_port)
    taken: list[EmailMessage] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    crashes: list[bool] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> "MailServer":
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._knows,
            auth_require_tls=False,
            **self.options,
        )
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return self.refuses.pop(0)
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.crashes and self.crashes.pop(0):  # it took the mail, and nobody hears of it
            server.transport.abort()
        return "250 taken"

    def _knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        return AuthResult(success=given == (USER, SECRET), handled=False)


@dataclass
class Receiver:
    """An HTTP server in a thread. `answers` are the next statuses; then 204."""

    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def __enter__(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                receiver.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_words: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notices"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.calls]


class Office:
    """One installation with an owner called Olga. `work` is what the engine's clock does, once."""

    def __init__(self, settings: Settings, server: MailServer) -> None:
        self.time = START
        self.server = server
        self.settings = settings.model_copy(
            update={"allow_private_hosts": frozenset({"127.0.0.1"}), "public_url": "https://zaps.example.com"}
        )
        self.open()
        link = self.runtime.people.links.set_up()
        assert link is not None
        self.olga = self.runtime.people.accounts.set_up(link.token, "Olga", "olga@firma.example", PASSWORD, "en", "UTC")

    def open(self) -> None:
        self.runtime = Runtime(self.settings, registry=Registry.of(postal(self.server)), now=lambda: self.time)
        self.notices = self.runtime.notices

    def close(self) -> None:
        asyncio.run(self.runtime.close())

    def later(self, **span: float) -> None:
        self.time += timedelta(**span)

    def join(self, name: str, role: Role = Role.EDITOR, language: str = "de", zone: str = "Europe/Berlin") -> Person:
        people = self.runtime.people
        made = people.links.make(Purpose.INVITATION, role=role)
        email = f"{name.lower()}@firma.example"
        return people.accounts.accept(made.token, name, email, PASSWORD, language, zone)

    def with_mail(self, **more: Any) -> None:
        known = {"host": "127.0.0.1", "port": self.server.port, "security": "none", "username": USER}
        self.notices.ways.set_mail(MailWay(**{**known, "password": SECRET, "sender": USER, **more}))

    def with_hook(self, address: str, **more: Any) -> None:
        self.notices.ways.set_hook(HookWay(address, "shared secret", **more))

    def zap(self, name: str = "Enquiries") -> str:
        with self.runtime.database.write() as session:
            drawn = Zap(name=name, trigger=TriggerUse(use="postal.nothing"), steps=())
            stored = create(session, drawn, now=self.time)
            session.connection().exec_driver_sql(f"UPDATE zap SET state = 'on' WHERE id = '{stored.id}'")
        return stored.id

    def tell(self, matter: str, sentence: str = "It does not work.", zap_id: str = "", times: int = 1) -> None:
        for _ in range(times):
            with self.runtime.database.write() as session:
                notices.tell(session.connection(), matter, sentence, zap_id=zap_id, now=self.time)

    def settle(self, matter: str) -> None:
        with self.runtime.database.write() as session:
            assert notices.settle(session.connection(), matter, now=self.time)

    def work(self, *, after: timedelta = timedelta(0)) -> list[EmailMessage]:
        """Moves the clock, ticks, and gives the mails that came."""
        self.time += after
        before = len(self.server.taken)
        asyncio.run(self._tick())
        return self.server.taken[before:]

    async def _tick(self) -> None:
        await self.notices.tick()
        await self.runtime.calls.contexts.wire.close()

    def run(self, work: Callable[[], Any]) -> Any:
        async def alone() -> Any:
            try:
                return await work()
            finally:
                await self.runtime.calls.contexts.wire.close()

        return asyncio.run(alone())

    def board(self, language: str = "en") -> Any:
        return self.notices.board(self.olga.id, language)

    def stuck(self) -> list[Dispatch]:
        return list(self.board().waiting)

    def connect(self) -> str:
        """A connected account that can send."""
        return str(
            self.run(lambda: self.runtime.connecting.add(ConnectionWish("postal", "Office", {"key": SECRET}))).id
        )


def postal(server: MailServer) -> Connector:
    """An app that mail can be sent as."""
    made = Connector("postal", title="Postal", auth=[ApiKey()])

    @made.check
    async def account(ctx: Context) -> Account:
        return Account("1", USER)

    @made.sends_mail
    async def sends_as(ctx: Context) -> SmtpAccount:
        return SmtpAccount("127.0.0.1", USER, USER, ctx.credentials.key, port=server.port, security="none")

    return made


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def markup(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
