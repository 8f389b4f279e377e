"""Mails and calls on their way: over real servers, tried again, never by two at once, and told when they fail."""

import asyncio
import hashlib
import hmac
import json
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from connectors.mail import automatic
from engine.connections.addresses import Guard
from engine.errors import Problems
from engine.notices import deciding, letters, mail
from engine.notices.refusals import NotSent
from engine.notices.ways import HookWay, MailWay, Security
from engine.sdk.connecting import SmtpAccount
from engine.store import dispatches
from engine.store.notice_ways import Kind
from tests.engine.notices.office import SECRET, USER, MailServer, Office, Receiver, markup, plain

A_MOMENT = timedelta(minutes=1)


def test_a_mail_says_that_a_program_sent_it_and_starts_no_zap(office: Office):
    office.with_mail()
    office.tell("backup:x", "The backup failed.")
    (came,) = office.work(after=A_MOMENT)
    assert came["from"] == f"Zapwerk <{USER}>"
    assert came["auto-submitted"] == "auto-generated"
    assert came["x-zapwerk-notice"] == "news"
    assert automatic.is_own_notice({name.lower(): value for name, value in came.items()})
    assert "https://zaps.example.com/notices" in plain(came)
    assert 'href="https://zaps.example.com/notices"' in markup(came)


def test_what_did_not_arrive_is_tried_again_and_told_on_the_page_alone(office: Office):
    office.with_mail()
    office.server.refuses += ["451 busy", "451 still busy"]
    office.tell("backup:x", "The backup failed.")
    assert office.work(after=A_MOMENT) == []
    (stuck,) = office.stuck()
    assert (stuck.attempts, "busy" in stuck.problem, stuck.due_at) == (1, True, office.time + timedelta(minutes=1))
    assert "abgelehnt" in office.notices.ways.every()[Kind.MAIL].problem.german
    assert office.work() == []
    assert office.work(after=A_MOMENT) == []
    (came,) = office.work(after=timedelta(minutes=5))
    assert came["message-id"] == f"<{stuck.id}@firma.example>"
    assert office.notices.ways.every()[Kind.MAIL].problem == ""
    assert [office.work(after=timedelta(hours=1)) for _ in range(3)] == [[]] * 3


def test_a_mail_survives_a_restart(office: Office):
    office.with_mail()
    office.server.refuses.append("451 busy")
    office.tell("backup:x")
    office.work(after=A_MOMENT)
    office.close()
    office.open()
    assert len(office.work(after=timedelta(minutes=2))) == 1
    assert office.work(after=timedelta(minutes=30)) == []


def test_two_ticks_at_once_send_nothing_twice(office: Office):
    office.with_mail()
    for number in range(3):
        office.join(f"Person{number}")
    office.tell("backup:x")
    office.later(minutes=1)
    before = len(office.server.taken)

    async def together() -> None:
        await asyncio.gather(*(office.notices.tick() for _ in range(4)))

    office.run(together)
    office.run(together)
    assert sorted(one["to"].partition("@")[0] for one in office.server.taken[before:]) == [
        "olga",
        "person0",
        "person1",
        "person2",
    ]


def test_a_mail_that_was_taken_before_the_connection_broke_comes_again_with_the_same_id(small: Office):
    small.with_mail()
    small.server.crashes.append(True)
    small.tell("backup:x")
    (first,) = small.work(after=A_MOMENT)
    assert len(small.stuck()) == 1
    (second,) = small.work(after=timedelta(minutes=2))
    assert first["message-id"] == second["message-id"]
    assert first["date"] == second["date"]


def test_a_claim_of_a_process_that_died_runs_out(small: Office):
    small.with_mail()
    small.tell("backup:x")
    small.later(minutes=1)
    small.notices.telling.tick()
    with small.runtime.database.write() as session:
        (claimed,) = dispatches.claim(session.connection(), now=small.time, lease=timedelta(minutes=15), limit=5)
    assert small.work(after=timedelta(minutes=14)) == []
    (came,) = small.work(after=timedelta(minutes=2))
    assert claimed.id in came["message-id"]


def test_what_never_arrives_is_given_up_in_the_end_and_shown(small: Office):
    small.with_mail(password="wrong")
    small.tell("backup:x")
    for wait in (A_MOMENT, *deciding.RETRIES):
        small.work(after=wait)
    assert small.stuck() == []
    (given_up,) = small.board().given_up
    assert "does not accept user name and password" in given_up.problem
    assert given_up.content == {}
    assert len(small.board().open) == 1


def test_when_the_way_is_mended_what_waits_goes_at_once(small: Office):
    small.with_mail(password="wrong")
    small.tell("backup:x")
    for wait in (A_MOMENT, A_MOMENT, timedelta(minutes=5)):
        small.work(after=wait)
    small.with_mail()
    assert len(small.work()) == 1


def test_who_was_removed_gets_nothing_any_more(small: Office):
    small.with_mail()
    anna = small.join("Anna")
    small.server.refuses += ["451 busy", "451 busy"]
    small.tell("backup:x")
    small.work(after=A_MOMENT)
    small.runtime.people.accounts.remove(anna.id, by=None)
    assert [one["to"] for one in small.work(after=timedelta(minutes=2))] == ["olga@firma.example"]
    assert len(small.board().given_up) == 1


def test_a_connected_mailbox_sends_without_its_password_being_copied(small: Office):
    connection = small.connect()
    assert [(one.name, one.label) for one in small.notices.ways.mailboxes()] == [("Office", USER)]
    small.notices.ways.set_mail(MailWay(connection=connection))
    small.tell("backup:x")
    (came,) = small.work(after=A_MOMENT)
    assert came["from"] == f"Zapwerk <{USER}>"
    small.run(lambda: small.runtime.connecting.remove(connection))
    small.tell("place:x")
    assert small.work(after=timedelta(minutes=20)) == []
    assert "removed" in small.stuck()[0].problem


def test_a_call_is_signed_and_names_the_same_matters(office: Office, receiver: Receiver):
    office.with_hook(receiver.url, language="de")
    zap = office.zap("Anfragen")
    office.tell(f"failed:{zap}", "Der Name fehlt.", zap)
    office.work()
    ((headers, body),) = receiver.calls
    moment, _, digest = headers["x-zapwerk-signature"].removeprefix("t=").partition(",v1=")
    assert digest == hmac.new(b"shared secret", f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert headers["x-zapwerk-notice"] == told["about"] == "news"
    (notice,) = told["notices"]
    assert notice["text"] == "Eine Ausführung von „Anfragen“ ist fehlgeschlagen."
    assert (notice["state"], notice["zap_id"], notice["why"]) == ("open", zap, "Der Name fehlt.")
    assert notice["address"] == f"https://zaps.example.com/history?state=failed&zap={zap}"


def test_a_call_is_repeated_with_the_same_id_until_it_is_answered_well(small: Office, receiver: Receiver):
    small.with_hook(receiver.url)
    receiver.answers += [500, 302]
    small.tell("backup:x")
    small.work()
    small.work(after=A_MOMENT)
    small.work(after=timedelta(minutes=5))
    assert len({one["id"] for one in receiver.told}) == 1
    assert len(receiver.told) == 3
    assert small.stuck() == []


def test_private_addresses_are_refused_unless_an_owner_allowed_them(small: Office, receiver: Receiver):
    small.settings = small.settings.model_copy(update={"allow_private_hosts": frozenset()})
    small.close()
    small.open()
    small.with_mail()
    small.with_hook(receiver.url)
    for trying in (lambda: small.notices.test_mail(small.olga.id), small.notices.test_hook):
        with pytest.raises(NotSent, match="private network") as caught:
            small.run(trying)
        assert caught.value.host == "127.0.0.1"
    assert (receiver.calls, small.server.taken) == ([], [])
    small.notices.ways.set_hook(HookWay(receiver.url, "s"), allow="127.0.0.1")
    small.run(small.notices.test_hook)
    assert len(receiver.calls) == 1


def test_a_metadata_service_is_never_called(small: Office):
    small.notices.ways.set_hook(HookWay("http://169.254.169.254/x", "s"), allow="169.254.169.254")
    with pytest.raises(NotSent) as caught:
        small.run(small.notices.test_hook)
    assert caught.value.host == ""


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_goes_encrypted_and_only_to_whom_the_certificate_names(security: Security, tmp_path: Path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    options = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    account = SmtpAccount("localhost", USER, USER, SecretStr(SECRET), security=security)
    letter = letters.Letter("Zapwerk: x", "text", "<p>html</p>").kept()
    with MailServer(options=options) as server:
        guard = Guard(frozenset({"localhost"}))
        message = mail.built("one", "test", letter, datetime.now(UTC), USER, "a@b.example")
        trusted = replace(account, port=server.port, ca_file=str(tmp_path / "ca.pem"))
        mail.send(message, trusted, "a@b.example", guard)
        assert len(server.taken) == 1
        with pytest.raises(NotSent, match="certificate of localhost is not trusted"):
            mail.send(message, replace(account, port=server.port), "a@b.example", guard)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({"port": 1}, "No mail server answers", id="nobody there"),
        pytest.param({"security": "tls"}, "does not speak TLS", id="no TLS"),
        pytest.param({"security": "starttls"}, "offers no STARTTLS", id="no STARTTLS"),
        pytest.param({"host": "nowhere.invalid"}, "There is no server called", id="no such name"),
    ],
)
def test_what_is_wrong_with_the_mail_server_is_a_sentence(small: Office, more: dict[str, object], said: str):
    small.with_mail(**more)
    with pytest.raises(NotSent, match=said) as caught:
        small.run(lambda: small.notices.test_mail(small.olga.id))
    assert caught.value.within("de") != caught.value.within("en")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "a\r\nb"}, "host"),
        ({"port": 0}, "port"),
        ({"security": "much"}, "security"),
        ({"sender": "nobody"}, "sender"),
        ({"sender": "a@b.example\r\nBcc: x@y.example"}, "sender"),
        ({"password": "x" * 501}, "password"),
    ],
)
def test_a_mail_way_that_cannot_work_is_refused_at_its_field(small: Office, values: dict[str, object], field: str):
    with pytest.raises(Problems) as caught:
        small.with_mail(**values)
    assert [one.field for one in caught.value.problems] == [field]


@pytest.mark.parametrize(
    "address", ["", "ftp://x.example", "https://", "x.example/hook", "https://[x", "http://a:99999"]
)
def test_a_hook_that_is_no_address_is_refused(small: Office, address: str):
    with pytest.raises(Problems):
        small.with_hook(address)


def test_secrets_are_sealed(small: Office):
    small.with_mail()
    small.with_hook("https://example.com/x")
    for way in small.notices.ways.every().values():
        assert SECRET.encode() not in way.sealed
        assert "secret" not in repr(way)
    assert SECRET not in repr(small.notices.ways.mail())
