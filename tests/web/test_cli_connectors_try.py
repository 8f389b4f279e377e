"""`zapwerk connectors try` against a real service on this machine: each kind of operation, and what it must not do."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.store.tables_history import OUTSIDE
from tests.web.installation import PASSWORD, Installation, flat
from tests.web.kiosk import Kiosk, kiosk_at

CREDENTIAL = ("--credential", "key=open-sesame-42")


@pytest.fixture(scope="module")
def kiosk() -> Iterator[Kiosk]:
    with kiosk_at() as found:
        yield found


@pytest.fixture
def connector(kiosk: Kiosk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kiosk's connector as a file that lies anywhere but in a data folder."""
    kiosk.empty()
    monkeypatch.setenv("ZAPWERK_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    path = tmp_path / "elsewhere" / "kiosk.py"
    path.parent.mkdir()
    path.write_text(kiosk.connector(), "utf-8")
    return str(path)


def trying(installation: Installation, connector: str, *words: str, code: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = installation.json("connectors", "try", connector, *words, *CREDENTIAL, code=code)
    return answer


def test_a_check_says_who_is_signed_in(installation, connector):
    tried = trying(installation, connector, "check")
    assert (tried["kind"], tried["records"]) == ("check", [{"id": "k1", "label": "Kim"}])


def test_a_trigger_shows_its_newest_records_as_a_zap_would_see_them(installation, connector, kiosk):
    kiosk.sell("tea", "milk", "bread")
    tried = trying(installation, connector, "new_sale", "--count", "2")
    assert [record["what"] for record in tried["records"]] == ["bread", "milk"]
    assert tried["account"] == "Kim"
    shown = installation.run("connectors", "try", connector, "new_sale", *CREDENTIAL).stdout
    assert "place.shelf" in shown  # the name by which a template reaches it


def test_the_input_is_read_as_in_a_zap(installation, connector, kiosk):
    kiosk.sell("tea", "milk")
    tried = trying(installation, connector, "new_sale", "--with", "least=1,50", "--with", "tags=[]")
    assert len(tried["records"]) == 2
    refused = installation.json("connectors", "try", connector, "new_sale", "--with", "least=much", *CREDENTIAL, code=1)
    assert refused["problems"][0]["field"] == "least"
    refused = installation.json("connectors", "try", connector, "new_sale", "--with", "tags=[", *CREDENTIAL, code=1)
    assert "JSON" in refused["problems"][0]["message"]
    refused = installation.json("connectors", "try", connector, "new_sale", "--with", "no=1", *CREDENTIAL, code=1)
    assert "There is no such field" in refused["problems"][0]["message"]


def test_a_search_finds_one_or_nothing(installation, connector, kiosk):
    kiosk.sell("tea")
    assert trying(installation, connector, "find_sale", "--with", "what=tea")["records"][0]["what"] == "tea"
    assert trying(installation, connector, "find_sale", "--with", "what=gold")["records"] == []


def test_choices_are_what_a_field_offers(installation, connector):
    tried = trying(installation, connector, "order.shelf", "--search", "upp")
    assert tried["records"] == [{"value": "u", "label": "Upper"}]
    assert tried["kind"] == "choices"


def test_an_action_does_nothing_until_it_is_meant(installation, connector, kiosk):
    words = ("order", "--with", "what=tea", "--with", "shelf=u")
    refused = trying(installation, connector, *words, code=1)
    assert "“Order” really changes something at Kiosk" in refused["error"]
    assert "what: tea" in refused["error"]
    assert "--yes-do-it" in refused["error"]
    assert kiosk.orders() == []
    done = trying(installation, connector, *words, "--yes-do-it")
    assert kiosk.orders() == ["tea"]
    assert done["records"][0]["what"] == "tea"


def test_an_action_whose_answer_is_lost_is_told_with_what_would_follow(installation, connector, kiosk):
    kiosk.lose_answers()
    tried = trying(installation, connector, "order", "--with", "what=tea", "--with", "shelf=u", "--yes-do-it", code=1)
    assert (tried["error"], kiosk.orders()) == ("OutcomeUnknown", ["tea"])
    assert "its lookup would be asked" in tried["consequence"]


def test_a_webhook_makes_records_of_a_file(installation, connector, tmp_path):
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"id": "7", "what": "tea"}))
    words = ("paid", "--body", str(body), "--secret", "s3cret")
    tried = trying(installation, connector, *words, "--header", "X-Secret=s3cret")
    assert tried["records"][0]["what"] == "tea"
    refused = trying(installation, connector, *words, code=1)
    assert (refused["error"], refused["problem"]) == ("PermanentFailure", "It is not signed.")
    assert "refused" in refused["consequence"]
    assert "--body FILE" in trying(installation, connector, "paid", code=1)["error"]


def test_a_wrong_key_is_told_as_it_would_be_when_connecting(installation, connector):
    tried = installation.json("connectors", "try", connector, "new_sale", "--credential", "key=wrong-key", code=1)
    assert (tried["error"], tried["records"]) == ("AuthFailed", [])
    assert tried["consequence"] == "The connection would not be saved."


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        pytest.param("gold", "PermanentFailure", "The run would fail", id="refused for good"),
        pytest.param("ice", "QuotaReached", "would be held", id="the plan's limit"),
        pytest.param("mud", "InvalidInput", "at the field “what”", id="a value that is refused"),
        pytest.param("bug", "ConnectorBug", "a fault of the connector", id="a bug"),
        pytest.param("page", "OutcomeUnknown", "not be repeated blindly", id="a page instead of an answer"),
    ],
)
def test_an_error_is_a_sentence_with_what_would_follow_in_a_zap(installation, connector, what, error, said):
    words = ("order", "--with", f"what={what}", "--with", "shelf=u", "--yes-do-it")
    tried = trying(installation, connector, *words, code=1)
    assert tried["error"] == error
    assert said in tried["consequence"]
    assert "open-sesame-42" not in json.dumps(tried)


def test_the_traceback_of_a_bug_is_in_the_log_for_its_author(installation, connector):
    words = ("order", "--with", "what=bug", "--with", "shelf=u", "--yes-do-it")
    log = "\n".join(trying(installation, connector, *words, code=1)["log"])
    assert "ZeroDivisionError" in log
    assert "kiosk.py" in log


def test_what_the_connector_logs_and_prints_is_shown_without_its_secrets(installation, connector):
    done = installation.run("connectors", "try", connector, "new_sale", *CREDENTIAL)
    assert "log: debug: asking with " in done.stderr
    assert "log: info: printed: hello" in done.stderr
    assert "open-sesame-42" not in done.output


def test_a_secret_that_the_service_sends_back_is_not_shown(installation, connector, kiosk):
    kiosk.sell("open-sesame-42")
    assert "open-sesame-42" not in json.dumps(trying(installation, connector, "new_sale"))


def test_trying_a_file_makes_no_data_folder(installation, connector, tmp_path):
    elsewhere = Installation(tmp_path / "none", tmp_path)
    trying(elsewhere, connector, "new_sale")
    assert not elsewhere.data.exists()


def test_a_stored_connection_is_used_and_nothing_is_written(installation: Installation):
    installation.connect()
    installation.switch_on()
    installation.order("Ada")
    before = contents(installation.data)
    tried = installation.json("connectors", "try", "shop", "new_order", "--connection", "shop")
    assert [record["who"] for record in tried["records"]] == ["Ada"]
    sent = ("connectors", "try", "shop", "send_parcel", "--connection", "shop", "--with", "to=Ada", "--yes-do-it")
    assert installation.json(*sent)["records"][0]["to"] == "Ada"
    assert PASSWORD not in installation.run(*sent).output
    assert contents(installation.data) == before
    assert installation.json("runs", "list") == []


def contents(data: Path) -> list[str]:
    """The name of every file of the data folder, and every row of its database."""
    names = [str(path) for path in data.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    with closing(sqlite3.connect(data / "zapwerk.db")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = sorted(
            f"{name}: {row!r}" for name in tables - OUTSIDE for row in database.execute(f"SELECT * FROM {name}")
        )
    return sorted(name for name in names if not name.endswith(("-wal", "-shm"))) + rows


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("shop", "nothing", "--connection", "shop"), "There is: check, new_order", id="no such operation"),
        pytest.param(("shop", "new_order"), "--credential FIELD=VALUE for folder, password", id="nobody to ask as"),
        pytest.param(("imap", "new_email", "--connection", "shop"), "is a connection to “shop”", id="another app's"),
        pytest.param(("shop", "new_order.no", "--connection", "shop"), "offers choices", id="a field without choices"),
        pytest.param(("broken", "x"), "“broken” cannot be used", id="a connector that cannot be loaded"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_what_to_do(connected: Installation, words: tuple[str, ...], said: str):
    (connected.data / "connectors" / "broken.py").write_text("1 / 0\n")
    assert said in flat(connected.run("connectors", "try", *words, code=1).stderr)
