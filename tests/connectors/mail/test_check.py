"""Making a connection: what is wrong is said at the field where it is wrong, in words that help."""

import datetime
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from connectors.mail.imap import account, folders, new_email
from connectors.mail.wire import tls_context
from tests.connectors.mail import benches
from tests.connectors.mail.benches import at_imap, subjects
from tests.connectors.mail.scripted import PLAIN, ScriptedServer, die, mail, sends, stall
from zapwerk import AuthFailed, InvalidInput, PermanentFailure, TemporaryFailure


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


@contextmanager
def encrypted(certificate: trustme.LeafCert, *, at_once: bool = True) -> Iterator[ScriptedServer]:
    server = ScriptedServer((*PLAIN, "STARTTLS"), tls=context_of(certificate))
    server.tls_at_once = at_once
    with server:
        server.deliver(mail("a"))
        yield server


@pytest.mark.parametrize(("security", "at_once"), [("tls", True), ("starttls", False)])
def test_an_encrypted_mailbox_is_signed_in_to(authority, ca_file, security, at_once):
    with encrypted(authority.issue_cert("127.0.0.1"), at_once=at_once) as server, at_imap(server) as bench:
        bench.profile = bench.profile.model_copy(update={"ca_file": ca_file})
        bench.credentials = benches.account(server, security=security)
        assert account(bench.context).id == "u@127.0.0.1"
        assert [choice.value for choice in folders(bench.context, new_email.given(), "")] == ["INBOX"]
        assert subjects(bench.poll(new_email)) == ["a"]


def refusal(bench) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        account(bench.context)
    return caught.value


@pytest.mark.parametrize(
    ("security", "certificate"),
    [("tls", "Certificate of {host}"), ("none", "The connection is not encrypted")],
)
def test_who_waits_is_told_of_server_certificate_sign_in_and_mails(authority, ca_file, security, certificate):
    server = encrypted(authority.issue_cert("127.0.0.1")) if security == "tls" else ScriptedServer()
    told: list[tuple[Any, ...]] = []
    with server as running, at_imap(running, ca_file=ca_file) as bench:
        running.deliver(mail("b"))
        bench.credentials = benches.account(running, security=security)
        account(replace(bench.context, progress=lambda *said, **values: told.append((said, values))))
        where = {"host": "127.0.0.1", "port": str(running.port)}
    done = {said[0]: (said[1], values) for said, values in told if said[2:] != ("begun",)}
    assert list(done) == ["server", "certificate", "sign_in", "mails"]
    assert done["server"][1] == where
    assert done["certificate"][0] == certificate
    assert done["sign_in"][1] == {"user": "u"}
    assert done["mails"][1]["count"] >= 1


def test_what_was_begun_last_is_where_it_failed():
    told: list[tuple[Any, ...]] = []
    with ScriptedServer() as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, password="wrong")
        with pytest.raises(AuthFailed):
            account(replace(bench.context, progress=lambda *said, **values: told.append(said)))
    assert told[-1][0] == "sign_in"
    assert told[-1][2:] == ("begun",)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_an_unknown_authority_is_refused(authority, security):
    certificate = authority.issue_cert("127.0.0.1")
    with encrypted(certificate, at_once=security == "tls") as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, security=security)
        wrong = refusal(bench)
        assert wrong.field == "security"
        assert "127.0.0.1" in str(wrong)


def test_a_certificate_for_another_name_says_so(authority, ca_file):
    with encrypted(authority.issue_cert("mail.other.example")) as server, at_imap(server, ca_file=ca_file) as bench:
        bench.credentials = benches.account(server, security="tls")
        wrong = refusal(bench)
        assert (wrong.field, "another name" in str(wrong)) == ("security", True)


def test_a_certificate_that_has_expired_says_so(authority, ca_file):
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = authority.issue_cert("127.0.0.1", not_after=past)
    with encrypted(certificate) as server, at_imap(server, ca_file=ca_file) as bench:
        bench.credentials = benches.account(server, security="tls")
        wrong = refusal(bench)
        assert (wrong.field, "has expired" in str(wrong)) == ("security", True)


def test_a_certificate_that_signed_itself_says_so(tmp_path):
    itself = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    (tmp_path / "itself.pem").write_bytes(itself.private_key_pem.bytes() + itself.cert_pem.bytes())
    context.load_cert_chain(tmp_path / "itself.pem")
    with ScriptedServer(tls=context) as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, security="tls")
        wrong = refusal(bench)
        assert (wrong.field, "self-signed" in str(wrong)) == ("security", True)


def test_while_a_zap_polls_a_bad_certificate_is_waited_out(authority):
    with encrypted(authority.issue_cert("127.0.0.1")) as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, security="tls")
        with pytest.raises(TemporaryFailure, match="certificate"):
            bench.poll(new_email)


def test_tls_where_none_is_spoken_is_put_down_to_security():
    with ScriptedServer() as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, security="tls")
        assert refusal(bench).field == "security"


def test_starttls_that_is_not_offered_is_put_down_to_security():
    with ScriptedServer() as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, security="starttls")
        assert refusal(bench).field == "security"


def test_words_slipped_in_before_the_encryption_are_not_believed(authority, ca_file):
    certificate = authority.issue_cert("127.0.0.1")
    with encrypted(certificate, at_once=False) as server, at_imap(server, ca_file=ca_file) as bench:
        bench.credentials = benches.account(server, security="starttls")
        server.when("STARTTLS", sends(b"{tag} OK begin\r\n* CAPABILITY IMAP4rev1 EVIL\r\n", then=stall))
        with pytest.raises((TemporaryFailure, InvalidInput)):
            account(bench.context)


def test_a_server_that_takes_no_password_unencrypted_is_put_down_to_security():
    with ScriptedServer(capabilities=("LOGINDISABLED", "STARTTLS")) as server, at_imap(server) as bench:
        assert refusal(bench).field == "security"
        assert server.count("LOGIN") == server.count("AUTHENTICATE") == 0


def test_an_unknown_server_name_is_put_down_to_the_host():
    with ScriptedServer() as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, host="imap.invalid")
        bench.profile = bench.profile.model_copy()
        bench.connect = _NoSuchName()
        wrong = refusal(bench)
        assert (wrong.field, "imap.invalid" in str(wrong)) == ("host", True)


class _NoSuchName:
    closed = True

    def __call__(self, host: str, port: int, *, timeout: float) -> socket.socket:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_name_that_cannot_be_looked_up_just_now_is_no_wrong_host():
    class Later(_NoSuchName):
        def __call__(self, host: str, port: int, *, timeout: float) -> socket.socket:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with ScriptedServer() as server, at_imap(server) as bench:
        bench.connect = Later()
        with pytest.raises(TemporaryFailure):
            account(bench.context)


def test_an_address_that_must_not_be_reached_is_refused_as_the_engine_says():
    class Forbidden(_NoSuchName):
        def __call__(self, host: str, port: int, *, timeout: float) -> socket.socket:
            raise PermanentFailure("127.0.0.1 is a private address.")

    with ScriptedServer() as server, at_imap(server) as bench:
        bench.connect = Forbidden()
        with pytest.raises(PermanentFailure, match="private"):
            account(bench.context)


def test_a_refused_connection_is_put_down_to_the_host():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with ScriptedServer() as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, port=port)
        assert refusal(bench).field == "host"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(sends(b"220 mail.example ESMTP ready\r\n", then=stall), id="an SMTP server"),
        pytest.param(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n", then=die), id="a web server"),
        pytest.param(sends(b"+OK POP3 ready\r\n", then=stall), id="a POP3 server"),
    ],
)
def test_a_server_of_another_kind_is_put_down_to_the_port(act):
    with ScriptedServer() as server, at_imap(server, read_timeout=0.5) as bench:
        server.when("GREETING", act)
        assert refusal(bench).field == "port"


def test_silence_is_put_down_to_the_host():
    with ScriptedServer() as server, at_imap(server, read_timeout=0.3) as bench:
        server.when("GREETING", stall)
        assert refusal(bench).field == "host"


def test_a_server_that_is_full_is_not_a_wrong_input():
    with ScriptedServer() as server, at_imap(server) as bench:
        server.when("GREETING", sends(b"* BYE [UNAVAILABLE] too many connections\r\n", then=die))
        with pytest.raises(TemporaryFailure, match="too many connections"):
            account(bench.context)


def test_a_wrong_password_is_said_to_be_one():
    with ScriptedServer() as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, password="wrong")
        with pytest.raises(AuthFailed, match="user name and password"):
            account(bench.context)


def test_all_mailboxes_share_one_tls_context():
    assert tls_context() is tls_context()
