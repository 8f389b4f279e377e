"""Makes the pictures of the pages in docs/pictures, from a real installation with practice accounts."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page  # noqa: E402 (after the path)

from tests.waiting import wait_until  # noqa: E402
from tests.web.browser.chromium import PHONE, WIDE, chromium, tab  # noqa: E402
from tests.web.browser.office import ACCOUNT, MAILBOX, Office, office  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
NAME = "Gmail + Invoice2go Kunden-hinzufügen-Zap"
ZAP = f"""
zapwerk: 1
name: {NAME}
language: de
timezone: Europe/Berlin
country: DE
trigger: {{use: imap.new_email, connection: {MAILBOX}, with: {{folder: INBOX, subject_contains: Anfrage}}}}
steps:
  - key: client
    use: invoice2go.create_client
    connection: {ACCOUNT}
    with:
      name: "{{{{ trigger.labelled['Name'] | default: trigger.sender.name }}}}"
      email: "{{{{ trigger.labelled['E-Mail'] | default: trigger.sender.address }}}}"
      notes: "{{{{ trigger.labelled['Nachricht'] }}}}"
      if_exists: use
"""
PEOPLE = ("Ayşe Nowak", "Jonas Weber", "Clara Sommer", "Marek Zielinski", "Erika Beispiel")


def main() -> int:
    """Writes every picture anew."""
    with tempfile.TemporaryDirectory() as folder, office(Path(folder)) as made, chromium() as browser:
        work(made)
        for language, scheme, width, suffix in (
            ("en", "light", WIDE, ""),
            ("en", "dark", WIDE, "-dark"),
            ("de", "light", WIDE, "-german"),
            ("en", "light", PHONE, "-phone"),
        ):
            draw(browser, made, language, scheme, width, suffix)
    return 0


def work(made: Office) -> None:
    """A zap that has done something."""
    made.house.installation.switch_on(ZAP)
    for number, who in enumerate(PEOPLE):
        made.write(who, f"kunde{number}@beispiel.example")
    wait_until(lambda: len(made.books.names()) == len(PEOPLE), 60, what="the clients of all mails")


def draw(browser: Browser, made: Office, language: str, scheme: str, width: int, suffix: str) -> None:
    """The main pages, in one language, light or dark, wide or on a phone."""
    how = {"language": language, "scheme": scheme, "width": width}
    with tab(browser, made.house.url, cookies=made.house.cookies(), **how) as opened:  # type: ignore[arg-type]
        week = ".zap-week svg.week:not(.nothing)"
        wait_until(lambda: opened.go("/zaps").locator(week).count(), 60, what="a week with runs in it")
        page = opened.page
        shoot(page, f"zaps{suffix}", week)
        page.locator("main a", has_text=NAME).first.click()
        if not suffix:
            choose_sample(page)
        page.locator('#editor-flow a[data-step="client"]').click()
        shoot(page, f"editor{suffix}", '[data-panel="client"] [role="textbox"]')
        opened.go("/history")
        shoot(page, f"history{suffix}", ".run-row .status.good")
        page.locator("main a[href^='/history/']").first.click()
        shoot(page, f"run{suffix}", "main .status.good")


def choose_sample(page: Page) -> None:
    """Once: then the pills have values."""
    page.locator('#editor-flow a[data-step="trigger"]').click()
    page.locator("#try .try-buttons button.primary").click()
    page.locator("#try .record-card").first.click()
    page.wait_for_selector("#try .status.good")


def shoot(page: Page, name: str, shows: str) -> None:
    """What is to be seen must be there: a page that says what went wrong is no picture of ours."""
    page.locator(shows).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"page-{name}.png")


if __name__ == "__main__":
    raise SystemExit(main())
