"""Waits on a folder with IDLE until it is worth polling: what the listeners of `imap` and `gmail` do.

A listener has a connection of its own, always closed at the end. It carries no data: what is new is for the poll to
find. It does notice mail that came between the last poll and its own start.
"""

import time

from connectors.mail import refusals
from connectors.mail.arrivals import borrowed
from connectors.mail.mailbox import Mailbox, View
from connectors.mail.sign_in import Way
from connectors.mail.wire import MailClient, Wire
from zapwerk import BlockingContext, TemporaryFailure

GLANCE_EVERY = 1.0  # seconds between two looks at `ctx.stopping()`


def wait_for_mail(ctx: BlockingContext, way: Way, folder: str) -> None:
    """Returns when it is worth polling, or when the engine asks for it.

    A server without IDLE leaves it to polling: then this only waits to be asked. Raises `TemporaryFailure` when the
    connection dies, `AuthFailed` and `InvalidInput` as a poll does.
    """
    with ctx.sessions.borrow(f"idle {folder}", lambda: Mailbox(ctx.connect), Mailbox.close) as mailbox:
        view = mailbox.examine(way, folder)
        try:
            if mailbox.client.has_capability("IDLE"):
                _idle(ctx, way, mailbox, view)
            else:
                _until_stopping(ctx)
        except refusals.LOST as error:
            if ctx.stopping():
                return
            raise refusals.of_loss(way.endpoint) from error
        except (MailClient.Error, ValueError) as error:
            raise TemporaryFailure("The mail server does not let us wait for new mail.") from error
        finally:
            if ctx.stopping():
                mailbox.close()


def _until_stopping(ctx: BlockingContext) -> None:
    while not ctx.stopping():
        time.sleep(GLANCE_EVERY)


def _idle(ctx: BlockingContext, way: Way, mailbox: Mailbox, view: View) -> None:
    wire = mailbox.client.wire
    count = _Count(wire, view.exists)
    first = True
    while not ctx.stopping():
        tag = wire.enter_idle()
        if (first and _behind(ctx, way, view.folder)) or _something_came(ctx, way, wire, count):
            _leave(mailbox, wire, tag)
            return
        wire.leave_idle(tag)
        if count.has_changed():
            return
        first = False


def _leave(mailbox: Mailbox, wire: Wire, tag: bytes) -> None:
    """There is something to poll for; a connection that dies now is only opened anew the next time."""
    try:
        wire.leave_idle(tag)
    except refusals.LOST:
        mailbox.close()


def _something_came(ctx: BlockingContext, way: Way, wire: Wire, count: "_Count") -> bool:
    """Waits until a mail comes; False when IDLE should be renewed, or the engine asks to return."""
    again_at = time.monotonic() + way.timing.idle
    while time.monotonic() < again_at and not ctx.stopping():
        if count.has_changed():
            return True
        if wire.waits(min(GLANCE_EVERY, way.timing.idle)):
            wire.hear()
    return False


def _behind(ctx: BlockingContext, way: Way, folder: str) -> bool:
    """Whether the folder has more in it, now that we are waiting, than the last poll saw.

    Asked on the polling connection: servers have been seen that do not tell of mail which came just before IDLE.
    """
    with borrowed(ctx) as mailbox:
        polled = mailbox.polled.get(folder)
        if polled is None:
            return False
        now = mailbox.examine(way, folder)
    if polled.uidvalidity != now.uidvalidity:
        return True
    return now.uidnext > polled.uidnext if now.uidnext else now.exists > polled.exists


class _Count:
    """How many mails the folder holds, as the server tells while we wait."""

    def __init__(self, wire: Wire, exists: int) -> None:
        self._told = wire.untagged_responses
        self._exists = exists
        self._told.clear()

    def has_changed(self) -> bool:
        """Whether a mail came since the last call. A BYE is the end of the connection."""
        if "BYE" in self._told:
            raise ConnectionResetError("the server said BYE")
        self._exists -= len(self._told.pop("EXPUNGE", ()))
        counts = [int(told) for told in self._told.pop("EXISTS", ()) if isinstance(told, bytes) and told.isdigit()]
        self._told.clear()
        changed = any(count > self._exists for count in counts)
        self._exists = counts[-1] if counts else self._exists
        return changed
