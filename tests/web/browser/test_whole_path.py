"""The whole path of somebody new, in a browser, in both languages: from the first start to a client in Invoice2go.

Set up, connect a mailbox, connect Invoice2go (denied, then allowed), build, map, test, name, switch on; a mail arrives,
the client is there, the history says so; switch off, disconnect.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.runtime import Runtime
from engine.settings import Settings
from tests.processes import Books, Installation, form_mail, sandbox, send_by_smtp
from tests.waiting import wait_until
from tests.web.browser.chromium import Tab, tab
from tests.web.browser.house import PASSWORD
from tests.web.browser.office import choose, field, open_step, saved

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

NAME = "Gmail + Invoice2go Kunden-hinzufügen-Zap"


@dataclass(frozen=True)
class Words:
    """What the pages say in one language, at the places that this path goes by."""

    language: str
    zaps: str
    create_client: str
    client_name: str
    email: str
    starts: str
    done: str


ENGLISH = Words("en", "Zaps", "Create client", "Client name", "Email", "When a new e-mail arrives", "Done")
GERMAN = Words("de", "Zaps", "Kunden anlegen", "Kundenname", "E-Mail", "Wenn eine neue E-Mail", "Erledigt")


@dataclass
class Newcomer:
    """Somebody new, in front of a fresh installation."""

    page: Page
    tab: Tab
    words: Words
    mailbox: dict[str, Any]
    invoices: dict[str, Any]
    set_up_link: str

    def reads(self) -> None:
        """What every page must be: accessible, no wider than the window, in the language."""
        self.tab.must_be_accessible()
        self.tab.must_fit()
        assert self.page.locator("html").get_attribute("lang") == self.words.language

    def sets_up(self) -> None:
        self.page.goto(self.set_up_link)
        self.reads()
        self.page.locator("[name=name]").fill("Nina Neu")
        self.page.locator("[name=email]").fill("nina@firma.example")
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("form button.primary").click()
        self.page.wait_for_url("**/settings/notices/first")
        self.reads()
        self.page.locator("a.button[href='/zaps']").click()
        self.page.wait_for_url("**/zaps")
        self.reads()

    def connects_the_mailbox(self) -> None:
        self.page.goto(f"{self.tab.url}/connections/new?app=imap")
        credentials = self.mailbox["credentials"]
        self.page.locator('[name="given.username"]').fill(credentials["username"])
        self.page.locator("form.card button.primary").click()
        self.page.wait_for_selector('[name="given.password"]')
        self.reads()
        for name in ("password", "host", "port"):
            self._open_folded()
            self.page.locator(f'[name="given.{name}"]').fill(credentials[name])
        self.page.locator('[name="given.security"]').select_option(credentials["security"])
        self.page.locator("form.card button.primary").last.click()
        self.page.wait_for_selector('button[name="allow"], a[href="/zaps/new"]')
        if self.page.locator('button[name="allow"]').count():  # a mailbox on this very computer has to be allowed
            self.page.locator('[name="given.password"]').fill(credentials["password"])
            self.page.locator('button[name="allow"]').click()
        self.page.wait_for_selector('a[href="/zaps/new"]')
        self.reads()

    def _open_folded(self) -> None:
        folded = self.page.locator("details.more-fields:not([open]) > summary")
        if folded.count():
            folded.first.click()

    def connects_invoice2go(self) -> None:
        """Is asked for permission; says no first, then yes."""
        for decision in ("deny", "allow"):
            self.page.goto(f"{self.tab.url}/connections/new?app=invoice2go&profile=sandbox&auth=oauth2")
            self.page.locator("form.card button.primary").last.click()
            self.page.wait_for_selector(f'button[name="decision"][value="{decision}"]')
            self.page.locator(f'button[name="decision"][value="{decision}"]').click()
            self.page.wait_for_url(f"{self.tab.url}/**")
            self.page.wait_for_selector("h1")
            self.reads()
            refused = self.page.locator('a[href^="/connections/new"]')
            assert refused.count() == (1 if decision == "deny" else 0)

    def builds(self) -> None:
        self.page.goto(f"{self.tab.url}/zaps")
        self.page.locator('form[action="/zaps/new"] button, a[href="/zaps/new"]').first.click()
        self.page.wait_for_selector("#app-search")
        choose(self.page, "imap")
        expect(self.page.locator("#editor-flow")).to_contain_text(self.words.starts)
        self.page.locator("#try button.primary").click()  # test the trigger
        self.page.locator("#try .record-card").first.click()
        self.page.wait_for_selector("#try .status.good")
        self.reads()
        open_step(self.page, "step1")
        choose(self.page, "invoice2go", self.words.create_client)
        self.page.wait_for_selector('[data-panel="client"]')

    def maps(self) -> None:
        """Finds the values of the sample by what they are."""
        for title, value in ((self.words.client_name, "Ada Lovelace"), (self.words.email, "ada@kunde.example")):
            field(self.page, title).click()
            self.page.keyboard.type("{{" + value)
            self.page.keyboard.press("Enter")
        saved(self.page)
        expect(self.page.locator('[data-panel="client"]')).to_contain_text("Ada Lovelace")
        self.reads()

    def tests_the_action(self) -> None:
        self.page.locator("#try [data-test]").click()
        expect(self.page.locator("#try .test-result")).to_have_class("callout good test-result", timeout=30_000)
        self.reads()

    def names_and_switches_on(self) -> None:
        self.page.locator("input.zap-name").fill(NAME)
        self.page.locator("input.zap-name").press("Tab")
        saved(self.page)
        self.page.locator(".editor-switch .switch").click()
        self.page.wait_for_selector('button[name="do"][value="on"]')
        self.reads()
        self.page.locator('button[name="do"][value="on"]').click()
        self.page.wait_for_selector('.editor-switch .switch[aria-checked="true"]')

    def sees_it_in_the_history(self, who: str) -> None:
        self.page.goto(f"{self.tab.url}/history")
        row = self.page.locator("main a", has_text=who).first
        expect(row).to_be_visible()
        expect(self.page.locator("main")).to_contain_text(self.words.done)
        self.reads()
        row.click()
        self.page.wait_for_url("**/history/*")
        expect(self.page.locator("main")).to_contain_text(who)
        self.reads()

    def switches_off(self) -> None:
        self.page.goto(f"{self.tab.url}/zaps")
        switch = self.page.get_by_role("switch")
        expect(switch).to_have_attribute("aria-checked", "true")
        switch.click()
        expect(self.page.get_by_role("switch")).to_have_attribute("aria-checked", "false")
        self.reads()

    def disconnects(self) -> None:
        """Is asked twice, and told which zap it is about."""
        self.page.goto(f"{self.tab.url}/connections")
        self.page.locator("main .list a").first.click()
        self.page.wait_for_url("**/connections/*")
        name = self.page.locator("h1").inner_text()
        self.page.locator('[data-dialog="disconnect"]').click()
        dialog = self.page.locator("dialog[open]")
        expect(dialog).to_contain_text(NAME)
        self.reads()
        dialog.locator("a.danger").click()
        self.page.locator("[name=name]").fill(name)
        self.page.locator("form.card button.danger").click()
        self.page.wait_for_url("**/connections")
        expect(self.page.locator("main")).not_to_contain_text(name)


@pytest.fixture(params=[ENGLISH, GERMAN], ids=["English", "German"])
def newcomer(request: pytest.FixtureRequest, tmp_path: Path, browser: Browser) -> Iterator[Newcomer]:
    words: Words = request.param
    with ExitStack() as stack:
        mailbox = stack.enter_context(sandbox("imap", tmp_path / "mailbox"))
        invoices = stack.enter_context(sandbox("invoice2go", tmp_path / "books"))
        installation = Installation(tmp_path / "data")
        installation.fill_in("invoice2go", "sandbox", invoices["profile"])
        send_by_smtp(mailbox, form_mail("Ada Lovelace", "ada@kunde.example"))
        served = stack.enter_context(installation.serving())
        url = f"http://127.0.0.1:{served.port}"
        expected = ("422 ", "400 ")  # the private host that is refused first, and the permission that is denied
        opened = stack.enter_context(tab(browser, url, language=words.language, allowed=expected))
        yield Newcomer(opened.page, opened, words, mailbox, invoices, set_up_link(tmp_path / "data"))


def set_up_link(data: Path) -> str:
    """A fresh one, as each start prints it."""
    runtime = Runtime(Settings(data=data))
    try:
        link = runtime.people.links.set_up()
        assert link is not None
        return link.url
    finally:
        runtime.database.close()


def test_somebody_new_gets_from_the_first_start_to_a_client_and_back(newcomer: Newcomer):
    books = Books(newcomer.invoices["url"])
    newcomer.sets_up()
    newcomer.connects_the_mailbox()
    newcomer.connects_invoice2go()
    newcomer.builds()
    newcomer.maps()
    newcomer.tests_the_action()
    assert books.names() == ["Ada Lovelace"], "testing the action really creates the client"
    newcomer.names_and_switches_on()
    send_by_smtp(newcomer.mailbox, form_mail("Erika Muster", "erika@kunde.example"))
    wait_until(lambda: "Erika Muster" in books.names(), 30, what="the client of the new mail")
    newcomer.sees_it_in_the_history("Anfrage")
    newcomer.switches_off()
    newcomer.disconnects()
    assert books.names() == ["Ada Lovelace", "Erika Muster"], "nothing twice, and nothing of what was there before"
    books.close()
