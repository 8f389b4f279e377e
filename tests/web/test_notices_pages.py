"""The pages about notices over real HTTP: what is open, wishes, ways, the step after setting up, and the commands."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.connections.vault import load_keys
from engine.notices.ways import MailWay, Ways
from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import notices
from tests.engine.notices.office import SECRET, USER, MailServer, Receiver
from tests.web.browser.house import House, house
from tests.web.installation import Installation
from tests.web.visitors import Visitor, visitor
from web.cli import app

OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER
ALLOWED = {"ZAPWERK_ALLOW_PRIVATE_HOSTS": "127.0.0.1"}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("notices"), environ=ALLOWED) as made:
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def tell(where: House, matter: str, sentence: str) -> None:
    runtime = Runtime(Settings(data=where.installation.data))
    with runtime.database.write() as session:
        notices.tell(session.connection(), matter, sentence, now=datetime.now(UTC))
    runtime.database.close()


def mail_form(server: MailServer, **more: str) -> dict[str, str]:
    known = {"from": "own", "host": "127.0.0.1", "port": str(server.port), "security": "none"}
    return {**known, "username": USER, "password": SECRET, "sender": USER, **more}


def set_mail(someone: Visitor, server: MailServer, **more: str) -> int:
    return someone.post("/settings/notices/mail", **mail_form(server, **more)).status_code


def test_a_notice_is_new_until_it_was_read_and_markup_in_it_is_text(there: House):
    tell(there, "backup:pages", "The <b>backup</b> failed.")
    someone, other = visitor(there, VIEWER), visitor(there, EDITOR)
    someone.get("/notices")
    assert "The <b>backup</b> failed. New" in someone.said
    assert someone.post("/notices/read").headers["location"] == "/notices"
    assert "failed. New" not in visitor(there, VIEWER).get("/notices").text.replace("</bdi>", "")
    other.get("/notices")
    assert "failed. New" in other.said


def test_saving_a_mail_server_sends_a_test_mail_and_never_shows_the_password(there: House, server: MailServer):
    owner = visitor(there, OWNER)
    before = len(server.taken)
    assert set_mail(owner, server) == 303
    (came,) = server.taken[before:]
    assert (came["to"], came["subject"], came["x-zapwerk-notice"]) == (
        "olga@zapwerk.example",
        "Zapwerk: This is a test",
        "test",
    )
    assert SECRET not in owner.get("/settings/notices").text
    assert owner.value("host") == "127.0.0.1"
    assert set_mail(owner, server, password="") == 303
    assert owner.post("/settings/notices/test", way="mail").status_code == 303
    assert len(server.taken) == before + 3


def test_the_stored_password_goes_to_no_other_server(there: House, server: MailServer):
    owner = visitor(there, OWNER)
    assert set_mail(owner, server) == 303
    assert set_mail(owner, server, host="localhost", password="") == 422
    assert set_mail(owner, server) == 303


def test_what_went_wrong_is_said_and_what_was_typed_is_kept(there: House, server: MailServer):
    owner = visitor(there, OWNER, language="de")
    assert set_mail(owner, server, password="wrong") == 422
    assert "nimmt Benutzername und Passwort nicht an" in owner.said
    assert (owner.value("port"), "wrong" in owner.page.text) == (str(server.port), False)
    assert set_mail(owner, server, port="99999", sender="x") == 422
    assert {"port", "sender"} <= owner.wrong
    assert set_mail(owner, server) == 303


def test_a_private_host_is_allowed_from_the_error_itself(tmp_path: Path, server: MailServer):
    with house(tmp_path) as closed:
        owner = visitor(closed, OWNER)
        assert set_mail(owner, server) == 422
        assert "is in a private network" in owner.said
        assert owner.value("allow-mail") == "127.0.0.1"
        assert set_mail(owner, server, allow="127.0.0.1") == 303


def test_a_hook_shows_its_secret_once(there: House, receiver: Receiver):
    owner = visitor(there, OWNER)
    assert owner.post("/settings/notices/hook", address=receiver.url).status_code == 200
    secret = owner.value("hook-secret")
    assert len(secret) > 20
    assert secret not in owner.get("/settings/notices").text
    assert receiver.told[0]["about"] == "test"
    assert owner.post("/settings/notices/hook", address=receiver.url).status_code == 303
    owner.post("/settings/notices/hook", address=receiver.url, renew="1")
    assert owner.value("hook-secret") not in ("", secret)
    assert owner.post("/settings/notices/hook", address="no address").status_code == 422
    assert owner.wrong == {"address"}
    assert owner.post("/settings/notices/off", way="hook").status_code == 303
    assert 'data-dialog="off-hook"' not in owner.get("/settings/notices").text


def test_everybody_says_how_they_are_told_and_only_owners_see_the_ways(there: House):
    someone = visitor(there, EDITOR)
    someone.get("/settings/notices")
    assert "By webhook" not in someone.said
    assert someone.post("/settings/notices/wishes", usual="digest", weekly="1").status_code == 303
    page = someone.get("/settings/notices").text
    assert '<option value="digest" selected>' in page
    assert 'name="weekly" value="1" checked' in page
    someone.post("/settings/notices/wishes", usual="<script>", zap="nothing", zap_wish="now")
    page = someone.get("/settings/notices").text
    assert '<option value="digest" selected>' in page
    assert 'name="weekly" value="1" checked' not in page


def test_the_step_after_setting_up_can_be_left_out_or_ends_at_the_zaps(there: House, server: MailServer):
    owner = visitor(there, OWNER)
    assert "Later" in owner.get("/settings/notices/first").text
    answer = owner.post("/settings/notices/mail", **mail_form(server, first="1", password="wrong"))
    assert (answer.status_code, "Later" in answer.text) == (422, True)
    assert owner.post("/settings/notices/mail", **mail_form(server, first="1")).headers["location"] == "/zaps"


def test_the_commands_list_and_try(there: House, server: MailServer):
    tell(there, "backup:told", "It was told here.")
    set_mail(visitor(there, OWNER), server)
    data = str(there.installation.data)
    listed = CliRunner().invoke(app, ["--data", data, "notices", "list", "--json"])
    assert "It was told here." in [one["sentence"] for one in json.loads(listed.stdout)]
    before = len(server.taken)
    done = CliRunner().invoke(app, ["--data", data, "notices", "test", "--to", "olga@zapwerk.example"], env=ALLOWED)
    assert done.exit_code == 0, done.output
    assert len(server.taken) == before + 1
    nobody = CliRunner().invoke(app, ["--data", data, "notices", "test", "--to", "no@zapwerk.example"])
    assert nobody.exit_code == 1


def test_a_new_key_seals_the_ways_as_well(installation: Installation):
    def ways() -> Ways:
        runtime = Runtime(Settings(data=installation.data))
        runtime.database.close()
        return runtime.notices.ways

    ways().set_mail(MailWay(host="smtp.example.com", username=USER, password=SECRET, sender=USER))
    (before,) = load_keys(None, installation.data)
    assert "1 credentials" in installation.run("secrets", "rotate").stderr
    assert load_keys(None, installation.data) != (before,)
    way = ways().mail()
    assert way is not None
    assert way.password == SECRET
