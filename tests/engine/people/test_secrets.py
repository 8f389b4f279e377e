"""What opens a door stands nowhere in the clear, and the audit log takes no secrets."""

from pathlib import Path

import pytest

from engine.people.audit import BLOTTED, Action
from engine.people.links import Link, Purpose, note_for
from engine.people.roles import Role
from engine.people.sentences import SENTENCES
from tests.engine.people.house import PASSWORD, House


def test_nothing_that_lets_somebody_in_stands_in_the_database(small_house: House):
    house = small_house
    owner = house.owner()
    app, codes = house.with_app(owner)
    house.later(minutes=1)
    secrets = [
        PASSWORD,
        app.secret,
        *codes,
        *(code.replace("-", "") for code in codes),
        house.sign_in(code=codes[0]).token,
        house.people.tokens.make(owner, "script", Role.OWNER).secret,
        *(house.people.links.make(purpose, person_id=owner.id).token for purpose in Purpose),
    ]
    assert len(secrets) == 2 + 20 + 2 + 4
    stored = _bytes_of(house)
    assert b"olga@example.com" in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []


def _bytes_of(house: House) -> bytes:
    assert house.database.engine.url.database
    path = Path(house.database.engine.url.database)
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def test_secrets_in_the_details_of_the_audit_log_are_blotted_out(house: House):
    details = {
        "app": "shop",
        "client_secret": "s3",
        "more": {"apiToken": "t", "fields": [{"password": "p"}]},
        "codes": 3,
    }
    house.people.audit.tell(Action.APP_CONFIGURED, person=None, subject="Shop", details=details)
    (entry,) = house.told()
    assert entry.person == "command line"
    assert entry.details == {
        "app": "shop",
        "client_secret": BLOTTED,
        "more": {"apiToken": BLOTTED, "fields": [{"password": BLOTTED}]},
        "codes": 3,
    }


def test_the_audit_log_is_read_page_by_page_and_filtered(house: House):
    owner = house.owner()
    audit = house.people.audit
    for number in range(5):
        audit.tell(Action.ZAP_EDITED, person=owner, subject_id=f"z{number % 2}", subject=f"zap {number}")
    audit.tell(Action.RUN_REPLAYED, person=None, subject_id="r1")
    first = audit.page(action="zap.", size=3)
    assert [entry.subject for entry in first.entries] == ["zap 4", "zap 3", "zap 2"]
    second = audit.page(action="zap.", size=3, before=first.next)
    assert ([entry.subject for entry in second.entries], second.next) == (["zap 1", "zap 0"], None)
    assert [entry.subject for entry in audit.page(subject_id="z1").entries] == ["zap 3", "zap 1"]
    assert len(audit.page(person_id=owner.id).entries) == 6
    assert len(audit.page(action=Action.RUN_REPLAYED).entries) == 1
    assert audit.page(action="%").entries == ()


def test_an_entry_takes_any_text(house: House):
    house.people.audit.tell(Action.ZAP_RENAMED, person=None, subject="a\x00b\ud800", details={"x": "\x00"})
    assert house.told()[0].subject == "a\ufffdb\ufffd"


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_exists_in_both_languages_with_the_same_parameters(code: str):
    english, german = SENTENCES[code]
    given = {"most": 1, "least": 2, "count": 3}
    assert english.format(**given) != german.format(**given)
    assert {name for name in given if f"{{{name}}}" in english} == {name for name in given if f"{{{name}}}" in german}
    assert "!" not in english + german


@pytest.mark.parametrize(
    ("note", "name", "email"),
    [
        pytest.param(note_for("Müller, Anna", "anna@example.com"), "Müller, Anna", "anna@example.com", id="both"),
        pytest.param(note_for("", "anna@example.com"), "", "anna@example.com", id="e-mail alone"),
        pytest.param("the new one in accounting", "the new one in accounting", "", id="free text"),
    ],
)
def test_whom_an_invitation_is_for_is_found_again(small_house: House, note: str, name: str, email: str):
    made = small_house.people.links.make(Purpose.INVITATION, role=Role.VIEWER, note=note)
    link: Link = small_house.people.links.peek(Purpose.INVITATION, made.token)
    assert (link.name, link.email) == (name, email)
