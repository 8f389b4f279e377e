"""One TCP connection to a mail server, as imaplib and IMAPClient want it. Only `mailbox` and `listening` open one.

What it changes about theirs: the socket is opened by the engine's checked `connect`; bytes are read through a buffer
of our own, so that waiting for a line never tears it apart; a server cannot make us read without end; what the server
refused is kept as it was said, so that nobody has to look into an exception's text.
"""

import imaplib
import logging
import re
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from imapclient import IMAPClient

MAX_LINE = 1_000_000  # bytes; imaplib's own limit
MAX_LITERAL = 40_000_000  # bytes; the largest thing we ask for is a mail of 25 MB
RECEIVE = 65_536  # bytes taken from the socket at once
COMMAND_LIMIT = 180.0  # seconds from a command to the end of its answer, however slowly the bytes come

Connect = Callable[..., socket.socket]
Tell = Callable[..., None]
_STATUS = re.compile(rb"(?:\*|[A-Z]+\d+) (NO|BAD|BYE)(?: \[([^\] ]+)[^\]]*\])? ?(.*)")

# At DEBUG this logger would show credentials.
logging.getLogger("imapclient.imaplib").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Said:
    """A refusal in the server's own words: `kind` is NO, BAD or BYE, `code` what stood in brackets, in capitals."""

    kind: str
    code: str
    text: str


def untold(step: str, text: str, state: Any = "done", **values: str | int) -> None:
    """Nobody waits for the connection."""


@dataclass
class Witness:
    """What a connection's opener can still ask when opening it failed: was anything heard, was it
    IMAP, what was refused last. `tell` is the opener's `ctx.progress`: it hears how far it is."""

    tell: Tell = untold
    heard: bool = False
    greeted: bool = False
    said: Said | None = None

    def forget(self) -> None:
        """Before a command whose refusal will be looked at."""
        self.said = None


@dataclass(frozen=True)
class Timing:
    """How long to wait for a mail server, in seconds."""

    connect: float = 15.0
    read: float = 60.0
    second_try: float = 2.0
    idle: float = 480.0


@dataclass(frozen=True)
class Endpoint:
    """Where a mail server is and how it is secured. `ca_file` names certificates to trust besides the system's."""

    host: str
    port: int
    security: str
    ca_file: str = ""


@cache
def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """The TLS context of all mailboxes: a thousand of them took 941 MB with a context each, 100 MB with one."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


class Wire(imaplib.IMAP4):
    """imaplib's side of a connection, with reading and sending of our own."""

    def __init__(self, connect: Connect, endpoint: Endpoint, timing: Timing, witness: Witness) -> None:
        self._connect_to = connect
        self._endpoint = endpoint
        self._timing = timing
        self._received = bytearray()
        self._deadline = time.monotonic() + COMMAND_LIMIT
        self._witness = witness
        super().__init__(endpoint.host, endpoint.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        server = {"host": host, "port": str(port)}
        self._witness.tell("server", "Mail server {host}, port {port}", "begun", **server)
        sock = self._connect_to(host, port, timeout=timeout or self._timing.connect)
        self._witness.tell("server", "Mail server {host}, port {port}", **server)
        if self._endpoint.security == "none":
            self._witness.tell("certificate", "The connection is not encrypted")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # without: 40 ms for each command
        self.sock = self._secured(sock) if self._endpoint.security == "tls" else sock
        self.sock.settimeout(self._timing.read)

    def _secured(self, sock: socket.socket) -> socket.socket:
        self._witness.tell("certificate", "Certificate of {host}", "begun", host=self._endpoint.host)
        try:
            secured = tls_context(self._endpoint.ca_file).wrap_socket(sock, server_hostname=self._endpoint.host)
        except BaseException:
            sock.close()
            raise
        self._witness.tell("certificate", "Certificate of {host}", host=self._endpoint.host)
        return secured

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """As imaplib's. What came unencrypted behind the server's consent is not taken for the server's words."""
        answer = self._simple_command("STARTTLS")
        if answer[0] != "OK":
            raise self.error("STARTTLS was refused")
        if self._received:
            raise self.abort("more than one line before the encryption began")
        self.sock = self._secured(self.sock)
        self._tls_established = True
        self._get_capabilities()
        return self._untagged_response(*answer, "STARTTLS")

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise self.abort(f"the server wants to send {size} bytes at once")
        while len(self._received) < size:
            if not self._more():
                break
        return self._taken(size)

    def readline(self) -> bytes:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > MAX_LINE:
                raise self.abort(f"the server sent a line of more than {MAX_LINE} bytes")
            if not self._more():
                return self._taken(searched)
        return self._taken(end + 1)

    def send(self, data: Any) -> None:
        self._deadline = time.monotonic() + COMMAND_LIMIT
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Closes the socket. Never fails, may be called again."""
        sock = getattr(self, "sock", None)
        if sock is not None:
            sock.close()

    def waits(self, seconds: float) -> bool:
        """Whether the server has said something, waiting for it so long. EOF counts as something."""
        if self._received or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poller = select.poll()
        poller.register(self.sock, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def _more(self) -> bool:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the answer took more than {COMMAND_LIMIT:.0f} seconds")
        self.sock.settimeout(min(left, self._timing.read))
        piece = self.sock.recv(RECEIVE)
        self._received += piece
        self._witness.heard = self._witness.heard or bool(piece)
        return bool(piece)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _get_line(self) -> bytes:
        line: bytes = super()._get_line()  # type: ignore[misc]
        self._witness.greeted = self._witness.greeted or line.startswith(b"* ")
        if status := _STATUS.match(line):
            kind, code, text = (part or b"" for part in status.groups())
            said = Said(kind.decode(), code.decode("ascii", "replace").upper(), _readable(text))
            # The untagged alert before a bare NO tells more than the NO.
            before = self._witness.said
            self._witness.said = said if said.code or not (before and before.code) else before
        return line

    def hear(self) -> None:
        """Reads one response into `untagged_responses`; blocks until it is whole."""
        self._deadline = time.monotonic() + COMMAND_LIMIT
        self._get_response()

    def enter_idle(self) -> bytes:
        """Sends IDLE and waits for the server's consent. What it says before that is heard too."""
        tag: bytes = self._command("IDLE")
        while self._get_response() is not None:
            if self.tagged_commands.get(tag):
                raise self.error("IDLE was refused")
        return tag

    def leave_idle(self, tag: bytes) -> None:
        self.send(b"DONE\r\n")
        self._command_complete("IDLE", tag)


class MailClient(IMAPClient):  # type: ignore[misc]
    """IMAPClient over a `Wire`. Folder names are left as they travel (modified UTF-7)."""

    def __init__(self, connect: Connect, endpoint: Endpoint, timing: Timing, witness: Witness) -> None:
        self._wire_parts = (connect, endpoint, timing, witness)
        self.witness = witness
        super().__init__(endpoint.host, endpoint.port, ssl=endpoint.security == "tls", timeout=timing.read)
        self.normalise_times = False
        self.folder_encode = False
        self._imap.debug = 0

    def _create_IMAP4(self) -> Wire:
        self.wire = Wire(*self._wire_parts)
        return self.wire

    def search_as_given(self, arguments: list[bytes]) -> list[bytes | None]:
        """A UID SEARCH whose arguments are quoted already; those that are not ASCII travel as literals."""
        answer: list[bytes | None] = self._raw_command_untagged(b"SEARCH", arguments)
        return answer

    def close(self) -> None:
        """Says goodbye if that goes without waiting, and closes the socket."""
        try:
            self.wire.sock.settimeout(1.0)
            self.wire.send(b"Z LOGOUT\r\n")
        except (OSError, ValueError):
            pass
        self.wire.shutdown()


def _readable(text: bytes) -> str:
    words = text.decode("utf-8", "replace")
    return "".join(letter for letter in words if letter.isprintable())[:200].strip()


__all__ = ["Connect", "Endpoint", "MailClient", "Said", "Tell", "Timing", "Wire", "Witness", "tls_context", "untold"]
