"""The demo mailbox's page, over real HTTP and SMTP: what it shows, what it takes, and from whom."""

import asyncio
import re
import smtplib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.mail import demo_letters, demo_pages, labelled
from connectors.mail.imap import new_email
from tests import plain
from tests.connectors.mail.scripted import mail
from tests.connectors.mail.test_sandbox import bench_at, running, send
from tests.waiting import free_port
from web import demo_mail
from zapwerk import Sandbox

LETTER = {"name": "Erika Beispiel", "address": "erika@example.org", "subject": "Anfrage", "text": "Guten Tag"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
def browser(started: Sandbox) -> Iterator[httpx.Client]:
    """Asks as a browser does, and says with every form that the page itself sent it."""
    page = started.facts["page"]
    with plain.Client(base_url=page, headers={"Origin": page}) as client:
        yield client


def subjects(html: str) -> list[str]:
    return re.findall(r'<a href="/mails/\d+"><bdi dir="auto">(.*?)</bdi>', html)


def test_a_mail_written_on_the_page_arrives_as_any_other(started: Sandbox, browser: httpx.Client):
    with bench_at(started) as bench:
        bench.poll(new_email)
        answer = browser.post("/", data=LETTER)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/?sent")
        (record,) = bench.poll(new_email)
    assert (record.subject, record.from_.name, record.from_.address) == (
        "Anfrage",
        "Erika Beispiel",
        "erika@example.org",
    )
    assert record.text.strip() == "Guten Tag"
    assert "SMTP" in record.headers["received"]
    assert demo_mail.SENT_AT.lower() in record.headers, "the demo measures its times from there"


def test_the_newest_mail_stands_on_top_with_its_time_to_a_tenth_of_a_second(browser: httpx.Client):
    for subject in ("first", "second"):
        browser.post("/", data={**LETTER, "subject": subject})
    shown = browser.get("/").text
    assert subjects(shown) == ["second", "first"]
    assert len(re.findall(r"<time[^>]*>\d\d:\d\d:\d\d\.\d</time>", shown)) == 2
    assert re.search(r"\d\.\d s after it was sent", shown)


def test_the_list_is_sent_again_only_when_it_has_changed(started: Sandbox, browser: httpx.Client):
    first = browser.get("/list")
    unchanged = browser.get("/list", headers={"If-None-Match": first.headers["ETag"]})
    assert unchanged.status_code == 304
    send(started, "new")
    changed = browser.get("/list", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, subjects(changed.text)) == (200, ["new"])


def test_what_a_stranger_wrote_is_never_html(started: Sandbox, browser: httpx.Client):
    host, _, port = started.facts["smtp"].partition(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.sendmail("x@y.example", ["me@z.example"], mail(EVIL, text=f"{EVIL} & more"))
    for path in ("/", "/list", "/mails/101"):
        shown = browser.get(path)
        assert EVIL not in shown.text
        assert "&lt;script&gt;alert(1)" in shown.text
        assert "unsafe" not in shown.headers["Content-Security-Policy"]
        assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_mail_opens_as_plain_text(browser: httpx.Client):
    browser.post("/", data={**LETTER, "text": "Zeile eins\r\n\r\nZeile zwei"})
    shown = browser.get("/mails/101").text
    assert "Zeile eins\n\nZeile zwei</pre>" in shown
    assert "Erika Beispiel &lt;erika@example.org&gt;" in shown
    assert browser.get("/mails/999").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("address", "nobody", id="no address"),
        pytest.param("address", "", id="missing address"),
        pytest.param("address", "a@b.example\nBcc: c@d.example", id="forged header in the address"),
        pytest.param("subject", "Anfrage\r\nBcc: c@d.example", id="forged header in the subject"),
        pytest.param("subject", "x" * 201, id="long subject"),
        pytest.param("name", "A\u2028B", id="line separator in the name"),
        pytest.param("text", "  \r\n ", id="no text"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(browser: httpx.Client, field: str, value: str):
    answer = browser.post("/", data={**LETTER, "name": "<Erika>", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert re.search(rf'id="{field}" name="{field}" aria-invalid="true"', answer.text)
    assert field == "name" or "&lt;Erika&gt;" in answer.text
    assert subjects(answer.text) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"Origin": "http://evil.example"}, id="foreign page"),
        pytest.param({"Origin": "null"}, id="page without an origin"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({"Content-Type": "text/plain"}, id="another kind of body"),
    ],
)
def test_forms_of_other_pages_are_refused(browser: httpx.Client, changes: dict[str, str]):
    answer = browser.post("/", data=LETTER, headers=changes)
    assert answer.status_code == 403
    assert subjects(browser.get("/").text) == []


def test_a_form_that_does_not_say_where_it_is_from_is_refused(started: Sandbox):
    assert plain.post(started.facts["page"], data=LETTER).status_code == 403


def test_only_names_of_this_computer_are_answered(browser: httpx.Client):
    for method in ("GET", "POST"):
        headers = {"Host": "evil.example", "Origin": "http://evil.example"}
        assert browser.request(method, "/", headers=headers).status_code == 421
    port = browser.base_url.port
    assert browser.get("/", headers={"Host": f"localhost:{port}"}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,en;q=0.5,de;q=0.1", "en"), ("fr", "en"), ("de;q=x", "en")],
)
def test_it_speaks_the_language_of_the_browser(browser: httpx.Client, accepted: str, language: str):
    shown = browser.get("/", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in shown
    assert ("Eine Mail schreiben" in shown) == (language == "de")


@pytest.mark.parametrize("ready", demo_letters.READY)
def test_each_ready_mail_fills_the_form_and_can_be_delivered_as_it_is(browser: httpx.Client, ready: str):
    assert f'href="/?ready={ready}" aria-current="true"' in browser.get(f"/?ready={ready}").text
    letter = demo_letters.READY[ready]()
    assert demo_letters.problems(letter) == {}
    assert browser.post("/", data=vars(letter)).status_code == 303


def test_ready_enquiries_name_who_asks_and_the_others_do_not():
    read: dict[str, Any] = {name: labelled.read(make().text, "") for name, make in demo_letters.READY.items()}
    for name in ("form_en", "form_de"):
        assert read[name]["Name"]
        assert read[name]["E-Mail"].endswith("@example.org")
        assert "Anfrage" in demo_letters.READY[name]().subject
    assert not read["nameless"]["Name"]
    assert "Anfrage" not in demo_letters.newsletter().subject


class NoMails:
    """An empty mailbox."""

    version = ""
    total = 0

    def newest(self, limit: int) -> list[tuple[int, datetime]]:
        return []

    def content(self, uid: int) -> None:
        return None


def test_a_mail_that_the_mailbox_does_not_take_is_said_so_and_stays_in_the_form():
    async def work() -> httpx.Response:
        deaf = demo_pages.Mailbox(NoMails(), "127.0.0.1", free_port(), "me@z.example")
        async with demo_pages.serving(deaf, 0) as page, plain.AsyncClient(headers={"Origin": page}) as client:
            return await client.post(page, data=LETTER)

    answer = asyncio.run(work())
    assert answer.status_code == 502
    assert "The mailbox did not take the mail" in answer.text
    assert 'value="erika@example.org"' in answer.text


def test_mails_of_before_a_restart_are_there_again(tmp_path: Path):
    with running(tmp_path) as started:
        send(started, "before")
    with running(tmp_path) as started:
        assert subjects(plain.get(started.facts["page"]).text) == ["before"]
