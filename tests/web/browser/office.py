"""A house with work to do: a mailbox and an Invoice2go account, both practice ones, connected. For browser tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.processes import Books, form_mail, sandbox, send_by_smtp
from tests.web.browser.house import House, house

MAILBOX, ACCOUNT = "Office mailbox", "Muster GmbH"


@dataclass
class Office:
    """The house, and what is said of its two sandboxes."""

    house: House
    mailbox: dict[str, Any]
    invoices: dict[str, Any]

    @property
    def books(self) -> Books:
        return Books(self.invoices["url"])

    def write(self, name: str, email: str, **more: str) -> None:
        """An enquiry by the contact form arrives."""
        send_by_smtp(self.mailbox, form_mail(name, email, **more))


@contextmanager
def office(folder: Path, *, connected: bool = True) -> Iterator[Office]:
    """With two enquiries in the mailbox; `connected` False leaves the accounts to the test."""
    with (
        sandbox("imap", folder / "mailbox") as mailbox,
        sandbox("invoice2go", folder / "books") as invoices,
        house(folder) as made,
    ):
        found = Office(made, mailbox, invoices)
        made.installation.fill_in("invoice2go", "sandbox", invoices["profile"])
        if connected:
            made.installation.connect("imap", MAILBOX, mailbox["credentials"])
            made.installation.connect("invoice2go", ACCOUNT, invoices["credentials"], "--profile", "sandbox")
        found.write("Ada Lovelace", "ada@kunde.example")
        found.write("Erika Muster", "erika@kunde.example")
        yield found


def new_zap(page: Page, url: str) -> None:
    """A blank draft, opened at its trigger."""
    page.goto(f"{url}/settings")
    page.evaluate(
        """() => {
          const form = document.createElement('form');
          form.method = 'post';
          form.action = '/zaps/new';
          form.innerHTML = '<input name="csrf">';
          form.firstChild.value = document.querySelector('meta[name=csrf]').content;
          document.body.append(form);
          form.submit();
        }"""
    )
    page.wait_for_selector("#app-search")


def choose(page: Page, app: str, event: str = "") -> None:
    """Chooses an app of the open step by searching, and its event where there are several."""
    page.wait_for_selector("#editor[data-ready]")
    search = page.locator("#app-search")
    search.fill(app)
    search.press("Enter")
    if event:
        page.locator("#choose-event .choice", has_text=event).click()
    page.wait_for_selector("[data-panel] .chosen-app")


def open_step(page: Page, key: str) -> None:
    page.locator(f'#editor-flow a[data-step="{key}"]').click()
    page.wait_for_selector(f'[data-panel="{key}"]')


def saved(page: Page) -> None:
    """Waits until everything typed is on the server."""
    page.wait_for_selector("[data-save-state][data-state=saved]")


def field(page: Page, label: str) -> Any:
    """A mapped field's editor, by its label."""
    return page.get_by_role("textbox", name=label, exact=False).first
