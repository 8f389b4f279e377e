"""The addresses of webhooks over real HTTP, answered by a real `zapwerk serve`."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests import plain, processes
from tests.processes import Served
from tests.waiting import wait_until
from tests.web.installation import Installation

ZAP = """
zapwerk: 1
name: {name}
trigger: {{use: webhook.catch{more}}}
steps:
  - {{key: sent, filter: {{all: [{{value: "{{{{ trigger.method }}}}", is: exists}}]}}}}
"""
LIMIT = 100_000
SECRET = "what we agreed on"


@dataclass(frozen=True)
class Hooked:
    """An installation that serves, and one zap with its address."""

    installation: Installation
    served: Served
    name: str
    url: str

    def send(self, method: str = "POST", **more: Any) -> httpx.Response:
        return plain.request(method, self.url, timeout=20, **more)

    def accepted(self, method: str = "POST", **more: Any) -> dict[str, Any]:
        """Sends it, and gives the record of the run that it made."""
        answer = self.send(method, **more)
        assert answer.status_code == 202, answer.text
        record: dict[str, Any] = self.run(answer.json()["run"])["record"]
        return record

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.installation.json("runs", "show", run_id)
        return found

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.installation.json("runs", "list", "--zap", self.name)
        return found


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served_there = processes.Installation(tmp_path_factory.mktemp("hooks"), {"ZAPWERK_HOOK_BODY_LIMIT": str(LIMIT)})
    with served_there.serving() as served:
        yield served


@pytest.fixture(scope="module")
def hooked(serving: Served) -> Hooked:
    return a_zap(serving)


def a_zap(serving: Served, more: str = "") -> Hooked:
    """Another zap, switched on."""
    name, installation = f"zap {uuid4().hex[:8]}", commands(serving)
    installation.run("zaps", "import", "-", "--enable", said=ZAP.format(name=name, more=more))
    url = installation.json("zaps", "show", name)["trigger"]["url"]
    return Hooked(installation, serving, name, url)


def commands(serving: Served) -> Installation:
    """The command line on what is served."""
    return Installation(serving.installation.data, serving.installation.data)


def test_an_accepted_delivery_is_a_run_with_what_was_sent(hooked: Hooked) -> None:
    headers = {"X-Shop": "north", "Authorization": "Bearer abc", "Cookie": "session=abc", "Proxy-Authorization": "abc"}
    record = hooked.accepted(
        json={"who": "Erika", "items": [1, 2.5]}, headers=headers, params={"a": ["1", "2"], "b": ""}
    )
    assert record["body"] == {"who": "Erika", "items": [1, 2.5]}
    assert record["query"] == {"a": ["1", "2"], "b": ""}
    assert record["headers"]["x-shop"] == "north"
    assert not {"authorization", "cookie", "proxy-authorization"} & record["headers"].keys()
    assert record["method"] == "POST"
    assert record["received_at"].endswith("+00:00")
    assert "abc" not in json.dumps(record)


def test_forms_text_and_empty_bodies_are_taken_as_they_are(hooked: Hooked) -> None:
    assert hooked.accepted(data={"name": "Jürgen", "tag": ["a", "b"]})["body"] == {"name": "Jürgen", "tag": ["a", "b"]}
    text = hooked.accepted(content="Grüße".encode("latin-1"), headers={"Content-Type": "text/plain; charset=latin-1"})
    assert text["body"] == "Grüße"
    assert hooked.accepted("GET", params={"who": "Erika"}) | {"body": None, "method": "GET"}
    put = hooked.accepted("PUT", content=b"[1]", headers={"Content-Type": "application/vnd.shop+json"})
    assert (put["body"], put["method"]) == ([1], "PUT")


def test_files_of_a_form_are_kept_and_referred_to(hooked: Hooked) -> None:
    content = bytes(range(256)) * 20
    record = hooked.accepted(data={"who": "Erika"}, files={"scan": ("Straße.pdf", content, "application/pdf")})
    (file,) = record["files"]
    assert (file["name"], file["content_type"], file["size"]) == ("Straße.pdf", "application/pdf", len(content))
    assert file["ref"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert record["body"]["who"] == "Erika"
    assert record["body"]["scan"]["ref"] == file["ref"]


def test_the_same_name_gives_the_same_run_and_with_other_content_is_refused(hooked: Hooked) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    first = hooked.send(json={"n": 1}, headers=headers)
    again = hooked.send(json={"n": 1}, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    other = hooked.send(json={"n": 2}, headers=headers)
    assert other.status_code == 422
    assert "came before" in other.json()["error"]
    assert hooked.send(json={"n": 1}, headers={"X-GitHub-Delivery": uuid4().hex}).json() != first.json()


def test_the_same_delivery_many_times_at_once_is_one_run(serving: Served) -> None:
    hooked, key = a_zap(serving), uuid4().hex
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: hooked.send(json={}, headers={"Idempotency-Key": key}), range(40)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run"] for answer in answers}) == 1
    assert len(hooked.runs()) == 1


def test_deliveries_without_a_name_are_runs_of_their_own(serving: Served) -> None:
    hooked = a_zap(serving)
    assert hooked.send(json={}).json() != hooked.send(json={}).json()
    assert len(hooked.runs()) == 2


def test_broken_json_is_refused_with_its_position(hooked: Hooked) -> None:
    answer = hooked.send(content=b'{"a": 1,\n "b": }', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "line 2, column 7 (position 15)" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 50_000, b"9" * 5_000],
    ids=["no number", "not UTF-8", "too deep", "too long a number"],
)
def test_json_that_cannot_be_kept_is_refused(hooked: Hooked, body: bytes) -> None:
    answer = hooked.send(content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_form_that_is_none_is_refused(hooked: Hooked) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = hooked.send(content=b"--y\r\nnonsense", headers={"Content-Type": kind})
        assert answer.status_code == 400, kind


def test_a_body_over_the_limit_is_refused_however_it_comes(hooked: Hooked) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(LIMIT // 1000 + 1):
            yield b"x" * 1000

    assert hooked.send(content=b"x" * (LIMIT + 1)).status_code == 413
    assert hooked.send(content=pieces()).status_code == 413
    assert hooked.send(content=b"x" * LIMIT, headers={"Content-Type": "text/plain"}).status_code == 202


def test_addresses_that_lead_nowhere_all_answer_alike(hooked: Hooked) -> None:
    base = hooked.url.rpartition("/")[0]
    answers = [plain.post(f"{base}/{token}", json={}) for token in ("x", "a" * 32, hooked.url[-32:][::-1], "ä%00")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.content, answer.headers["content-type"]) for answer in answers}) == 1


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE"])
def test_another_way_of_sending_is_refused_with_those_there_are(hooked: Hooked, method: str) -> None:
    before = len(hooked.runs())
    answer = hooked.send(method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, PUT, HEAD")
    assert answer.json() == {"error": "This address takes GET, POST, PUT, HEAD."}
    assert len(hooked.runs()) == before


def test_looking_whether_the_address_answers_starts_nothing(hooked: Hooked) -> None:
    before = len(hooked.runs())
    elsewhere = plain.request("HEAD", f"{hooked.url[:-32]}{'a' * 32}", timeout=20)
    for answer in (hooked.send("HEAD"), elsewhere):
        assert (answer.status_code, answer.content) == (200, b"")
    hooked.send(json={})
    assert len(hooked.runs()) == before + 1


def test_a_zap_that_is_switched_off_or_deleted_takes_nothing_in(serving: Served) -> None:
    hooked = a_zap(serving)
    assert hooked.send(json={}).status_code == 202
    hooked.installation.run("zaps", "disable", hooked.name)
    refused = hooked.send(json={})
    assert (refused.status_code, refused.json()["error"]) == (410, "This zap is switched off.")
    hooked.installation.run("zaps", "enable", hooked.name)
    assert hooked.send(json={}).status_code == 202
    hooked.installation.run("zaps", "delete", hooked.name, "--yes")
    assert hooked.send(json={}).status_code == 404


def test_a_zap_that_was_never_switched_on_has_its_address_already(serving: Served) -> None:
    installation = commands(serving)
    installation.run("zaps", "import", "-", said=ZAP.format(name="not yet", more=""))
    url = installation.json("zaps", "show", "not yet")["trigger"]["url"]
    assert installation.run("zaps", "address", "not yet").stdout.strip() == url
    assert plain.post(url, json={}).status_code == 410
    installation.run("zaps", "enable", "not yet")
    assert installation.json("zaps", "show", "not yet")["trigger"]["last_success_at"] is None
    assert plain.post(url, json={}).status_code == 202
    assert installation.json("zaps", "show", "not yet")["trigger"]["last_success_at"] is not None


def test_another_address_ends_the_old_one(serving: Served) -> None:
    hooked = a_zap(serving)
    new = hooked.installation.run("zaps", "address", hooked.name, "--new", "--yes").stdout.strip()
    assert hooked.send(json={}).status_code == 404
    assert plain.post(new, json={}).status_code == 202


def test_what_is_not_signed_with_the_agreed_secret_is_refused(serving: Served) -> None:
    agreed = ("--auth", "signed", "--set", f"secret={SECRET}")
    commands(serving).run("connections", "add", "webhook", "--name", "the shop's secret", *agreed)
    hooked = a_zap(serving, ", connection: the shop's secret")
    body = b'{"n": 1}'
    signature = "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex()
    headers = {"Content-Type": "application/json"}
    for sent in ({}, {"X-Hub-Signature-256": signature[:-1] + "0"}, {"X-Hub-Signature-256": "é"}):
        answer = hooked.send(content=body, headers={k: v.encode("latin-1") for k, v in {**headers, **sent}.items()})
        assert (answer.status_code, answer.json()["error"]) == (403, "The signature is missing or wrong.")
    assert hooked.runs() == []
    record = hooked.accepted(content=body, headers={**headers, "X-Hub-Signature-256": signature})
    assert record["body"] == {"n": 1}
    assert "x-hub-signature-256" not in record["headers"]


def test_half_a_delivery_makes_no_run(serving: Served) -> None:
    hooked = a_zap(serving)
    path = httpx.URL(hooked.url).path
    with socket.create_connection(("127.0.0.1", serving.port)) as sender:
        sender.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode())
    assert hooked.send(json={}).status_code == 202
    assert len(hooked.runs()) == 1


def test_what_was_accepted_outlives_a_kill(tmp_path: Path) -> None:
    with processes.Installation(tmp_path).serving() as served:
        hooked = a_zap(served)
        runs = {hooked.send(json={"n": n}).json()["run"] for n in range(5)}
        served.kill()
        served.start()
        wait_until(lambda: {run["id"] for run in hooked.runs() if run["state"] == "succeeded"} == runs)


def test_tokens_are_neither_in_the_log_nor_in_the_database(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with processes.Installation(tmp_path, {"ZAPWERK_LOG_LEVEL": "DEBUG"}, forked=False).serving() as served:
        hooked = a_zap(served)
        hooked.send(json={})
        hooked.send(content=b"{", headers={"Content-Type": "application/json"})
        hooked.send("DELETE")
    token, said = hooked.url.rpartition("/")[2], capfd.readouterr().err
    assert "route=/hooks/{token} status=202" in said
    assert token not in said
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert token.encode() not in stored


def test_the_address_is_made_of_the_public_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAPWERK_PUBLIC_URL", "https://zaps.example.com/")
    installation = Installation(tmp_path, tmp_path)
    installation.run("zaps", "import", "-", said=ZAP.format(name="public", more=""))
    assert installation.json("zaps", "show", "public")["trigger"]["url"].startswith("https://zaps.example.com/hooks/")
