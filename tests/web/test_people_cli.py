"""`zapwerk people`, and what a key rotation does to second factors."""

from datetime import UTC, datetime

import pyotp

from engine.connections.vault import new_key
from engine.people.people import People
from engine.people.person import Person
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.installation import Installation

PASSWORD = "four plain garden words"


class Door:
    """The installation's people, as its web pages have them."""

    def __init__(self, installation: Installation) -> None:
        self._runtime = Runtime(Settings(data=installation.data))
        self.people: People = self._runtime.people

    def __enter__(self) -> People:
        return self.people

    def __exit__(self, *_error: object) -> None:
        self._runtime.database.close()


def joined(installation: Installation, email: str = "olga@example.com", role: str = "owner") -> Person:
    url = installation.json("people", "add", email, "--name", "Olga", "--role", role)["url"]
    with Door(installation) as people:
        return people.accounts.accept(url.rsplit("/", 1)[1], "Olga", email, PASSWORD)


def sign_in(installation: Installation, code: str = "", password: str = PASSWORD) -> str:
    with Door(installation) as people:
        return people.sign_ins.begin("olga@example.com", password, code, address="", agent="").person.name


def with_app(installation: Installation, person: Person) -> str:
    """The secret in their authenticator app."""
    with Door(installation) as people:
        begun = people.second_factor.begin(person)
        people.second_factor.confirm(person, begun.pending, pyotp.TOTP(begun.secret).now())
        return begun.secret


def test_nobody_is_listed_before_somebody_joined(installation: Installation):
    assert installation.json("people", "list") == []
    assert "zapwerk people add" in installation.run("people", "list").stderr
    person = joined(installation)
    (line,) = installation.json("people", "list")
    assert (line["id"], line["email"], line["role"], line["second_factor"]) == (
        person.id,
        "olga@example.com",
        "owner",
        False,
    )
    assert "olga@example.com" in installation.run("people", "list").stdout


def test_an_invitation_is_printed_alone_on_stdout(installation: Installation):
    done = installation.run("people", "add", "vera@example.com", "--name", "Vera", "--role", "viewer")
    assert done.stdout.startswith("http://127.0.0.1:8000/join/")
    assert len(done.stdout.split()) == 1
    assert "For Vera; good once" in done.stderr


def test_an_invitation_that_cannot_be_is_refused_in_words(installation: Installation):
    joined(installation)
    refused = installation.json("people", "add", "olga@example.com", code=1)
    assert refused["problems"][0]["field"] == "email"
    assert installation.run("people", "add", "vera@example.com", "--role", "king", code=2)


def test_somebody_locked_out_gets_a_link_for_a_new_password(installation: Installation):
    joined(installation)
    made = installation.json("people", "link", "Olga@example.com")
    assert (made["purpose"], made["email"]) == ("password", "olga@example.com")
    assert "/password/" in made["url"]
    with Door(installation) as people:
        people.accounts.new_password(made["url"].rsplit("/", 1)[1], "another four garden words")
    assert sign_in(installation, password="another four garden words") == "Olga"
    assert "no such person" in installation.run("people", "link", "nobody@example.com", code=1).stderr


def test_the_second_factor_goes_only_where_that_is_asked_for(installation: Installation):
    with_app(installation, joined(installation))
    installation.run("people", "link", "olga@example.com")
    assert installation.json("people", "list")[0]["second_factor"]
    installation.run("people", "link", "olga@example.com", "--without-second-factor")
    assert not installation.json("people", "list")[0]["second_factor"]
    assert sign_in(installation) == "Olga"


def test_a_second_factor_outlives_a_change_of_the_key(installation: Installation):
    secret = with_app(installation, joined(installation))
    before = (installation.data / "secret.key").read_bytes()
    assert "1 credentials" in installation.run("secrets", "rotate").stderr
    assert (installation.data / "secret.key").read_bytes() != before
    # The code it was switched on with is used up; the one after it is good already.
    assert sign_in(installation, pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1)) == "Olga"


def test_a_rotation_without_the_right_key_says_how_to_go_on(installation: Installation):
    with_app(installation, joined(installation))
    (installation.data / "secret.key").write_bytes(new_key())
    assert "--without-second-factor" in installation.run("secrets", "rotate", code=1).stderr
    installation.run("people", "link", "olga@example.com", "--without-second-factor")
    installation.run("secrets", "rotate")
    assert sign_in(installation) == "Olga"
