"""The life of a mailbox, on the demo's own server (pymap and aiosmtpd)."""

import asyncio
import smtplib
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.mail import sandbox
from connectors.mail.imap import ImapAccount, NewImapEmail, account, imap, mail_came, mails_there, new_email
from connectors.mail.profiles import MailProfile
from tests.connectors.mail.benches import QUICK, Listening, subjects, using, wait_until
from tests.connectors.mail.contexts import Bench
from tests.connectors.mail.scripted import mail
from tests.waiting import free_port
from zapwerk import AuthFailed, InvalidInput, Sandbox


@contextmanager
def running(folder: Path, port: int = 0) -> Iterator[Sandbox]:
    """The sandbox on a loop in a thread of its own."""
    ready: Any = threading.Event()
    held: dict[str, Any] = {}

    async def serve() -> None:
        async with sandbox.serve(folder, port) as started:
            held.update(sandbox=started, stop=asyncio.Event(), loop=asyncio.get_running_loop())
            ready.set()
            await held["stop"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20), "the sandbox did not start"
    try:
        yield held["sandbox"]
    finally:
        held["loop"].call_soon_threadsafe(held["stop"].set)
        thread.join(20)


def bench_at(started: Sandbox, **changes: str) -> Any:
    given = ImapAccount.model_validate({**started.credentials, **changes})
    return using(Bench(given, MailProfile.model_validate(QUICK)))


def send(started: Sandbox, *subject: str) -> None:
    host, _, port = started.facts["smtp"].partition(":")
    with smtplib.SMTP(host, int(port)) as client:
        for each in subject:
            client.sendmail("erika@kunde.example", [started.facts["address"]], mail(each))


def test_the_life_of_a_mailbox(tmp_path):
    with running(tmp_path) as started, bench_at(started) as bench:
        send(started, "old 1", "old 2")
        assert mails_there(bench.context, NewImapEmail(subject_contains="other")) == 2, (
            "the folder's, whatever is meant"
        )
        assert account(bench.context).label == "demo@zapwerk.example"
        assert subjects(bench.poll(new_email)) == ["old 1", "old 2"]
        assert bench.poll(new_email) == []
        send(started, "new")
        (record,) = bench.poll(new_email)
        assert (record.subject, record.from_.address) == ("new", "erika@kunde.example")
        assert "zapwerk demo" in record.headers["received"].lower()


def test_mail_by_smtp_wakes_the_listener_within_a_moment(tmp_path):
    with running(tmp_path) as started, bench_at(started) as bench:
        bench.poll(new_email)
        for subject in ("first", "second", "third"):
            listening = Listening(bench, mail_came, NewImapEmail())
            wait_until(partial(_opened, bench, 2))
            sent = time.monotonic()
            send(started, subject)
            listening.wait()
            assert time.monotonic() - sent < 5
            assert listening.error is None
            assert subjects(bench.poll(new_email)) == [subject]
        assert _opened(bench, 2), "polling and listening keep one connection each"


def _opened(bench: Bench, connections: int) -> bool:
    return len(bench.connect.sockets) == connections


def test_after_a_restart_the_mailbox_is_the_same_and_nothing_fires_twice(tmp_path):
    with running(tmp_path) as started, bench_at(started) as bench:
        send(started, "before")
        bench.poll(new_email)
        cursor = bench.cursor
    with running(tmp_path) as started, bench_at(started) as bench:
        bench.cursor = cursor
        assert bench.poll(new_email) == []
        send(started, "after")
        assert subjects(bench.poll(new_email)) == ["after"]
        assert bench.warnings == []


def test_a_restart_of_the_server_under_a_kept_connection_goes_unnoticed(tmp_path):
    with running(tmp_path) as started:
        port = int(started.credentials["port"])
        bench = Bench(ImapAccount.model_validate(started.credentials), MailProfile.model_validate(QUICK))
        send(started, "before")
        bench.poll(new_email)
    with using(bench), running(tmp_path, port) as started:
        send(started, "after")
        assert subjects(bench.poll(new_email)) == ["after"]


def test_a_burst_is_taken_in_whole_and_in_order(tmp_path):
    with running(tmp_path) as started, bench_at(started) as bench:
        bench.poll(new_email)
        names = [f"m{number}" for number in range(300)]
        send(started, *names)
        records = bench.poll(new_email)
        assert subjects(records) == names
        assert len({record.id for record in records}) == 300


def test_two_equal_mails_are_two_events(tmp_path):
    with running(tmp_path) as started, bench_at(started) as bench:
        bench.poll(new_email)
        send(started, "same", "same")
        first, second = bench.poll(new_email)
        assert first.id != second.id


def test_two_mails_of_the_same_checksum_are_two_events(tmp_path):
    mails = tmp_path / "mails"
    mails.mkdir()
    one, other = mail(text="bbb"), mail(text="c`c")
    assert zlib.adler32(one) == zlib.adler32(other), "pymap's own checksum cannot tell them apart"
    (mails / "0000000101.eml").write_bytes(one)
    (mails / "0000000102.eml").write_bytes(other)
    with running(tmp_path) as started, bench_at(started) as bench:
        first, second = bench.poll(new_email)
        assert (first.text.strip(), second.text.strip()) == ("bbb", "c`c")
        assert first.id != second.id


def test_wrong_password_and_folder_are_said_to_be_so(tmp_path):
    with running(tmp_path) as started, bench_at(started) as bench, pytest.raises(InvalidInput, match="INBOX"):
        bench.poll(new_email, folder="Rechnungen")
    with running(tmp_path) as started, bench_at(started, password="wrong") as bench, pytest.raises(AuthFailed):
        account(bench.context)


def test_the_connector_says_where_its_sandbox_is():
    assert imap.sandbox == "connectors.mail.sandbox:serve"


def test_a_free_port_is_found_and_a_given_one_is_used(tmp_path):
    with running(tmp_path) as started:
        assert int(started.credentials["port"]) > 0
    port = free_port(together=3)
    with running(tmp_path, port) as started:
        assert started.url == f"imap://127.0.0.1:{port}"
        assert started.facts["smtp"] == f"127.0.0.1:{port + 1}"
        assert started.facts["page"] == f"http://127.0.0.1:{port + 2}"
