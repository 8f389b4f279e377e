"""The sandbox's pages for people, over real HTTP: what they show, and who may let the sandbox misbehave."""

import re
from pathlib import Path

import pytest

from connectors.invoice2go.clients import NewClient, create_client
from tests.connectors.invoice2go.contexts import Practice
from tests.connectors.invoice2go.test_creating import with_sandbox
from tests.connectors.invoice2go.test_sign_in import asked

FAULT = {"kind": "error_after", "times": "2", "seconds": "0"}


def test_the_newest_client_stands_on_top_with_its_time_to_a_tenth_of_a_second(tmp_path: Path):
    async def work(there: Practice) -> None:
        for name in ("Anna", "Berta"):
            await create_client(there.ctx(name), NewClient(name=name, email=f"{name}@example.org"))
        shown = (await there.client.get(there.sandbox.facts["page"])).text
        assert re.findall(r'<bdi dir="auto">(Anna|Berta)</bdi>', shown) == ["Berta", "Anna"]
        assert len(re.findall(r"<time[^>]*>\d\d:\d\d:\d\d\.\d</time>", shown)) == 2
        assert "2 of 5 used" in shown
        assert "It is not Invoice2go" in shown

    with_sandbox(tmp_path, work, clients_quota=5)


def test_the_list_is_sent_again_only_when_it_has_changed(tmp_path: Path):
    async def work(there: Practice) -> None:
        address = f"{there.sandbox.url}/list"
        first = await there.client.get(address)
        known = {"If-None-Match": first.headers["ETag"]}
        assert (await there.client.get(address, headers=known)).status_code == 304
        await create_client(there.ctx(), NewClient(name="Anna"))
        changed = await there.client.get(address, headers=known)
        assert (changed.status_code, "Anna" in changed.text) == (200, True)
        german = await there.client.get(
            address, headers={"If-None-Match": changed.headers["ETag"], "Accept-Language": "de"}
        )
        assert "Kunden" in german.text

    with_sandbox(tmp_path, work)


def test_a_record_is_shown_in_full_with_the_calls_that_made_it(tmp_path: Path):
    async def work(there: Practice) -> None:
        given = NewClient(name="Anna", notes="Zeile eins\nZeile zwei")
        made = await create_client(there.ctx("same"), given)
        await create_client(there.ctx("same"), given)
        shown = (await there.client.get(f"{there.sandbox.url}/clients/{made.id}")).text
        assert "Zeile eins\nZeile zwei" in shown
        assert shown.count("<td>POST</td><td>201</td>") == 2

    with_sandbox(tmp_path, work)


def test_a_person_lets_it_misbehave_and_behave_again(tmp_path: Path):
    async def work(there: Practice) -> None:
        page = there.sandbox.url
        own = {"Origin": page}
        answer = await there.client.post(f"{page}/misbehave", data=FAULT, headers=own)
        assert answer.status_code == 303
        (fault,) = (await there.state())["faults"]
        assert (fault["kind"], fault["times"]) == ("error_after", 2)
        assert "An error, although it was done (2\u00a0×)" in (await there.client.get(page)).text
        await there.client.post(f"{page}/misbehave", data={"do": "behave"}, headers=own)
        assert (await there.state())["faults"] == []

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize(
    "changes", [{"times": "0"}, {"times": "1.5"}, {"seconds": "nan"}, {"seconds": "x"}, {"kind": "nothing"}]
)
def test_faults_that_make_no_sense_are_refused_with_a_reason(tmp_path: Path, changes: dict[str, str]):
    async def work(there: Practice) -> None:
        page = there.sandbox.url
        answer = await there.client.post(f"{page}/misbehave", data={**FAULT, **changes}, headers={"Origin": page})
        assert (answer.status_code, "Nothing was changed" in answer.text) == (422, True)
        assert (await there.state())["faults"] == []

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
def test_other_pages_cannot_let_it_misbehave(tmp_path: Path, origin: str):
    async def work(there: Practice) -> None:
        headers = {"Origin": origin} if origin else {}
        answer = await there.client.post(f"{there.sandbox.url}/misbehave", data=FAULT, headers=headers)
        assert answer.status_code == 403
        assert (await there.state())["faults"] == []

    with_sandbox(tmp_path, work)


def test_the_consent_page_says_who_asks_and_for_what_in_the_browsers_language(tmp_path: Path):
    async def work(there: Practice) -> None:
        english = await there.client.get(there.profile.authorize_url, params=asked(there))
        assert all(words in english.text for words in ("127.0.0.1:8000", "Musterbetrieb", "see and create clients"))
        german = {"Accept-Language": "de"}
        shown = await there.client.get(there.profile.authorize_url, params=asked(there), headers=german)
        assert all(words in shown.text for words in ("Zulassen", "Ablehnen", "Kunden sehen und anlegen"))
        wrong = asked(there, redirect_uri="http://evil.example/")
        refused = await there.client.get(there.profile.authorize_url, params=wrong, headers=german)
        assert (refused.status_code, "Rücksprungadresse" in refused.text) == (400, True)

    with_sandbox(tmp_path, work)
