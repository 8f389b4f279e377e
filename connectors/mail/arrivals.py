"""Turns new mail in a folder into pages of records: what the triggers of `imap` and `gmail` do.

A page is small, and its cursor never lies behind a mail that was neither yielded nor deliberately left out. The
session is borrowed for one page at a time, so that zaps on the same mailbox take turns.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from typing import Generic

from connectors.mail import cursor as cursors
from connectors.mail import message as messages
from connectors.mail import new_email
from connectors.mail.cursor import Cursor, Sighting
from connectors.mail.mailbox import WIDEST_WINDOW, WINDOW, WINDOWS_AT_ONCE, Glance, Mailbox
from connectors.mail.message import Message
from connectors.mail.new_email import RecordT, Wanted
from connectors.mail.sign_in import Way
from zapwerk import BlockingContext, Page, TemporaryFailure

MAILS_PER_PAGE = 20
BYTES_PER_PAGE = 10_000_000
LOOKED_AT_FOR_BASELINE = 40  # of the newest mails; or …
LOOKED_AT_FOR_EACH = 4  # … so many for each one that is asked for, where that is more
BASELINE_BUDGET = 60.0  # seconds; then fewer are shown
RECOGNISED_AFTER_REBUILD = 500  # newest mails that are compared with the fingerprints
BUDGET = 240.0  # seconds that one check may go on; the next one continues where it stopped
DOUBTFUL_FOR = 120.0  # seconds that a search engine is given to index a new mail
MOST_DOUBTFUL = 50
UNREAD = "The mail server could not give a new mail, so it is not known whether it is meant. It did not fire."


@dataclass(frozen=True)
class Watch(Generic[RecordT]):
    """What is watched: a folder, the mails meant, and the record to make.

    `search` are the arguments of a SEARCH; `search_lags` says that the server may find a mail only some time after
    it arrived.
    """

    way: Way
    folder: str
    wanted: Wanted
    record: type[RecordT]
    search: Sequence[bytes] = ()
    search_lags: bool = False


@dataclass(frozen=True)
class _Batch:
    """The mails to look at next, and where the cursor stands when all of them were."""

    uids: tuple[int, ...]
    behind: Cursor


def pages(ctx: BlockingContext, watch: Watch[RecordT]) -> Iterator[Page[RecordT]]:
    """New mails, oldest first. Without a cursor: one page with the newest few, and the cursor behind everything."""
    cursor = None if ctx.cursor is None else Cursor.model_validate(ctx.cursor)
    stop_at = time.monotonic() + BUDGET
    while True:
        with borrowed(ctx) as mailbox:
            page = _Polling(ctx, watch, mailbox).page(cursor)
        if page is None:
            return
        page = replace(page, more=cursor is not None and time.monotonic() >= stop_at)
        yield page
        if cursor is None or page.more:
            return
        cursor = Cursor.model_validate(page.cursor)


def count(ctx: BlockingContext, way: Way, folder: str) -> int:
    """How many mails the folder holds, whatever they are: servers say so when it is opened.

    On a connection of its own: the kept one may be at work on a long check.
    """
    with closing(Mailbox(ctx.connect)) as mailbox:
        return mailbox.examine(way, folder).exists


def borrowed(ctx: BlockingContext) -> AbstractContextManager[Mailbox]:
    """The mailbox's kept session, for one caller at a time."""
    return ctx.sessions.borrow("mailbox", lambda: Mailbox(ctx.connect), Mailbox.close)


class _Polling(Generic[RecordT]):
    """One look into the folder with a borrowed session."""

    def __init__(self, ctx: BlockingContext, watch: Watch[RecordT], mailbox: Mailbox) -> None:
        self.ctx, self.watch, self.mailbox = ctx, watch, mailbox
        self.view = mailbox.examine(watch.way, watch.folder)
        mailbox.polled[watch.folder] = self.view
        self.unread = 0  # mails of which it is not known whether they are meant

    def page(self, cursor: Cursor | None) -> Page[RecordT] | None:
        """The next page; None when there is nothing new."""
        if cursor is None:
            return self._baseline()
        if cursor.uidvalidity != self.view.uidvalidity:
            return self._rebuilt(cursor)
        batch = self._next(cursor)
        return None if batch is None else self._read(batch)

    def _next(self, cursor: Cursor) -> _Batch | None:
        settled = self._doubts_settled(cursor)
        if settled.pending:
            return self._pending(settled)
        return self._beyond(settled) or (_Batch((), settled) if settled != cursor else None)

    def _pending(self, cursor: Cursor) -> _Batch:
        uids = cursor.pending[:MAILS_PER_PAGE]
        matched = self._matching(sorted(uids))
        behind = cursor.model_copy(update={"pending": cursor.pending[len(uids) :]})
        return _Batch(tuple(uid for uid in uids if uid in matched), behind)

    def _beyond(self, cursor: Cursor) -> _Batch | None:
        """The mails behind the cursor."""
        if 0 < self.view.uidnext <= cursor.uid + 1:
            return None
        newest = self.mailbox.newest_uid(self.view)
        low, width = cursor.uid + 1, WINDOW
        for _ in range(WINDOWS_AT_ONCE):
            if low > newest:
                return None
            present = self.mailbox.window(low, min(low + width - 1, newest))
            if present:
                return self._batch(cursor, present)
            low, width = low + width, min(width * 4, WIDEST_WINDOW)
        # A long gap with mail behind it: no later mail can get a UID in it.
        return _Batch((), cursor.past(min(low - 1, newest - 1), ()))

    def _batch(self, cursor: Cursor, present: Sequence[int]) -> _Batch:
        found = self._matching(present)
        matched = [uid for uid in present if uid in found]
        chosen = tuple(matched[:MAILS_PER_PAGE])
        last = chosen[-1] if len(matched) > len(chosen) else present[-1]
        behind = cursor.past(last, ())
        if self.watch.search_lags and self.watch.search:
            missed = [uid for uid in present if uid <= last and uid not in found]
            behind = self._doubting(behind, missed)
        return _Batch(chosen, behind)

    def _matching(self, uids: Sequence[int]) -> set[int]:
        return self.mailbox.matching(uids, self.watch.search) if self.watch.search else set(uids)

    def _doubting(self, cursor: Cursor, missed: Sequence[int]) -> Cursor:
        until = self.ctx.now().timestamp() + DOUBTFUL_FOR
        doubtful = (*cursor.doubtful, *((uid, until) for uid in missed))[-MOST_DOUBTFUL:]
        return cursor.model_copy(update={"doubtful": doubtful})

    def _doubts_settled(self, cursor: Cursor) -> Cursor:
        """With the doubtful mails that the search finds by now put before all others."""
        if not cursor.doubtful:
            return cursor
        now = self.ctx.now().timestamp()
        found = self._matching(sorted(uid for uid, _ in cursor.doubtful))
        left = tuple((uid, until) for uid, until in cursor.doubtful if uid not in found and until > now)
        return cursor.model_copy(update={"doubtful": left, "pending": (*sorted(found), *cursor.pending)})

    def _read(self, batch: _Batch) -> Page[RecordT]:
        """The records of a batch, fetched one mail at a time. A batch with much in it ends early."""
        records: list[RecordT] = []
        seen: list[Sighting] = []
        size = 0
        glances = self.mailbox.glances(self.watch.way, self.view, batch.uids)
        for number, glance in enumerate(glances):
            record, header = self._record(glance)
            seen.append(_sighting(glance, header))
            records += [] if record is None else [record]
            size += glance.size if record is not None else 0
            if size >= BYTES_PER_PAGE:
                left = tuple(each.uid for each in glances[number + 1 :])
                behind = batch.behind.model_copy(update={"pending": (*left, *batch.behind.pending)})
                return Page(tuple(records), _json(behind.past(0, seen)), self._warning)
        return Page(tuple(records), _json(batch.behind.past(0, seen)), self._warning)

    @property
    def _warning(self) -> str | None:
        return UNREAD if self.unread else None

    def _record(self, glance: Glance) -> tuple[RecordT | None, Message | None]:
        """The record, None if the mail is not meant or gone; and its header, None if nothing could be read."""
        wanted = self.watch.wanted
        header = self._parsed(messages.read_header, glance.header) if glance.header else None
        if header is not None and not new_email.wanted_by_header(wanted, header):
            return None, header
        fetched = self.mailbox.fetch(self.watch.way, self.view, glance)
        if fetched is None:
            return None, header
        whole = self._parsed(messages.read, fetched.raw) if fetched.raw is not None else None
        mail = whole or header
        if mail is None:
            return self._unreadable(glance), None
        if header is None and not new_email.wanted_by_header(wanted, mail):
            return None, mail
        if not new_email.wanted_by_content(wanted, mail):
            return None, mail
        return self._made(mail, glance, cut=fetched.cut or whole is None), mail

    def _made(self, mail: Message, glance: Glance, *, cut: bool) -> RecordT:
        id = new_email.record_id(self.view.uidvalidity, glance)
        save = self.ctx.files.save
        return new_email.record_of(
            self.watch.record, mail, id=id, glance=glance, folder=self.watch.folder, cut=cut, save=save
        )

    def _unreadable(self, glance: Glance) -> RecordT | None:
        if self.watch.wanted.narrows:
            self.ctx.log.warning("Mail %s could not be read, so it is not known whether it is meant", glance.uid)
            self.unread += 1
            return None
        id = new_email.record_id(self.view.uidvalidity, glance)
        return new_email.unreadable(self.watch.record, id=id, glance=glance, folder=self.watch.folder)

    def _parsed(self, read: Callable[[bytes], Message], raw: bytes) -> Message | None:
        # Whatever a stranger's mail does to the parser must not stop the others.
        try:
            return read(raw)
        except Exception:
            self.ctx.log.exception("A mail could not be parsed")
            return None

    def _newest(self, count: int) -> list[int]:
        """The highest UIDs in the folder, ascending."""
        high = self.mailbox.newest_uid(self.view)
        found: list[int] = []
        width = WINDOW
        for _ in range(WINDOWS_AT_ONCE):
            if high <= 0 or len(found) >= min(count, self.view.exists):
                break
            found = self.mailbox.window(max(1, high - width + 1), high) + found
            high, width = high - width, min(width * 4, WIDEST_WINDOW)
        return found[-count:]

    def _baseline(self) -> Page[RecordT]:
        looked_at = max(LOOKED_AT_FOR_BASELINE, LOOKED_AT_FOR_EACH * self.ctx.newest)
        recent = self._newest(max(cursors.KEPT_FINGERPRINTS, looked_at))
        sighted = self._sightings(recent[-cursors.KEPT_FINGERPRINTS :])
        behind = cursors.start(self.view.uidvalidity, max(recent, default=0), sighted)
        matched = self._matching(recent)
        shown = self._meant([uid for uid in recent if uid in matched][-looked_at:], self.ctx.newest)
        return Page(tuple(reversed(shown)), _json(behind))

    def _meant(self, uids: Sequence[int], count: int) -> list[RecordT]:
        """The records of the last few of these mails that are meant, newest first; fewer when it takes long."""
        stop_at = time.monotonic() + BASELINE_BUDGET
        shown: list[RecordT] = []
        at_once, end = min(count, MAILS_PER_PAGE), len(uids)
        while end > 0 and len(shown) < count and time.monotonic() < stop_at:
            some, end = uids[max(0, end - at_once) : end], end - at_once
            for glance in reversed(self.mailbox.glances(self.watch.way, self.view, some)):
                if len(shown) < count and time.monotonic() < stop_at:
                    record, _ = self._record(glance)
                    shown += [] if record is None else [record]
        return shown

    def _rebuilt(self, cursor: Cursor) -> Page[RecordT]:
        if not self.view.uidvalidity:
            raise TemporaryFailure("The mail server did not say which numbering of this folder is in force.")
        recent = self._newest(RECOGNISED_AFTER_REBUILD)
        rebased = cursors.rebased(cursor, self.view.uidvalidity, max(recent, default=0), self._sightings(recent))
        self.ctx.log.warning("Folder %s was rebuilt: UIDVALIDITY is another", self.watch.folder)
        return Page((), _json(rebased.cursor), rebased.warning)

    def _sightings(self, uids: Sequence[int]) -> list[Sighting]:
        found = []
        for start in range(0, len(uids), 100):
            for glance in self.mailbox.sightings(uids[start : start + 100]):
                found.append(_sighting(glance, self._parsed(messages.read_header, glance.header)))
        return found


def _sighting(glance: Glance, header: Message | None) -> Sighting:
    message_id = header.message_id if header is not None else ""
    mark = cursors.fingerprint(message_id, glance.arrived, glance.size)
    return Sighting(glance.uid, mark, glance.arrived.timestamp() if glance.arrived else 0.0)


def _json(cursor: Cursor) -> object:
    return cursor.model_dump(mode="json")
