"""An IMAP server for tests: real TCP, speaks Gmail's extensions, and misbehaves when it is told to.

    with ScriptedServer() as server:
        server.deliver(mail(subject="Anfrage"))
        server.when("UID FETCH", die)                  # once, at the next FETCH
        server.when("LOGIN", says("NO [ALERT] no"), times=ALWAYS)

An act is called as `act(session, tag, line)` instead of the usual answer.
"""

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

ALWAYS = 1_000_000
GMAIL = ("IDLE", "NAMESPACE", "SPECIAL-USE", "UIDPLUS", "X-GM-EXT-1", "AUTH=XOAUTH2", "AUTH=PLAIN")
PLAIN = ("IDLE", "UIDPLUS", "SPECIAL-USE")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

Act = Callable[["Session", str, str], None]


def mail(subject: str = "Hallo", sender: str = "Erika Muster <erika@kunde.example>", text: str = "Guten Tag") -> bytes:
    """A small mail. Each has a Message-ID made of its subject."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "info@firma.example"
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
    message["Message-ID"] = f"<{base64.b16encode(subject.encode()).decode().lower()}@kunde.example>"
    message.set_content(text)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@dataclass
class Mail:
    uid: int
    raw: bytes
    arrived: datetime
    gmail_id: int
    thread_id: int
    labels: str = r'"\\Inbox"'
    claims: int | None = None  # the size it is said to have


@dataclass
class Folder:
    raw_name: str
    attributes: str = r"\HasNoChildren"
    uidvalidity: int = 1
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)


@dataclass
class Rule:
    command: str
    act: Act
    times: int
    containing: str


class ScriptedServer:
    """Serves one account, every connection in a thread of its own."""

    def __init__(self, capabilities: tuple[str, ...] = PLAIN, tls: ssl.SSLContext | None = None) -> None:
        self.capabilities = capabilities
        self.tls = tls
        self.tls_at_once = tls is not None
        self.user, self.password, self.token = "u", "p", "ya29.token"
        self.folders = {"INBOX": Folder("INBOX")}
        self.greeting = b"* OK ready\r\n"
        self.lines: list[str] = []
        self.sessions: list[Session] = []
        self.indexed: Callable[[Mail], bool] = lambda mail: True
        self.lock = threading.RLock()
        self._rules: list[Rule] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._serial = 1000

    @property
    def port(self) -> int:
        port: int = self._listening.getsockname()[1]
        return port

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    def __enter__(self) -> "ScriptedServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Shutting it down is what wakes the thread that accepts.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut_all()
        for session in self.sessions:
            session.thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return
            with self.lock:
                self.sessions.append(Session(self, sock))
                self.sessions[-1].thread.start()

    def when(self, command: str, act: Act, *, times: int = 1, containing: str = "") -> None:
        """At the next commands of this name (with this text in it), do that instead."""
        self._rules.append(Rule(command, act, times, containing))

    def rule_for(self, line: str) -> Act | None:
        with self.lock:
            for rule in self._rules:
                if rule.times and line.upper().startswith(rule.command) and rule.containing in line:
                    rule.times -= 1
                    return rule.act
        return None

    def deliver(self, raw: bytes, folder: str = "INBOX", *, gap: int = 0, claims: int | None = None) -> Mail:
        """A new mail; `gap` UIDs are left out before it. Whoever waits with IDLE is told."""
        with self.lock:
            target = self.folders[folder]
            self._serial += 1
            arrived = START + timedelta(minutes=self._serial)
            uid = target.uidnext + gap
            new = Mail(uid, raw, arrived, self._serial * 10**15 + 7, self._serial * 10**15 + 9, claims=claims)
            target.mails.append(new)
            target.uidnext = uid + 1
            for session in self.sessions:
                session.tell_of_new_mail(target)
        return new

    def rebuild(self, folder: Folder, uidvalidity: int) -> None:
        """Numbers the folder's mails anew."""
        with self.lock:
            folder.uidvalidity = uidvalidity
            folder.uidnext = len(folder.mails) + 1
            for number, each in enumerate(folder.mails, start=1):
                each.uid = number

    def cut_all(self) -> None:
        """Every connection dies."""
        with self.lock:
            for session in self.sessions:
                session.die()

    def count(self, command: str) -> int:
        return sum(line.upper().startswith(command) for line in self.lines)


class Session:
    """One connection."""

    def __init__(self, server: ScriptedServer, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.folder: Folder | None = None
        self.waiting = False
        self.lines: Any = None
        self.stalled = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def die(self) -> None:
        self.stalled.set()
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def ok(self, tag: str, what: str = "done") -> None:
        self.send(f"{tag} OK {what}\r\n".encode())

    def tell_of_new_mail(self, folder: Folder) -> None:
        if self.waiting and folder is self.folder:
            try:
                self.send(f"* {len(folder.mails)} EXISTS\r\n".encode())
            except OSError:
                pass

    def _serve(self) -> None:
        try:
            if self.server.tls_at_once and self.server.tls is not None:
                self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            self.lines = self.sock.makefile("rb")
            greeting = self.server.rule_for("GREETING")
            if greeting:
                greeting(self, "*", "GREETING")
            else:
                self.send(self.server.greeting)
            while line := self.read_command():
                tag, _, rest = line.partition(" ")
                with self.server.lock:
                    self.server.lines.append(rest)
                act = self.server.rule_for(rest)
                (act or usual)(self, tag, rest)
        except (OSError, ValueError):
            pass
        finally:
            self.die()
            if self.lines is not None:
                self.lines.close()
            self.sock.close()

    def read_command(self) -> str:
        line: bytes = self.lines.readline().rstrip(b"\r\n")
        while literal := re.search(rb"\{(\d+)\}$", line):
            self.send(b"+ go on\r\n")
            line = line[: literal.start()] + b'"' + self.lines.read(int(literal[1])) + b'"'
            line += self.lines.readline().rstrip(b"\r\n")
        return line.decode("utf-8", "replace")


def usual(session: Session, tag: str, line: str) -> None:
    """What a good server answers."""
    name = re.sub(r"\W+", "_", " ".join(line.upper().split(" ")[: 2 if line.upper().startswith("UID") else 1])).lower()
    globals().get(f"_{name}", _unknown)(session, tag, line)


def _unknown(session: Session, tag: str, line: str) -> None:
    session.send(f"{tag} BAD unknown command\r\n".encode())


def _capability(session: Session, tag: str, line: str) -> None:
    session.send(f"* CAPABILITY IMAP4rev1 {' '.join(session.server.capabilities)}\r\n".encode())
    session.ok(tag)


def _login(session: Session, tag: str, line: str) -> None:
    if line.upper().startswith("LOGIN") and re.findall(r'"((?:[^"\\]|\\.)*)"', line) == [
        session.server.user,
        session.server.password,
    ]:
        session.ok(tag, "welcome")
    else:
        session.send(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n".encode())


def _authenticate(session: Session, tag: str, line: str) -> None:
    session.send(b"+ \r\n")
    said = base64.b64decode(session.lines.readline()).decode()
    server = session.server
    if said in (
        f"\0{server.user}\0{server.password}",
        f"user={server.user}\1auth=Bearer {server.token}\1\1",
    ):
        session.ok(tag, "welcome")
        return
    if "XOAUTH2" in line:
        session.send(b"+ " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
        server.lines.append(f"answer to the challenge: {session.lines.readline()!r}")
    session.send(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n".encode())


def _starttls(session: Session, tag: str, line: str) -> None:
    assert session.server.tls is not None
    session.ok(tag, "begin")
    session.sock = session.server.tls.wrap_socket(session.sock, server_side=True)
    session.lines = session.sock.makefile("rb")


def _list(session: Session, tag: str, line: str) -> None:
    for folder in session.server.folders.values():
        session.send(f'* LIST ({folder.attributes}) "/" "{folder.raw_name}"\r\n'.encode())
    session.ok(tag)


def _examine(session: Session, tag: str, line: str) -> None:
    name = line.split(" ", 1)[1].strip('"')
    folder = next((each for each in session.server.folders.values() if each.raw_name == name), None)
    if folder is None or r"\Noselect" in folder.attributes:
        session.send(f"{tag} NO [NONEXISTENT] Unknown Mailbox: {name} (Failure)\r\n".encode())
        return
    session.folder = folder
    session.send(
        f"* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY {folder.uidvalidity}] ok\r\n* {len(folder.mails)} EXISTS\r\n"
        f"* 0 RECENT\r\n* OK [UIDNEXT {folder.uidnext}] ok\r\n{tag} OK [READ-ONLY] opened\r\n".encode()
    )


def _uid_search(session: Session, tag: str, line: str) -> None:
    assert session.folder is not None
    with session.server.lock:
        mails = list(session.folder.mails)
    found = [each.uid for each in mails if each.uid in _set(line, mails) and _wanted(session.server, each, line)]
    session.send(f"* SEARCH {' '.join(map(str, found))}".rstrip().encode() + b"\r\n")
    session.ok(tag)


def _set(line: str, mails: list[Mail]) -> set[int]:
    """UIDs as RFC 3501 has them: `*` is the highest, and `n:*` has it in any case."""
    given = re.search(r"(?:UID|FETCH) ([\d:,*]+)", line.partition(" ")[2])
    highest = max((each.uid for each in mails), default=0)
    found: set[int] = set()
    for part in given[1].split(",") if given else []:
        low, _, high = part.replace("*", str(highest)).partition(":")
        ends = sorted((int(low), int(high or low)))
        found |= {each.uid for each in mails if ends[0] <= each.uid <= ends[1]}
    return found


def _wanted(server: ScriptedServer, each: Mail, line: str) -> bool:
    words = re.search(r'(?:X-GM-RAW|SUBJECT|TEXT) "([^"]*)"', line)
    return words is None or (server.indexed(each) and words[1].lower() in each.raw.decode("utf-8", "replace").lower())


def _uid_fetch(session: Session, tag: str, line: str) -> None:
    assert session.folder is not None
    with session.server.lock:
        mails = list(session.folder.mails)
    wanted = _set(line, mails)
    for number, each in enumerate(mails, start=1):
        if each.uid in wanted:
            session.send(b"* %d FETCH (" % number + _items(each, line) + b")\r\n")
    session.ok(tag)


def _items(each: Mail, line: str) -> bytes:
    values = [f"UID {each.uid}".encode()]
    simple = {
        "RFC822.SIZE": str(each.claims or len(each.raw)),
        "INTERNALDATE": f'"{each.arrived:%d-%b-%Y %H:%M:%S} +0000"',
        "X-GM-MSGID": str(each.gmail_id),
        "X-GM-THRID": str(each.thread_id),
        "X-GM-LABELS": f"({each.labels})",
    }
    values += [f"{name} {value}".encode() for name, value in simple.items() if name in line]
    for section, partial in re.findall(r"BODY\.PEEK\[([^\]]*)\](?:<0\.(\d+)>)?", line):
        content = _header(each.raw) if section else each.raw
        content = content[: int(partial)] if partial else content
        name = f"BODY[{section}]" + ("<0>" if partial else "")
        values.append(name.encode() + b" {%d}\r\n" % len(content) + content)
    return b" ".join(values)


def _header(raw: bytes) -> bytes:
    """Without a copy of the whole mail: tests measure what we need of memory, not what this server does."""
    end = raw.find(b"\r\n\r\n")
    return raw if end < 0 else raw[: end + 4]


def _idle(session: Session, tag: str, line: str) -> None:
    with session.server.lock:
        session.send(b"+ idling\r\n")
        session.waiting = True
    try:
        session.lines.readline()
    finally:
        session.waiting = False
    session.ok(tag, "idle over")


def _noop(session: Session, tag: str, line: str) -> None:
    session.ok(tag)


def _logout(session: Session, tag: str, line: str) -> None:
    session.send(f"* BYE\r\n{tag} OK\r\n".encode())
    session.die()


def die(session: Session, tag: str, line: str) -> None:
    """The connection ends, without a word."""
    session.die()


def stall(session: Session, tag: str, line: str) -> None:
    """Silence; the connection stays."""
    session.stalled.wait(60)


def says(words: str) -> Act:
    """The tagged answer is this."""

    def act(session: Session, tag: str, line: str) -> None:
        session.send(f"{tag} {words}\r\n".encode())

    return act


def sends(data: bytes, *, then: Act | None = None) -> Act:
    """These very bytes are sent; `{tag}` in them is the command's."""

    def act(session: Session, tag: str, line: str) -> None:
        session.send(data.replace(b"{tag}", tag.encode()))
        if then is not None:
            then(session, tag, line)

    return act


def sends_later(data: bytes, gate: threading.Event) -> Act:
    """These bytes are sent when the gate opens, and then nothing."""

    def act(session: Session, tag: str, line: str) -> None:
        gate.wait(10)
        session.send(data)
        stall(session, tag, line)

    return act


@contextmanager
def serving(*subjects: str, capabilities: tuple[str, ...] = PLAIN) -> Iterator[ScriptedServer]:
    """A server whose inbox holds mails of these subjects."""
    with ScriptedServer(capabilities) as server:
        for subject in subjects:
            server.deliver(mail(subject))
        yield server
