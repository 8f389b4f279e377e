"""A signed-in session with a mailbox: opening it, looking into a folder, searching windows of UIDs, fetching mails.

`Mailbox` is what `ctx.sessions` keeps between polls. It owns one connection and is used by one thread at a time; a
connection that died while nobody looked is opened anew, once. A folder is only ever examined, a mail only ever
peeked at: nothing is marked as read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imapclient import imap_utf7

from connectors.mail import criteria, folders, refusals
from connectors.mail.sign_in import Way, sign_in
from connectors.mail.wire import Connect, MailClient, Tell, untold
from zapwerk import ConnectorError, TemporaryFailure

WINDOW = 1_000  # UIDs searched at once …
WIDEST_WINDOW = 50_000  # … growing over gaps up to this: its answer fits into one line of imaplib's
WINDOWS_AT_ONCE = 400  # searches before the cursor is moved over a gap
WHOLE_MAIL = 25_000_000  # bytes; larger mails are cut
CUT_AT = 393_216  # bytes kept of a mail that is cut: room for the headers and 256 kB of text
HEADER_AT_MOST = 262_144  # bytes


@dataclass(frozen=True)
class View:
    """A folder as it was when it was opened. `uidnext` is 0 where the server does not tell."""

    folder: str
    uidvalidity: int
    uidnext: int
    exists: int


@dataclass(frozen=True)
class Glance:
    """What is known of a mail before it is fetched."""

    uid: int
    size: int = 0
    arrived: datetime | None = None
    header: bytes = b""
    email_id: str = ""
    gmail_id: str = ""
    thread_id: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetched:
    """A mail as it came. `cut` when it is not whole; None for `raw` when the server could not give any of it."""

    raw: bytes | None
    cut: bool = False


class Mailbox:
    """One mailbox, connected when it is first used. After an error that is not `InvalidInput` it starts afresh."""

    def __init__(self, connect: Connect, tell: Tell = untold) -> None:
        self._connect = connect
        self._tell = tell
        self._client: MailClient | None = None
        self._way: Way | None = None
        self._by_attribute: dict[str, bytes] = {}
        self.polled: dict[str, View] = {}
        """What each folder looked like when it was last polled: a listener compares."""

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def examine(self, way: Way, stored: str) -> View:
        """Opens the folder an input names, signing in if need be.

        Raises `InvalidInput(field="folder")` for a folder that is not there or holds no mail.
        """
        kept = self._client is not None and self._way is not None and self._way.identity == way.identity
        if not kept:
            self._open(way)
        try:
            return self._examine(stored)
        except _Died as error:
            if not kept:
                raise refusals.of_loss(way.endpoint) from error
        self._open(way)
        with self._lost_is_temporary():
            return self._examine(stored)

    def list_folders(self, way: Way) -> list[folders.Folder]:
        """All folders of the mailbox."""
        self._open(way)
        with self._lost_is_temporary():
            return self._listing()

    def count_mails(self, way: Way) -> None:
        """Tells how many mails the inbox holds. A mailbox without one is a mailbox too."""
        with suppress(ConnectorError):
            count = self.examine(way, "INBOX").exists
            self._tell("mails", "1 mail" if count == 1 else "{count} mails", count=count)

    def newest_uid(self, view: View) -> int:
        """The highest UID in the folder; 0 if it is empty."""
        if not view.exists:
            return 0
        return max(self._ask(lambda client: client.search([b"UID", b"*"])), default=0)

    def window(self, low: int, high: int) -> list[int]:
        """The UIDs there are from `low` to `high`, ascending. (`n:*` would give the last mail also below n.)"""
        found = self._ask(lambda client: client.search([b"UID", b"%d:%d" % (low, high)]))
        return sorted(uid for uid in found if low <= uid <= high)

    def matching(self, uids: Sequence[int], wanted: Sequence[bytes]) -> set[int]:
        """Which of these mails the server's own search finds. Raises `InvalidInput(field="search")`."""
        if not uids:
            return set()
        span = b"%d:%d" % (uids[0], uids[-1]) if len(uids) > 500 else b",".join(b"%d" % uid for uid in uids)
        charset = [b"CHARSET", b"UTF-8"] if any(isinstance(part, criteria.Literal) for part in wanted) else []
        arguments = [*charset, b"UID", span, *wanted]
        client = self.client
        client.witness.forget()
        try:
            with self._lost_is_temporary(), self._died_or_not():
                answer = client.search_as_given(arguments)
        except _Refused as error:
            raise refusals.of_search(client.witness.said) from error
        return _numbers(answer) & set(uids)

    def glances(self, way: Way, view: View, uids: Sequence[int]) -> list[Glance]:
        """What is known of these mails. One that the server cannot describe has only its UID; one that was deleted
        does not appear.
        """
        if not uids:
            return []
        try:
            rows = self._fetch(uids, self._described)
        except _Refused:
            return [glance for uid in uids for glance in self._glance(way, view, uid)]
        except _Died:
            self._again(way, view)
            return [glance for uid in uids for glance in self._glance(way, view, uid)]
        return [_glance(uid, rows[uid]) for uid in uids if uid in rows]

    def _glance(self, way: Way, view: View, uid: int) -> list[Glance]:
        found = self._insist(way, view, uid, (self._described, self._described, ["RFC822.SIZE", "INTERNALDATE"]))
        if found is None:
            return [Glance(uid)]
        return [_glance(uid, row) for row in found[1].values()]

    def sightings(self, uids: Sequence[int]) -> list[Glance]:
        """As `glances`, but only with the header that fingerprints need."""
        if not uids:
            return []
        try:
            with self._lost_is_temporary():
                rows = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
        except _Refused:
            return [glance for uid in uids for glance in self.sightings([uid])] if len(uids) > 1 else []
        return [_glance(uid, rows[uid]) for uid in uids if uid in rows]

    def fetch(self, way: Way, view: View, glance: Glance) -> Fetched | None:
        """A mail; None if it has been deleted meanwhile.

        A mail that the server cannot give, or that kills the connection twice, is asked for in smaller parts, so that
        it cannot stop those behind it.
        """
        whole = ["BODY.PEEK[]"] * 2 if glance.size <= WHOLE_MAIL else []
        parts = [f"BODY.PEEK[]<0.{CUT_AT}>", f"BODY.PEEK[HEADER]<0.{HEADER_AT_MOST}>"]
        found = self._insist(way, view, glance.uid, [[item] for item in (*whole, *parts)])
        if found is None:
            return Fetched(None, cut=True)
        tries, rows = found
        if not rows:
            return None
        raw = next((value for key, value in rows[glance.uid].items() if key.startswith(b"BODY[")), None)
        return Fetched(raw if isinstance(raw, bytes) else None, cut=tries >= len(whole) or not isinstance(raw, bytes))

    def _insist(
        self, way: Way, view: View, uid: int, asked: Sequence[Sequence[str]]
    ) -> tuple[int, dict[int, dict[bytes, Any]]] | None:
        """The first of several FETCHes that works, by its number; None if none does."""
        for number, items in enumerate(asked):
            try:
                return number, self._fetch([uid], items)
            except _Refused:
                continue
            except _Died:
                self._again(way, view)
        return None

    def _again(self, way: Way, view: View) -> None:
        """Connects anew and opens the same folder."""
        if self.examine(way, view.folder).uidvalidity != view.uidvalidity:
            raise TemporaryFailure("The folder was rebuilt while it was read.")

    @property
    def _described(self) -> list[str]:
        items = ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[HEADER]<0.{HEADER_AT_MOST}>"]
        if self.client.has_capability("X-GM-EXT-1"):
            return [*items, "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS"]
        return [*items, "EMAILID"] if self.client.has_capability("OBJECTID") else items

    def _fetch(self, uids: Sequence[int], items: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        client = self.client
        client.witness.forget()
        try:
            with self._died_or_not():
                rows: dict[int, dict[bytes, Any]] = client.fetch(list(uids), list(items))
        except _Refused as error:
            said = client.witness.said
            if said is not None and said.code in refusals.WAIT_WHILE_READING:
                raise refusals.of_refusal(said, "give its mails") from error
            raise
        return rows

    @property
    def client(self) -> MailClient:
        """The open connection, after `examine`."""
        if self._client is None:
            raise _Died
        return self._client

    def _open(self, way: Way) -> None:
        self.close()
        self._by_attribute.clear()
        self._client, self._way = sign_in(self._connect, way, self._tell), way

    def _examine(self, stored: str) -> View:
        raw = self._raw_name(stored)
        client = self.client
        client.witness.forget()
        try:
            with self._died_or_not():
                answer = client.select_folder(raw, readonly=True)
        except _Refused as error:
            self._by_attribute.clear()
            said = client.witness.said
            if said is None or said.code not in refusals.WAIT:
                folders.find(stored, self._listing())
            raise refusals.of_refusal(said, f"open the folder “{stored}”") from error
        numbers = (_number(answer.get(key)) for key in (b"UIDVALIDITY", b"UIDNEXT", b"EXISTS"))
        return View(stored, *numbers)

    def _raw_name(self, stored: str) -> bytes:
        if stored.upper() == "INBOX":
            return b"INBOX"
        if not folders.is_special(stored):
            return folders.encoded(stored)
        if stored not in self._by_attribute:
            self._by_attribute[stored] = folders.find(stored, self._listing()).raw
        return self._by_attribute[stored]

    def _listing(self) -> list[folders.Folder]:
        try:
            with self._died_or_not():
                return folders.read_listing(self.client.list_folders())
        except _Refused as error:
            raise refusals.of_refusal(self.client.witness.said, "list its folders") from error

    def _ask(self, question: Callable[[MailClient], Iterable[int]]) -> Iterable[int]:
        client = self.client
        client.witness.forget()
        with self._lost_is_temporary():
            try:
                with self._died_or_not():
                    return question(client)
            except _Refused as error:
                raise refusals.of_refusal(client.witness.said, "search the folder") from error

    @contextmanager
    def _lost_is_temporary(self) -> Iterator[None]:
        try:
            yield
        except _Died as error:
            assert self._way is not None
            raise refusals.of_loss(self._way.endpoint) from error

    @contextmanager
    def _died_or_not(self) -> Iterator[None]:
        """Tells the two ways a command fails apart: the connection is gone (`_Died`), or it was refused (`_Refused`).

        An answer that cannot be parsed counts as refused if the connection is still in step with the server.
        """
        try:
            yield
        except refusals.LOST as error:
            self.close()
            raise _Died from error
        except (MailClient.Error, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
            raise _Refused from error


class _Died(Exception):
    """The connection is gone."""


class _Refused(Exception):
    """The server refused a command, or its answer made no sense."""


def _glance(uid: int, row: dict[bytes, Any]) -> Glance:
    header = next((value for key, value in row.items() if key.startswith(b"BODY[HEADER")), None)
    email_id = row.get(b"EMAILID")
    labels = row.get(b"X-GM-LABELS")
    return Glance(
        uid,
        size=_number(row.get(b"RFC822.SIZE")),
        arrived=row.get(b"INTERNALDATE"),
        header=header if isinstance(header, bytes) else b"",
        email_id=_word(email_id[0]) if isinstance(email_id, tuple) and email_id else "",
        gmail_id=_word(row.get(b"X-GM-MSGID")),
        thread_id=_word(row.get(b"X-GM-THRID")),
        labels=tuple(_label(label) for label in labels) if isinstance(labels, tuple) else (),
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _word(value: Any) -> str:
    if value is None:
        return ""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _label(value: Any) -> str:
    try:
        label: str = imap_utf7.decode(value) if isinstance(value, bytes) else str(value)
    except (ValueError, LookupError):
        return _word(value)
    return label


def _numbers(answer: Sequence[bytes | None]) -> set[int]:
    return {int(word) for line in answer if line for word in line.split() if word.isdigit()}
