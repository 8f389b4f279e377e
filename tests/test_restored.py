"""A run under way in a backup, with the Invoice2go sandbox: what the original did afterwards is not done again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Books, Installation, form_mail, sandbox, send_by_smtp
from tests.test_main_job import ZAP
from tests.waiting import wait_until

HELD_BACK = 60  # seconds until the service answers the call that the backup falls into


@pytest.fixture
def books(tmp_path: Path) -> Iterator[tuple[Installation, Books, dict[str, Any]]]:
    with sandbox("imap", tmp_path / "mailbox") as mailbox, sandbox("invoice2go", tmp_path / "books") as told:
        installation = Installation(tmp_path / "data", {"ZAPWERK_LOG_LEVEL": "WARNING", "ZAPWERK_SETTLE": "0.5"})
        installation.fill_in("invoice2go", "sandbox", told["profile"])
        installation.connect("invoice2go", "books", told["credentials"], "--profile", "sandbox")
        installation.connect("imap", "mailbox", mailbox["credentials"])
        installation.switch_on(ZAP)
        found = Books(told["url"])
        found.order("settings", idempotency=False)  # only the lookup can tell
        installation.fill_in("invoice2go", "sandbox", {"idempotency": "false"})
        yield installation, found, mailbox
        found.close()


def test_a_call_under_way_in_a_backup_is_looked_up_after_it_was_restored(
    books: tuple[Installation, Books, dict[str, Any]], tmp_path: Path
) -> None:
    original, ledger, mailbox = books
    code = original.run("backup", "code").strip()
    with original.serving() as served:
        ledger.order("faults", kind="timeout_after", times=1, seconds=HELD_BACK)
        send_by_smtp(mailbox, form_mail("Erika Muster", "erika@kunde.example"))
        wait_until(lambda: ledger.names() == ["Erika Muster"])  # done, but not answered yet
        original.run("backup", str(tmp_path / "b.zip"))
        served.kill()
    restored = Installation(tmp_path / "restored", original.environ)
    restored.run("restore", str(tmp_path / "b.zip"), "--code", code)
    assert restored.show("restored", "list")["zaps"][0]["open"] == 1
    restored.run("restored", "decide", "all", "skip")
    with restored.serving():
        wait_until(lambda: [run["state"] for run in restored.show("runs", "list")] == ["succeeded"], 15)
    assert ledger.names() == ["Erika Muster"]
