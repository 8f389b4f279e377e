"""Mailboxes and Zapwerk's own notices: they never fire, and a connected mailbox says how mail is sent as it."""

import pytest
from pydantic import SecretStr

from connectors.mail import gmail, imap
from connectors.mail.profiles import GmailProfile, MailProfile
from tests.connectors.mail.benches import at_imap, subjects
from tests.connectors.mail.contexts import Bench
from tests.connectors.mail.scripted import mail, serving
from zapwerk import InvalidInput, SmtpAccount, Token


def notice(subject: str) -> bytes:
    return b"X-Zapwerk-Notice: news\r\nAuto-Submitted: auto-generated\r\n" + mail(subject)


@pytest.mark.parametrize("ignore_automatic", [True, False])
def test_zapwerks_own_notices_never_fire_whatever_is_left_out(ignore_automatic: bool):
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(imap.new_email, ignore_automatic=ignore_automatic)
        server.deliver(notice("“Enquiries” fails"))
        server.deliver(mail("b"))
        assert subjects(bench.poll(imap.new_email, ignore_automatic=ignore_automatic)) == ["b"]


def sends(address: str, profile: MailProfile | None = None, **more: object) -> SmtpAccount:
    given = imap.ImapAccount.model_validate({"username": address, "password": "p", **more})
    return imap.sends_as(Bench(given, profile or MailProfile()).context)


@pytest.mark.parametrize(
    ("address", "host", "port", "security"),
    [
        ("a@gmail.com", "smtp.gmail.com", 465, "tls"),
        ("a@gmx.de", "mail.gmx.net", 465, "tls"),
        ("a@web.de", "smtp.web.de", 587, "starttls"),
        ("a@t-online.de", "securesmtp.t-online.de", 465, "tls"),
        ("a@posteo.de", "posteo.de", 465, "tls"),
        ("a@icloud.com", "smtp.mail.me.com", 587, "starttls"),
        ("info@firma.example", "smtp.firma.example", 465, "tls"),
    ],
)
def test_the_server_for_sending_is_found_by_the_mailbox(address: str, host: str, port: int, security: str):
    found = sends(address)
    assert (found.host, found.port, found.security) == (host, port, security)
    assert (found.sender, found.username, found.secret) == (address, address, SecretStr("p"))


def test_a_server_of_ones_own_is_asked_at_the_same_place_unless_the_profile_names_another():
    assert sends("a@b.example", host="mail.firma.example").host == "mail.firma.example"
    profile = MailProfile(smtp_host="out.firma.example", smtp_port=2525, smtp_security="none")
    found = sends("a@b.example", profile, host="mail.firma.example")
    assert (found.host, found.port, found.security) == ("out.firma.example", 2525, "none")


def test_without_an_address_nothing_can_be_sent():
    with pytest.raises(InvalidInput):
        sends("anna", host="mail.firma.example")
    assert sends("anna", host="mail.firma.example", email="anna@firma.example").sender == "anna@firma.example"


def test_gmail_sends_with_the_token_of_its_sign_in():
    token = Token.model_validate({"access_token": "t", "email": "anna@gmail.com"})
    found = gmail.sends_as(Bench(token, GmailProfile(), auth="oauth2").context)
    assert (found.host, found.oauth, found.secret) == ("smtp.gmail.com", True, SecretStr("t"))
