"""A rehearsal with real processes: a mailbox full of form mails, the Invoice2go sandbox, and the command line.

What counts is the sandbox's own ledger: after a rehearsal it holds exactly what it held before.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.processes import Books, Installation, form_mail, sandbox, send_by_smtp
from tests.waiting import wait_until

ZAP = """
zapwerk: 1
name: {name}
language: de
timezone: Europe/Berlin
trigger: {{use: imap.new_email, connection: mailbox, with: {{folder: INBOX, text_contains: "{name}"}}}}
steps:
  - {{key: only, filter: {{all: [{{value: "{{{{ trigger.subject }}}}", is: contains, to: Anfrage}}]}}}}
  - key: client
    use: invoice2go.create_client
    connection: books
    with:
      name: "{{{{ trigger.labelled['Name'] }}}}"
      email: "{{{{ trigger.labelled['E-Mail'] }}}}"
      if_exists: use
  - key: item
    use: invoice2go.create_item
    connection: books
    with: {{name: "Anfrage von {{{{ client.name }}}}", code: "A-{{{{ client.id }}}}", if_exists: use}}
"""


@dataclass
class Office:
    """A mailbox, the books, and Zapwerk between them. The zap of each test takes mails that hold its name."""

    installation: Installation
    mailbox: dict[str, Any]
    books: Books
    zap: str = ""

    def begin(self) -> None:
        self.books.order("reset")
        self.zap = f"Zap {time.time_ns()}"
        file = self.installation.data.parent / "zap.yaml"
        file.write_text(ZAP.format(name=self.zap), "utf-8")
        self.installation.run("zaps", "import", str(file))

    def send(self, *people: tuple[str, str], subject: str = "Anfrage", said_address: str = "") -> None:
        """Form mails; they are in the mailbox when this returns. `said_address` is written into the form instead."""
        mails = [form_mail(name, address, subject=subject, text=self.zap) for name, address in people]
        said = [(f"E-Mail: {address}", f"E-Mail: {said_address or address}") for _, address in people]
        told = [mail.replace(a.encode(), b.encode()) for mail, (a, b) in zip(mails, said, strict=True)]
        send_by_smtp(self.mailbox, *told)

    def rehearse(self, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = self.installation.show("zaps", "rehearse", self.zap, *more)
        return found


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("rehearsal")
    with sandbox("imap", folder / "mailbox") as mailbox, sandbox("invoice2go", folder / "books") as told:
        installation = Installation(folder / "data", {"ZAPWERK_LOG_LEVEL": "WARNING"})
        installation.fill_in("invoice2go", "sandbox", told["profile"])
        installation.connect("invoice2go", "books", told["credentials"], "--profile", "sandbox")
        installation.connect("imap", "mailbox", mailbox["credentials"])
        books = Books(told["url"])
        yield Office(installation, mailbox, books)
        books.close()


@pytest.fixture
def office(everything: Office) -> Office:
    everything.begin()
    return everything


def test_a_mailbox_is_rehearsed_with_nothing_created_and_only_later_mail_fires(office: Office) -> None:
    office.send(("Erika Muster", "erika@kunde.example"))
    office.send(("Nora Neu", "nora@kunde.example"), said_address="keine Adresse")
    office.send(("Frieda Frage", "frieda@kunde.example"), subject="Etwas anderes")
    office.send(("Emil Muster", "emil@kunde.example"))
    before = office.books.state()
    shown = office.rehearse()
    assert [(row["label"], row["outcome"]) for row in shown["rows"]] == [
        ("Anfrage · Emil Muster", "would_do"),
        ("Etwas anderes · Frieda Frage", "filtered"),
        ("Anfrage · Nora Neu", "problem"),
        ("Anfrage · Erika Muster", "would_do"),
    ]
    problem, item = shown["rows"][2]["steps"][-1], shown["rows"][0]["steps"][2]
    assert (problem["step"], problem["field"]) == ("client", "email")
    assert "keine Adresse" in problem["sentence"]
    assert (item["outcome"], item["later"]) == ("would_do", {"name": ["client"], "code": ["client"]})
    assert office.books.state() == before
    assert office.books.clients() == []

    office.installation.run("zaps", "enable", office.zap)
    with office.installation.serving():
        office.send(("Nils Nachher", "nils@kunde.example"))
        wait_until(lambda: office.books.names() == ["Nils Nachher"], 30)
        wait_until(lambda: office.books.state()["items"], 30)
        assert [row["outcome"] for row in office.rehearse("--last", "2")["rows"]] == ["exists", "would_do"]
    assert office.books.names() == ["Nils Nachher"]


def test_a_client_that_is_there_already_is_told_and_its_values_are_used(office: Office) -> None:
    office.send(("Erika Muster", "erika@kunde.example"))
    office.installation.run("zaps", "test", office.zap, "--step", "client", "--yes")
    (erika,) = office.books.clients()
    (row,) = office.rehearse()["rows"]
    _, client, item = row["steps"]
    assert (client["outcome"], client["record"]["name"], client["if_exists"]) == ("exists", "Erika Muster", "use")
    assert (item["given"]["name"], item["given"]["code"]) == ("Anfrage von Erika Muster", f"A-{erika['id']}")
    assert office.books.names() == ["Erika Muster"]


def test_fifty_mails_are_read_back_and_summed_up(office: Office) -> None:
    names = [f"Kunde {number:02}" for number in range(55)]
    office.send(*((name, f"{name[-2:]}@kunde.example") for name in names))
    shown = office.rehearse()
    assert [row["steps"][1]["given"]["name"] for row in shown["rows"]] == names[:4:-1]
    assert shown["outcomes"]["would_do"] == 50
    assert office.books.clients() == []
    told = office.installation.run("zaps", "rehearse", office.zap, "--last", "2")
    assert "2 records: 2 would create a client, create an item." in told
