"""The stand-ins' pages in a real browser: they update by themselves, fit a phone, and axe finds nothing to complain."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from importlib import resources
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from connectors.invoice2go.sandbox import serve
from connectors.mail import sandbox
from tests import plain
from tests.connectors.invoice2go.contexts import profile_of
from tests.connectors.invoice2go.test_sign_in import BACK, CHALLENGE
from zapwerk import Sandbox

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = resources.files("axe_playwright_python") / "axe.min.js"
EVERYWHERE = [(1440, "light", "en-GB"), (1440, "dark", "de-DE"), (390, "light", "de-DE"), (390, "dark", "en-GB")]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="left out: needs Chromium (Debian: apt-get install chromium)"),
]

Work = Callable[[Browser, Sandbox, Sandbox], Awaitable[None]]


def with_both(folder: Path, work: Work) -> None:
    async def run() -> None:
        async with (
            sandbox.serve(folder / "mail", 0) as mails,
            serve(folder / "invoices", clients_quota=100) as invoices,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            try:
                await work(browser, mails, invoices)
            finally:
                await browser.close()

    asyncio.run(run())


async def create(invoices: Sandbox, name: str) -> str:
    """A client, as an engine would create it; its id."""
    base, headers = invoices.profile["base_url"], {"Authorization": f"Bearer {invoices.credentials['key']}"}
    async with plain.AsyncClient(base_url=base, headers=headers) as api:
        account = (await api.get("/accounts")).json()["data"][0]["id"]
        made = await api.post(f"/accounts/{account}/clients", json={"name": name, "email": "erika@example.org"})
    return str(made.json()["data"]["id"])


def consent(invoices: Sandbox) -> str:
    profile = profile_of(invoices)
    asked = {
        "response_type": "code", "client_id": profile.client_id, "redirect_uri": BACK, "scope": "accounts clients",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    return str(httpx.URL(profile.authorize_url, params=asked))


async def write(page: Page, address: str) -> None:
    """Takes the ready English enquiry and delivers it."""
    await page.goto(address)
    await page.get_by_role("link", name="Contact form, English").click()
    await page.get_by_role("button", name="Deliver the mail").click()
    await expect(page.get_by_role("status").first).to_contain_text("The mail is in the mailbox")


def test_what_comes_appears_in_an_open_page_and_leaves_the_rest_as_it_is(tmp_path: Path):
    async def work(browser: Browser, mails: Sandbox, invoices: Sandbox) -> None:
        context = await browser.new_context(locale="en-GB")
        mailbox, writer, clients = [await context.new_page() for _ in range(3)]
        await mailbox.goto(mails.facts["page"])
        await mailbox.get_by_label("Subject").fill("half written")
        await clients.goto(invoices.facts["page"])
        await write(writer, mails.facts["page"])
        await expect(mailbox.locator("[data-list=mails] li")).to_have_count(1)
        await expect(mailbox.get_by_role("status")).to_contain_text("New mail: Enquiry (Anfrage)")
        await expect(mailbox.get_by_label("Subject")).to_have_value("half written")
        for number, name in enumerate(("Anna", "Berta"), 1):
            await create(invoices, name)
            await expect(clients.get_by_text(f"{number} of 100 used")).to_be_visible()
            await expect(clients.locator("li").first).to_contain_text(name)
            await expect(clients.get_by_role("status")).to_have_text(f"New client: {name}")
            await clients.get_by_role("link", name="Anna").focus()
        await expect(clients.get_by_role("link", name="Anna")).to_be_focused()

    with_both(tmp_path, work)


def test_a_person_can_let_it_misbehave_and_allow_a_sign_in(tmp_path: Path):
    async def work(browser: Browser, mails: Sandbox, invoices: Sandbox) -> None:
        page = await browser.new_page(locale="de-DE")
        await page.goto(invoices.facts["page"])
        await page.locator("summary").press("Enter")
        await page.get_by_label("Was geschieht").select_option("cut_after")
        await page.get_by_role("button", name="Fehler vorspielen").click()
        await expect(page.locator(".faults")).to_contain_text("Verbindung getrennt, obwohl es geschah")
        await page.route(f"{BACK}**", lambda route: route.fulfill(body="back"))
        await page.goto(consent(invoices))
        await page.get_by_label("Kunden sehen und anlegen").uncheck()
        await page.get_by_role("button", name="Zulassen").click()
        await page.wait_for_url(f"{BACK}?code=*")

    with_both(tmp_path, work)


def test_all_pages_fit_and_are_accessible_in_light_and_dark(tmp_path: Path):
    async def work(browser: Browser, mails: Sandbox, invoices: Sandbox) -> None:
        page = await browser.new_page(locale="en-GB")
        await write(page, mails.facts["page"])
        client = await create(invoices, "Erika Beispiel <b>")
        mail, invoice = mails.facts["page"], invoices.facts["page"]
        addresses = [f"{mail}/?ready=form_de", f"{mail}/mails/101", f"{mail}/mails/9", f"{invoice}/?misbehaving"]
        addresses += [f"{invoice}/clients/{client}", consent(invoices)]
        for width, scheme, locale in EVERYWHERE:
            context = await browser.new_context(
                viewport={"width": width, "height": 844},
                color_scheme=scheme,  # type: ignore[arg-type]
                locale=locale,
            )
            assert {address: await _troubles(context, address) for address in addresses} == {
                one: [] for one in addresses
            }
            await context.close()

    with_both(tmp_path, work)


async def _troubles(context: BrowserContext, address: str) -> list[str]:
    page = await context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None)
    await page.goto(address)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        said.append("wider than the screen")
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("axe.run().then(found => found.violations.map(one => one.id))")
    await page.close()
    return [*said, *found]
