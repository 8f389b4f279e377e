"""What an address tells about its mailbox."""

import pytest

from connectors.mail.imap import ImapAccount, account, by_address, imap, way_in
from connectors.mail.profiles import MailProfile
from connectors.mail.providers import preset_for, preset_of_host
from engine.texts import Texts
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


def test_every_note_is_told_in_german_too_with_its_link_or_without():
    texts = Texts.load(imap, "de")
    presets = [preset_for(f"a@{domain}") for domain in ("gmail.com", "gmx.de", "web.de", "outlook.com", "icloud.com")]
    for preset in presets:
        assert preset is not None
        for said in (preset.note, f"{preset.note} {preset.link}"):
            assert texts.error(said) != said
    assert preset_of_host("imap.gmx.net") == preset_for("a@gmx.de")


@pytest.mark.parametrize(
    ("address", "host", "possible"),
    [
        pytest.param("anna@gmx.de", "imap.gmx.net", True, id="a provider that is known"),
        pytest.param("anna@outlook.com", "outlook.office365.com", False, id="one where no password works"),
        pytest.param("anna@unknown.example", None, True, id="one that is guessed"),
        pytest.param("anna", None, True, id="no address"),
    ],
)
def test_the_address_suggests_the_rest(address, host, possible):
    suggestion = by_address({"username": address})
    assert suggestion is not None
    assert (suggestion.values.get("host"), suggestion.possible) == (host, possible)
    assert suggestion.hint


def test_nothing_is_suggested_before_anything_is_typed():
    assert by_address({}) is None
    assert by_address({"username": " "}) is None


def test_what_is_typed_on_the_command_line_makes_an_account():
    typed = {"host": "127.0.0.1", "port": "1143", "security": "none", "username": "u", "password": "p"}
    assert imap.auth["credentials"].given.model_validate(typed).model_dump()["port"] == 1143
