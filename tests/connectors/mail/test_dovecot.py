"""The life of a mailbox on Dovecot, with TLS."""

import shutil
import socket
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from connectors.mail.imap import ImapAccount, NewImapEmail, account, folders, mail_came, new_email
from connectors.mail.profiles import MailProfile
from connectors.mail.wire import tls_context
from tests.connectors.mail import dovecot
from tests.connectors.mail.benches import QUICK, Listening, subjects, using, wait_until
from tests.connectors.mail.contexts import Bench, Connections
from tests.connectors.mail.dovecot import Dovecot
from tests.connectors.mail.scripted import mail
from zapwerk import AuthFailed, InvalidInput, TemporaryFailure

pytestmark = pytest.mark.dovecot


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    # Not below pytest's own folder: only its owner may enter that, and Dovecot reads mail as another user.
    base = Path(tempfile.mkdtemp(prefix="dovecot-"))
    base.chmod(0o755)
    try:
        with dovecot.running(base) as started:
            yield started
    finally:
        shutil.rmtree(base, ignore_errors=True)


def at(server: Dovecot, **changes: Any) -> Any:
    given = {"host": "127.0.0.1", "port": server.port, "username": dovecot.USER, "password": dovecot.PASSWORD}
    profile = MailProfile.model_validate({**QUICK, "ca_file": server.ca_file})
    return using(Bench(ImapAccount.model_validate({**given, **changes}), profile))


def test_new_mails_fire_once_each(server):
    with at(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("one"))
        server.deliver(mail("two"))
        assert subjects(bench.poll(new_email)) == ["one", "two"]
        assert bench.poll(new_email) == []


def test_nothing_is_marked_as_read(server):
    with at(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("unread"))
        bench.poll(new_email)
        with IMAPClient("127.0.0.1", server.port, ssl_context=tls_context(server.ca_file), timeout=5) as client:
            client.login(dovecot.USER, dovecot.PASSWORD)
            client.select_folder("INBOX", readonly=True)
            assert client.search("SEEN") == []


def test_starttls_works_too(server):
    with at(server, port=server.plain_port, security="starttls") as bench:
        assert account(bench.context).label == "anna@127.0.0.1"


def test_mail_wakes_the_listener(server):
    with at(server) as bench:
        bench.poll(new_email)
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: len(bench.connect.sockets) == 2)
        sent = time.monotonic()
        server.deliver(mail("wake"))
        listening.wait()
        assert listening.error is None
        assert time.monotonic() - sent < 5
        assert subjects(bench.poll(new_email)) == ["wake"]


def test_folders_have_their_use_and_missing_ones_are_refused(server):
    with at(server) as bench:
        offered = {choice.label: choice.value for choice in folders(bench.context, new_email.given(), "")}
        assert offered == {"INBOX": "INBOX", "Gesendet": "\\Sent"}
        assert bench.poll(new_email, folder="\\Sent") == []
        with pytest.raises(InvalidInput) as caught:
            bench.poll(new_email, folder="Rechnungen")
        assert caught.value.field == "folder"


def test_a_wrong_password_is_refused(server):
    with at(server, password="falsch") as bench, pytest.raises(AuthFailed):
        account(bench.context)


def test_the_servers_search_takes_umlauts(server):
    with at(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("Geländer gewünscht"))
        server.deliver(mail("Werbung"))
        found = bench.poll(new_email, search="OR SUBJECT Geländer (SUBJECT für)")
        assert subjects(found) == ["Geländer gewünscht"]


def test_large_mails_are_in_memory_one_at_a_time(server):
    with at(server) as bench:
        bench.poll(new_email)
        peaks = []
        for count in (1, 4):
            for _ in range(count):
                server.deliver(mail("large") + (b"y" * 76 + b"\r\n") * 100_000)
            tracemalloc.start()
            try:
                assert subjects(bench.poll(new_email)) == ["large"] * count
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        assert peaks[1] < peaks[0] * 1.5 + 4_000_000, "the texts that the records keep are a megabyte each"


def test_a_connection_cut_while_it_waits_is_begun_again_over_tls(server):
    with at(server) as bench:
        bench.poll(new_email)
        bench.connect = wires = Wires()
        first = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: wires.cables)
        wires.cut()
        first.wait()
        assert isinstance(first.error, TemporaryFailure)
        server.deliver(mail("after the cut"))
        second = Listening(bench, mail_came, NewImapEmail())
        second.wait()
        assert second.error is None
        assert subjects(bench.poll(new_email)) == ["after the cut"]
        wires.cut()


class Wires(Connections):
    """Keeps a second handle on each connection: TLS takes the first one over."""

    def __init__(self) -> None:
        super().__init__()
        self.cables: list[socket.socket] = []

    def __call__(self, host: str, port: int, *, timeout: float) -> socket.socket:
        opened = super().__call__(host, port, timeout=timeout)
        self.cables.append(opened.dup())
        return opened

    def cut(self) -> None:
        """As a router does that forgets its connections."""
        for cable in self.cables:
            with suppress(OSError):
                cable.shutdown(socket.SHUT_RDWR)
            cable.close()
        self.cables.clear()


def test_a_folder_made_anew_does_not_flood_and_what_comes_later_fires(server):
    """Its UIDVALIDITY is another: Dovecot keeps it in a file that is lost with the index."""
    with at(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("known"))
        assert subjects(bench.poll(new_email)) == ["known"]
        bench.sessions.close()
        server.forget_numbering()
        assert bench.poll(new_email) == []
        assert bench.warnings
        server.deliver(mail("later"))
        assert subjects(bench.poll(new_email)) == ["later"]


def test_a_mail_of_30_megabytes_is_cut(server):
    with at(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("groß") + (b"y" * 76 + b"\r\n") * 390_000)
        (record,) = bench.poll(new_email)
        assert (record.subject, record.cut) == ("groß", True)
        assert record.size > 29_000_000
