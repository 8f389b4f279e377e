"""What an address tells about its mailbox."""

import pytest

from connectors.mail.imap import ImapAccount, account, imap, way_in
from connectors.mail.profiles import MailProfile
from connectors.mail.providers import preset_for, preset_of_host
from tests.connectors.mail.contexts import Bench
from zapwerk import InvalidInput


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("anna@gmail.com", "imap.gmail.com"),
        ("Anna@GoogleMail.com", "imap.gmail.com"),
        ("a@gmx.de", "imap.gmx.net"),
        ("a@web.de", "imap.web.de"),
        ("a@t-online.de", "secureimap.t-online.de"),
        ("a@posteo.de", "posteo.de"),
        ("a@mailbox.org", "imap.mailbox.org"),
        ("a@icloud.com", "imap.mail.me.com"),
        ("a@fastmail.com", "imap.fastmail.com"),
        ("a@yahoo.de", "imap.mail.yahoo.com"),
        ("a@1und1.de", "imap.ionos.de"),
        ("a@strato.de", "imap.strato.de"),
        ("info@zaunbau-muster.de", "imap.zaunbau-muster.de"),
        ("info@zaunbau-müller.de", "imap.xn--zaunbau-mller-4ob.de"),
    ],
)
def test_the_server_is_found_by_the_address(address, host):
    way = way_in(Bench(ImapAccount.model_validate({"username": address, "password": "p"}), MailProfile()).context)
    assert (way.endpoint.host, way.endpoint.port, way.endpoint.security) == (host, 993, "tls")


@pytest.mark.parametrize("nonsense", ["anna", "", "@", "a@b", "a@" + "x" * 300 + ".de", "a@.de"])
def test_what_is_no_address_has_no_server(nonsense):
    assert preset_for(nonsense) is None


def test_a_server_that_was_named_is_used_as_it_is():
    given = {"username": "a@gmx.de", "password": "p", "host": "mail.firma.example", "port": 143, "security": "starttls"}
    endpoint = way_in(Bench(ImapAccount.model_validate(given), MailProfile()).context).endpoint
    assert (endpoint.host, endpoint.port, endpoint.security) == ("mail.firma.example", 143, "starttls")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": "a@outlook.com"}, "username"),
        ({"username": "a@firma.example", "host": "outlook.office365.com"}, "host"),
        ({"username": "anna"}, "host"),
        ({"username": "a@b.example\r\nA1 DELETE x"}, "username"),
        ({"username": "a@b.example", "password": "x\r\ny"}, "password"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_connected(given, field):
    bench = Bench(ImapAccount.model_validate({"password": "p", **given}), MailProfile())
    with pytest.raises(InvalidInput) as caught:
        account(bench.context)
    assert caught.value.field == field
    assert not bench.connect.sockets


def test_every_note_says_the_same_in_german():
    presets = [preset_for(f"a@{domain}") for domain in ("gmail.com", "gmx.de", "web.de", "outlook.com", "icloud.com")]
    assert all(preset and preset.note and preset.note_de and preset.link for preset in presets)
    assert preset_of_host("imap.gmx.net") == preset_for("a@gmx.de")


def test_what_is_typed_on_the_command_line_makes_an_account():
    typed = {"host": "127.0.0.1", "port": "1143", "security": "none", "username": "u", "password": "p"}
    assert imap.auth["credentials"].given.model_validate(typed).model_dump()["port"] == 1143
