"""Gmail: its ways to sign in, its ids and labels, its search. Against a scripted server that speaks X-GM-EXT-1."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.mail.gmail import NewInGmail, account, folders, gmail, mails_there, new_email
from tests.connectors.mail.benches import at_gmail, at_gmail_by_oauth, subjects
from tests.connectors.mail.scripted import ALWAYS, GMAIL, Folder, mail, says, serving
from zapwerk import AuthFailed, InvalidInput, TemporaryFailure, Token


def test_an_app_password_is_taken_with_or_without_its_spaces():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        assert account(bench.context).id == "anna@gmail.com"
    with serving(capabilities=GMAIL) as server, at_gmail(server, password="abcdefghijklmnop") as bench:
        assert account(bench.context).label == "anna@gmail.com"


@pytest.mark.parametrize(
    "words",
    ["NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "NO [ALERT] Application-specific password required"],
)
def test_the_usual_password_is_answered_with_what_google_wants(words):
    with serving(capabilities=GMAIL) as server, at_gmail(server, password="hunter2!") as bench:
        server.when("AUTHENTICATE", says(words), times=ALWAYS)
        with pytest.raises((AuthFailed, TemporaryFailure), match="16 letters, made at https://myaccount"):
            account(bench.context)


def test_too_many_connections_means_wait():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        server.when("AUTHENTICATE", says("NO [ALERT] Too many simultaneous connections. (Failure)"), times=ALWAYS)
        with pytest.raises(TemporaryFailure, match="Too many simultaneous connections"):
            account(bench.context)


def test_oauth_signs_in_with_the_access_token_and_the_address_that_was_given():
    with serving("a", capabilities=GMAIL) as server, at_gmail_by_oauth(server) as bench:
        assert account(bench.context).id == "anna@gmail.com"
        assert subjects(bench.poll(new_email)) == ["a"]


def test_how_many_mails_a_label_holds_is_told_at_once():
    with serving("a", "b", capabilities=GMAIL) as server, at_gmail(server) as bench:
        assert mails_there(bench.context, NewInGmail()) == 2
        assert server.count("FETCH") == server.count("SEARCH") == 0


def test_a_dead_access_token_is_a_failed_sign_in_and_its_challenge_is_answered_with_nothing():
    with serving(capabilities=GMAIL) as server, at_gmail_by_oauth(server, token="expired") as bench:
        with pytest.raises(AuthFailed):
            bench.poll(new_email)
        assert server.count("answer to the challenge: b'\\r\\n'".upper()) == 2
        assert server.count("AUTHENTICATE XOAUTH2") == 2


def test_a_kept_session_outlives_the_token_it_was_opened_with():
    with serving("a", capabilities=GMAIL) as server, at_gmail_by_oauth(server) as bench:
        bench.poll(new_email)
        server.token = "ya29.next"
        bench.credentials = Token.model_validate({"access_token": "ya29.next", "email": "anna@gmail.com"})
        bench.poll(new_email)
        assert len(bench.connect.sockets) == 1
        server.cut_all()
        assert bench.poll(new_email) == []


def test_oauth_without_an_address_asks_for_it():
    with serving(capabilities=GMAIL) as server, at_gmail_by_oauth(server) as bench:
        bench.credentials = Token.model_validate({"access_token": "x"})
        with pytest.raises(InvalidInput) as caught:
            account(bench.context)
        assert caught.value.field == "email"


def test_the_app_password_is_offered_first_and_oauth_asks_for_the_one_mail_permission():
    first, second = gmail.auth.values()
    assert (first.key, second.key) == ("app_password", "oauth2")
    assert second.scopes == ("https://mail.google.com/",)  # type: ignore[union-attr]


def test_the_id_is_gmails_own_and_the_same_in_all_folders():
    with serving("a", capabilities=GMAIL) as server, at_gmail(server) as bench:
        server.folders["all"] = Folder("[Gmail]/Alle Nachrichten", r"\All")
        server.folders["all"].mails = [*server.inbox.mails]
        (here,) = bench.poll(new_email)
        bench.cursor = None
        (there,) = bench.poll(new_email, folder="\\All")
        assert here.id == there.id == str(server.inbox.mails[0].gmail_id)


def test_labels_and_conversation_are_told():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("a")).labels = r'"\\Inbox" "\\Important" "Auftr&AOQ-ge" {5}' + "\r\nKunde 12345"
        (record,) = bench.poll(new_email)
        assert record.labels == ["\\Inbox", "\\Important", "Aufträge", "Kunde", "12345"]
        assert record.thread_id == str(server.inbox.mails[0].thread_id)


def test_labels_that_cannot_be_read_do_not_stop_the_mail():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("a")).labels = '"no end'
        server.deliver(mail("b"))
        assert subjects(bench.poll(new_email)) == ["a", "b"]


def test_the_search_is_gmails_own_with_any_letters():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("x", text="Frage zum Geländer"))
        server.deliver(mail("y", text="Werbung"))
        assert subjects(bench.poll(new_email, search="Geländer")) == ["x"]
        assert any("X-GM-RAW" in line and "CHARSET UTF-8" in line for line in server.lines)


def test_a_mail_that_the_search_finds_only_later_is_not_lost():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        clock = [datetime(2026, 3, 2, tzinfo=UTC)]
        bench.now = lambda: clock[0]
        bench.poll(new_email, search="rechnung")
        server.indexed = lambda mail: False
        server.deliver(mail("Rechnung 1"))
        server.deliver(mail("Werbung"))
        assert bench.poll(new_email, search="rechnung") == []
        server.indexed = lambda mail: True
        assert subjects(bench.poll(new_email, search="rechnung")) == ["Rechnung 1"]
        clock[0] += timedelta(minutes=5)
        assert bench.poll(new_email, search="rechnung") == []
        assert bench.cursor["doubtful"] == bench.cursor["pending"] == []


def test_labels_are_offered_by_meaning():
    with serving(capabilities=GMAIL) as server, at_gmail(server) as bench:
        server.folders["all"] = Folder("[Gmail]/Tous les messages", r"\HasNoChildren \All")
        offered = {choice.label: choice.value for choice in folders(bench.context, new_email.given(), "")}
        assert offered == {"INBOX": "INBOX", "[Gmail]/Tous les messages": "\\All"}
