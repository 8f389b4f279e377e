"""The trigger against a scripted server: baseline, cursor, filters, folders, ids."""

import pytest

from connectors.mail.imap import NewImapEmail, account, folders, new_email
from tests.connectors.mail.benches import at_imap, subjects
from tests.connectors.mail.scripted import Folder, ScriptedServer, mail, serving
from zapwerk import InvalidInput


def test_the_first_check_shows_the_newest_three_and_later_ones_only_what_came_since():
    with serving("a", "b", "c", "d") as server, at_imap(server) as bench:
        assert subjects(bench.poll(new_email)) == ["b", "c", "d"]
        assert bench.poll(new_email) == []
        server.deliver(mail("e"))
        server.deliver(mail("f"))
        assert subjects(bench.poll(new_email)) == ["e", "f"]
        assert bench.poll(new_email) == []


def test_an_empty_folder_has_a_baseline_too():
    with serving() as server, at_imap(server) as bench:
        assert bench.poll(new_email) == []
        server.deliver(mail("first"))
        assert subjects(bench.poll(new_email)) == ["first"]


def test_the_baseline_shows_only_matching_mails():
    with serving("Anfrage 1", "x", "Anfrage 2", "y", "z") as server, at_imap(server) as bench:
        assert subjects(bench.poll(new_email, subject_contains="ANFRAGE")) == ["Anfrage 1", "Anfrage 2"]


def test_the_first_check_shows_as_many_as_are_asked_for_and_looks_further_back_for_those_that_match():
    names = [f"Anfrage {number}" if number % 3 == 0 else "x" for number in range(150)]
    with serving(*names) as server, at_imap(server) as bench:
        bench.newest = 45
        found = subjects(bench.poll(new_email, subject_contains="Anfrage"))
        assert found == [f"Anfrage {number}" for number in range(15, 150, 3)]
        assert bench.poll(new_email) == []


def test_the_last_mail_does_not_fire_again_although_the_server_gives_it_for_every_open_range():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.inbox.uidnext += 10  # as after mails that were delivered and deleted
        assert bench.poll(new_email) == []
        assert server.count("UID FETCH 1") == 3  # all of the baseline


def test_nothing_is_ever_marked_as_read_or_opened_for_writing():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("b"))
        bench.poll(new_email)
        assert server.count("SELECT") == server.count("UID STORE") == 0
        assert not [line for line in server.lines if "BODY[" in line or "RFC822)" in line]


def test_a_quiet_folder_costs_one_command_and_no_new_connection():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        before = list(server.lines)
        bench.poll(new_email)
        assert server.lines[len(before) :] == ['EXAMINE "INBOX"']
        assert len(bench.connect.sockets) == 1


def test_a_mail_deleted_between_search_and_fetch_is_passed_over():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        gone = server.deliver(mail("gone"))
        server.deliver(mail("stays"))
        server.when("UID FETCH", lambda session, tag, line: _delete(server, gone, session, tag))
        assert subjects(bench.poll(new_email)) in (["stays"], [])
        assert subjects(bench.poll(new_email)) in (["stays"], [])
        assert bench.cursor["uid"] == 3


def _delete(server, gone, session, tag):
    server.inbox.mails.remove(gone)
    session.ok(tag)


def test_gaps_between_uids_are_crossed_however_long_they_are():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("near"), gap=5)
        server.deliver(mail("far"), gap=3_000_000)
        server.deliver(mail("very far"), gap=90_000_000)
        assert subjects(bench.poll(new_email)) == ["near", "far", "very far"]


def test_a_gap_with_nothing_behind_it_does_not_move_the_cursor():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.inbox.uidnext = 5_000_000
        bench.poll(new_email)
        assert bench.cursor["uid"] == 1


def test_many_mails_come_in_small_pages_each_with_a_cursor_of_its_own():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        for number in range(55):
            server.deliver(mail(f"m{number}"))
        sizes, context = [], bench.context
        for page in new_email(context, NewImapEmail()):
            sizes.append((len(page.records), page.cursor["uid"]))
        assert sizes == [(20, 21), (20, 41), (15, 56)]


def test_a_page_ends_when_its_mails_are_large_and_loses_none():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        for number in range(5):
            server.deliver(mail(f"m{number}", text="x" * 70 + "\r\n"), claims=6_000_000)
        pages = list(new_email(bench.context, NewImapEmail()))
        assert [subjects(page.records) for page in pages] == [["m0", "m1"], ["m2", "m3"], ["m4"]]


def test_mail_that_arrives_while_it_is_read_is_found_by_the_next_page():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("b"))
        pages = new_email(bench.context, NewImapEmail())
        assert subjects(next(pages).records) == ["b"]
        server.deliver(mail("c"))
        assert subjects(next(pages).records) == ["c"]
        assert next(pages, None) is None


def test_the_cursor_stands_behind_mails_that_were_left_out_on_purpose():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("Werbung"))
        server.deliver(mail("Anfrage"))
        server.deliver(mail("Werbung 2"))
        assert subjects(bench.poll(new_email, subject_contains="anfrage")) == ["Anfrage"]
        assert bench.cursor["uid"] == 4


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"from_contains": "KUNDE.example"}, ["Anfrage", "Groß"], id="part of the address"),
        pytest.param({"from_contains": "erika"}, ["Anfrage", "Groß"], id="part of the name"),
        pytest.param({"to_contains": "info@firma"}, ["Anfrage", "Groß", "Werbung"], id="recipient"),
        pytest.param({"subject_contains": "GROSS"}, ["Groß"], id="case as German has it"),
        pytest.param({"text_contains": "angebot"}, ["Anfrage"], id="text"),
        pytest.param({"has_attachment": True}, [], id="none has an attachment"),
        pytest.param({"has_attachment": False, "subject_contains": " "}, ["Anfrage", "Groß", "Werbung"], id="blank"),
    ],
)
def test_mails_are_matched_on_their_decoded_words(given, expected):
    with serving() as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("Anfrage", text="Bitte ein Angebot"))
        server.deliver(mail("Groß"))
        server.deliver(mail("Werbung", sender="Shop <shop@laden.example>"))
        assert subjects(bench.poll(new_email, **given)) == expected


def test_mails_that_the_header_rules_out_are_not_downloaded():
    with serving() as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("Werbung"))
        bench.poll(new_email, subject_contains="Anfrage")
        assert not [line for line in server.lines if "BODY.PEEK[]" in line]


def test_the_servers_own_search_narrows_further():
    with serving() as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("Anfrage"))
        server.deliver(mail("Werbung"))
        assert subjects(bench.poll(new_email, search='SUBJECT "werbung"')) == ["Werbung"]
        assert bench.cursor["uid"] == 2


def test_a_search_that_the_server_does_not_understand_is_put_down_to_its_field():
    with serving("a") as server, at_imap(server) as bench:
        server.when("UID SEARCH", lambda s, tag, line: s.send(f"{tag} BAD no\r\n".encode()), containing="YOUNGER")
        with pytest.raises(InvalidInput) as caught:
            bench.poll(new_email, search="YOUNGER 3600")
        assert caught.value.field == "search"


def test_the_record_carries_what_the_mail_says():
    with serving("Anfrage") as server, at_imap(server) as bench:
        (record,) = bench.poll(new_email)
        shown = record.model_dump(mode="json")
        assert shown["from"] == {"name": "Erika Muster", "address": "erika@kunde.example"}
        assert shown["id"] == "1:1"
        assert shown["folder"] == "INBOX"
        assert shown["text"].strip() == "Guten Tag"
        assert shown["size"] == len(server.inbox.mails[0].raw)
        assert "labels" not in shown


def test_attachments_are_kept_as_files():
    raw = (
        mail("x")
        .replace(b'Content-Type: text/plain; charset="utf-8"', b"Content-Type: multipart/mixed; boundary=q")
        .partition(b"\r\n\r\n")[0]
    )
    raw += (
        b"\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--q\r\nContent-Type: application/pdf\r\n"
        b'Content-Disposition: attachment; filename="plan.pdf"\r\n\r\n%PDF-1\r\n--q--\r\n'
    )
    with serving() as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(raw.replace(b"Content-Transfer-Encoding: 7bit\r\n", b""))
        (record,) = bench.poll(new_email, has_attachment=True)
        (file,) = record.attachments
        assert (file.name, file.content_type) == ("plan.pdf", "application/pdf")
        assert b"".join(bench.files.read(file)).startswith(b"%PDF-1")


def test_object_ids_are_the_record_ids_where_the_server_has_them():
    with serving("a") as server, at_imap(server) as bench:
        server.capabilities = ("IDLE", "OBJECTID")
        server.when("UID FETCH", _with_email_id(server), containing="EMAILID")
        (record,) = bench.poll(new_email)
        assert record.id == "M6d99ac3275bb4e"


def _with_email_id(server):
    size = len(server.inbox.mails[0].raw)
    answer = f"* 1 FETCH (UID 1 RFC822.SIZE {size} EMAILID (M6d99ac3275bb4e))\r\n".encode()
    return lambda session, tag, line: (session.send(answer), session.ok(tag))


def _localised() -> ScriptedServer:
    server = ScriptedServer()
    server.folders = {
        "INBOX": Folder("INBOX"),
        "all": Folder("[Gmail]/Alle Nachrichten", r"\HasNoChildren \All"),
        "parent": Folder("[Gmail]", r"\HasChildren \Noselect"),
        "sent": Folder("Gesendete Objekte", r"\Sent"),
        "orders": Folder("Auftr&AOQ-ge"),
        "quoted": Folder("R&AOQ- &- &-;", r"\HasNoChildren"),
    }
    return server


def test_folders_are_offered_by_attribute_and_shown_by_their_local_name():
    with _localised() as server, at_imap(server) as bench:
        offered = {choice.label: choice.value for choice in folders(bench.context, new_email.given(), "")}
        assert next(iter(offered)) == "INBOX"
        assert offered["[Gmail]/Alle Nachrichten"] == "\\All"
        assert offered["Gesendete Objekte"] == "\\Sent"
        assert offered["Aufträge"] == "Aufträge"
        assert "[Gmail]" not in offered
        assert [each.value for each in folders(bench.context, new_email.given(), "AUFTR")] == ["Aufträge"]


@pytest.mark.parametrize(
    ("stored", "folder"),
    [
        pytest.param("\\All", "all", id="by attribute"),
        pytest.param("\\sent", "sent", id="by attribute in another case"),
        pytest.param("Aufträge", "orders", id="by a name that is not ASCII"),
        pytest.param("inbox", "INBOX", id="the inbox in small letters"),
    ],
)
def test_a_folder_is_found_as_it_was_stored(stored, folder):
    with _localised() as server, at_imap(server) as bench:
        server.folders["INBOX"].raw_name = "INBOX"
        server.deliver(mail("here"), folder=folder)
        assert subjects(bench.poll(new_email, folder=stored)) == ["here"]


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        pytest.param("Rechnungen", "no folder “Rechnungen”", id="missing"),
        pytest.param("[Gmail]", "only holds other folders", id="holds no mail"),
        pytest.param("\\Archive", "no folder", id="no folder has this use"),
        pytest.param('x"\r\nA1 DELETE "INBOX', "no folder", id="an attempt to smuggle in a command"),
    ],
)
def test_a_folder_that_cannot_be_watched_is_refused_naming_those_that_can(folder, words):
    with _localised() as server, at_imap(server) as bench:
        with pytest.raises(InvalidInput, match=words) as caught:
            bench.poll(new_email, folder=folder)
        assert caught.value.field == "folder"
        assert "INBOX" in str(caught.value)
        assert server.count("A1 DELETE") == server.count("DELETE") == 0


def test_the_account_is_named_by_user_and_server():
    with serving() as server, at_imap(server) as bench:
        assert account(bench.context).id == "u@127.0.0.1"
