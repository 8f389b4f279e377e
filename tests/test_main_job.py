"""The main job with real processes: a new e-mail becomes an Invoice2go client, exactly once, whatever happens.

The mailbox, the Invoice2go sandbox and `zapwerk serve` are processes of their own; what counts is the sandbox's ledger.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.processes import Books, Installation, Served, form_mail, sandbox, send_by_smtp
from tests.waiting import wait_until

ZAP = """
zapwerk: 1
name: Gmail + Invoice2go Kunden-hinzufügen-Zap
language: de
timezone: Europe/Berlin
flood_limit: null
trigger: {use: imap.new_email, connection: mailbox, with: {folder: INBOX}}
steps:
  - key: client
    use: invoice2go.create_client
    connection: books
    with:
      name: "{{ trigger.labelled['Name'] | default: trigger.sender.name }}"
      email: "{{ trigger.labelled['E-Mail'] | default: trigger.sender.address }}"
      if_exists: use
"""
KILLS = 6
MAILS = 30
STEP_TIMEOUT = 30  # seconds; the engine's own
NEWSLETTER = form_mail("Shop", "news@shop.example", subject="Neues im November").replace(
    b"MIME-Version", b"List-Unsubscribe: <https://shop.example/bye>\r\nPrecedence: bulk\r\nMIME-Version", 1
)


@dataclass
class Workshop:
    """Everything that runs. Each test begins with an empty ledger; runs of earlier tests do not count."""

    installation: Installation
    served: Served
    mailbox: dict[str, Any]
    books: Books
    earlier: set[str] = field(default_factory=set)

    def begin(self) -> None:
        self.books.order("reset")
        self.service_honours_keys(True)
        self.earlier = {run["id"] for run in self._all_runs()}

    def send(self, *mails: bytes) -> None:
        send_by_smtp(self.mailbox, *mails)

    def runs(self) -> list[dict[str, Any]]:
        return [run for run in self._all_runs() if run["id"] not in self.earlier]

    def service_honours_keys(self, honours: bool) -> None:
        self.books.order("settings", idempotency=honours)
        self.installation.fill_in("invoice2go", "sandbox", {"idempotency": str(honours).lower()})

    def all_have_ended(self, count: int) -> bool:
        states = [run["state"] for run in self.runs()]
        return len(states) == count and not {"queued", "running"} & set(states)

    def _all_runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.installation.show("runs", "list", "--limit", "500")
        return found


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("main-job")
    with sandbox("imap", folder / "mailbox") as mailbox, sandbox("invoice2go", folder / "books") as told:
        installation = Installation(folder / "data", {"ZAPWERK_LOG_LEVEL": "WARNING", "ZAPWERK_SETTLE": "0.5"})
        installation.fill_in("invoice2go", "sandbox", told["profile"])
        installation.connect("invoice2go", "books", told["credentials"], "--profile", "sandbox")
        installation.connect("imap", "mailbox", mailbox["credentials"])
        installation.switch_on(ZAP)
        books = Books(told["url"])
        with installation.serving() as served:
            yield Workshop(installation, served, mailbox, books)
        books.close()


@pytest.fixture
def workshop(everything: Workshop) -> Workshop:
    everything.begin()
    return everything


def test_a_mail_becomes_a_client_and_the_history_shows_it(workshop: Workshop) -> None:
    workshop.send(form_mail("Erika Muster", "erika@kunde.example"))
    wait_until(lambda: workshop.books.names() == ["Erika Muster"])
    wait_until(lambda: workshop.all_have_ended(1))
    (run,) = workshop.runs()
    shown = workshop.installation.show("runs", "show", run["id"])
    assert run["state"] == "succeeded"
    assert "erika@kunde.example" in str(shown)


def test_two_mails_of_one_customer_are_one_client(workshop: Workshop) -> None:
    mails = [form_mail("Erika Muster", "erika@kunde.example", subject=f"Anfrage {number}") for number in range(5)]
    workshop.send(*mails)
    wait_until(lambda: workshop.all_have_ended(5), 30)
    assert workshop.books.names() == ["Erika Muster"]


def test_a_newsletter_fires_nothing(workshop: Workshop) -> None:
    workshop.send(NEWSLETTER, form_mail("Erika Muster", "erika@kunde.example"))
    wait_until(lambda: workshop.books.names() == ["Erika Muster"])
    assert wait_until(lambda: workshop.all_have_ended(1))


@pytest.mark.parametrize(
    ("fault", "honours_keys"),
    [
        pytest.param("error_after", True, id="error 500, repeated with the same key"),
        pytest.param("error_after", False, id="error 500, looked up"),
        pytest.param("cut_after", True, id="cut connection, repeated with the same key"),
        pytest.param("cut_after", False, id="cut connection, looked up"),
        pytest.param("timeout_after", False, id="time-out of the step, looked up"),
    ],
)
def test_an_answer_lost_after_the_effect_gives_no_second_effect(
    workshop: Workshop, fault: str, honours_keys: bool
) -> None:
    workshop.service_honours_keys(honours_keys)
    workshop.books.order("faults", kind=fault, times=1, seconds=STEP_TIMEOUT + 10)
    workshop.send(form_mail("Erika Muster", "erika@kunde.example"))
    wait_until(lambda: workshop.all_have_ended(1), STEP_TIMEOUT + 20)
    assert workshop.books.names() == ["Erika Muster"]
    assert [run["state"] for run in workshop.runs()] == ["succeeded"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("honours_keys", [True, False], ids=["with idempotency keys", "by lookup"])
def test_kill_9_at_any_moment_leaves_one_client_for_each_mail(
    workshop: Workshop, honours_keys: bool, record_property: Any
) -> None:
    seed = random.randrange(10**6)
    record_property("seed", seed)
    moments = random.Random(seed)
    workshop.service_honours_keys(honours_keys)
    names = [f"Kunde {number:02}" for number in range(MAILS)]
    for start in range(0, MAILS, MAILS // KILLS):
        for name in names[start : start + MAILS // KILLS]:
            workshop.send(form_mail(name, f"{name[-2:]}@kunde.example"))
        time.sleep(moments.uniform(0, 0.8))  # any moment will do: this is what is tested
        workshop.served.kill()
        workshop.served.start()
    wait_until(lambda: workshop.all_have_ended(MAILS), 90, what=f"all runs ended (seed {seed})")
    assert workshop.books.names() == names, f"seed {seed}: {workshop.runs()}"
    assert {run["state"] for run in workshop.runs()} == {"succeeded"}
