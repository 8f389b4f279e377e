"""The servers behind `sandbox`: pymap's in-memory mailbox over IMAP, filled by aiosmtpd over SMTP. Loopback only.

Each mail is also kept as a file, and read again at the next start: same UIDVALIDITY, same UIDs. (What an IMAP client
deleted comes back then.) pymap's own maildir is not used: it looks for new mail once a second only, and writes its
whole index for each mail.
"""

import asyncio
import json
import random
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

LARGEST_MAIL = 60_000_000  # bytes


@dataclass(frozen=True)
class Running:
    """Where the servers listen, and the mails they hold."""

    imap_port: int
    smtp_port: int
    inbox: "Inbox"


@asynccontextmanager
async def running(folder: Path, host: str, port: int, username: str, password: str) -> AsyncIterator[Running]:
    """Runs both servers: IMAP at `port`, SMTP at the next one; 0 takes free ones."""
    config = _config(username, password)
    inbox = await _inbox(config, _Kept(folder))
    login = Login(config)
    await Identity(username, login, None, frozenset()).set(UserMetadata(config, username, password=password))
    async with AsyncExitStack() as stack:
        imap_port = await _serve_imap(stack, IMAPServer(login, config), host, port)
        smtp_port = await _serve_smtp(stack, _Incoming(inbox), host, port + 1 if port else 0)
        yield Running(imap_port, smtp_port, inbox)


class _Kept:
    """The files of a mailbox: one per mail, named by its UID, and the UIDVALIDITY beside them."""

    def __init__(self, folder: Path) -> None:
        self._mails = folder / "mails"
        self._mails.mkdir(parents=True, exist_ok=True)
        about = folder / "mailbox.json"
        if not about.exists():
            about.write_text(json.dumps({"uidvalidity": random.randint(1, 2**31)}))  # noqa: S311 - no secret
        self.uidvalidity = int(json.loads(about.read_text())["uidvalidity"])

    def all(self) -> list[tuple[bytes, datetime]]:
        """The mails in the order they came, with the time they did."""
        paths = sorted(self._mails.glob("*.eml"))
        return [(path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)) for path in paths]

    def add(self, uid: int, content: bytes) -> None:
        part = self._mails / f"{uid:010}.part"
        part.write_bytes(content)
        part.rename(part.with_suffix(".eml"))


class Inbox(MailboxData):
    """pymap's mailbox that writes each mail it gets to a file, and shows a page what is in it (`demo_pages.Mails`)."""

    kept: _Kept | None = None

    @property
    def version(self) -> str:
        """Another one after each change."""
        return f"{self._uid_validity}-{self._mod_sequences.highest}"

    @property
    def total(self) -> int:
        return len(self._messages)

    def newest(self, limit: int) -> list[tuple[int, datetime]]:
        """UID and time of arrival."""
        found = sorted(self._messages, reverse=True)[:limit]
        return [(uid, self._messages[uid].internal_date) for uid in found]

    def content(self, uid: int) -> tuple[datetime, bytes] | None:
        """A mail, and when it arrived."""
        message = self._messages.get(uid)
        if message is None or message._content is None:
            return None
        return message.internal_date, bytes(message._content)

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Any:
        message = await super().append(append_msg, recent=recent)
        if self.kept is not None:
            self.kept.add(message.uid, append_msg.literal)
        return message


class _OwnIds:
    """Names each mail for EMAILID by chance: pymap goes by a checksum of 32 bits, which different mails do share."""

    def add(self, content: Any) -> ObjectId:
        return ObjectId.random_email_id()


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return b"Demo mailbox ready"  # pymap's own asks the DNS for this computer's name


def _config(username: str, password: str) -> Any:
    """pymap's settings. The password is compared as it is: hashing it would cost each sign-in 100 ms."""
    args = Namespace(passlib_cfg=None, proxy_protocol=None, inherited_sockets=None)
    return _Config(
        args,
        demo_data=False,
        demo_user=username,
        demo_password=password,
        host=None,
        port=0,
        tls_enabled=False,
        hash_context=Cleartext(),
        max_append_len=LARGEST_MAIL,
    )


async def _inbox(config: Any, kept: _Kept) -> Inbox:
    """The mailbox as it was when it was last stopped, registered with pymap under the configured user."""
    folders = MailboxSet()
    names: Any = _OwnIds()
    inbox = Inbox(names, folders._thread_cache)
    inbox._uid_validity = kept.uidvalidity
    folders._inbox = inbox
    for content, came in kept.all():
        await inbox.append(AppendMessage(content, came))
    inbox.kept = kept
    config.set_cache[config.demo_user] = (folders, FilterSet())
    return inbox


class _Incoming:
    """What aiosmtpd does with a mail: puts it into the mailbox, which wakes everyone who waits with IDLE."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._numbers = count(1)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        now = datetime.now(UTC)
        # As any mail server does.
        received = (
            f"Received: from {session.peer[0]} by localhost (Zapwerk demo) with SMTP id {uuid4().hex}-"
            f"{next(self._numbers)};\r\n {format_datetime(now)}\r\n"
        )
        await self._inbox.append(AppendMessage(received.encode() + envelope.content, now), recent=True)
        return "250 Message accepted"


async def _serve_imap(stack: AsyncExitStack, server: IMAPServer, host: str, port: int) -> int:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server(reader, writer, SocketInfo.get(writer, None, unique_id=uuid4().bytes))

    return await _listen(stack, serve, host, port)


async def _listen(
    stack: AsyncExitStack,
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    host: str,
    port: int,
) -> int:
    """Serves connections until the stack is left, which ends those still open."""
    open_ones: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            await serve(reader, writer)
        except (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            open_ones.discard(task)
            writer.close()

    listening = await asyncio.start_server(connected, host, port, limit=LARGEST_MAIL)

    async def stop() -> None:
        listening.close()
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    stack.push_async_callback(stop)
    bound: int = listening.sockets[0].getsockname()[1]
    return bound


async def _serve_smtp(stack: AsyncExitStack, incoming: _Incoming, host: str, port: int) -> int:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(incoming, hostname="localhost", data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, loop=loop),
        host,
        port,
    )
    stack.callback(listening.close)
    bound: int = listening.sockets[0].getsockname()[1]
    return bound
