"""What a mail server can do wrong, and what must come of it: nothing lost, nothing twice, no connection left open."""

import tracemalloc
from functools import partial
from threading import Event

import pytest

from connectors.mail import arrivals
from connectors.mail.arrivals import UNREAD
from connectors.mail.imap import NewImapEmail, account, mail_came, new_email
from connectors.mail.mailbox import WHOLE_MAIL
from tests.connectors.mail import benches
from tests.connectors.mail.benches import Listening, at_imap, subjects, wait_until
from tests.connectors.mail.scripted import (
    ALWAYS,
    ScriptedServer,
    die,
    mail,
    says,
    sends,
    sends_later,
    serving,
    stall,
    usual,
)
from zapwerk import AuthFailed, TemporaryFailure

STEPS = [
    "GREETING",
    "CAPABILITY",
    "LOGIN",
    "AUTHENTICATE",
    "EXAMINE",
    "UID SEARCH UID *",
    "UID SEARCH UID 2",
    "UID FETCH",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(die, id="the connection dies"),
        pytest.param(sends(b"* 1 FET", then=die), id="half a line and then nothing"),
        pytest.param(sends(b"* BYE shutting down\r\n", then=die), id="BYE"),
        pytest.param(sends(b"\xff\xfe\x00 rubbish \r\n"), id="rubbish"),
        pytest.param(sends(b"* OK {5000000000}\r\n"), id="a promise of five gigabytes"),
        pytest.param(says("NO [UNAVAILABLE] try later"), id="not now"),
        pytest.param(says("BAD what"), id="BAD"),
    ],
)
def test_a_server_that_fails_at_any_step_costs_no_mail_and_repeats_none(step, act):
    with serving("old") as server, at_imap(server, read_timeout=0.3) as bench:
        bench.poll(new_email)
        bench.sessions.close()  # so that the next check signs in anew
        server.deliver(mail("new"))
        server.when(step, act)
        found = _poll_once(bench)
        found += subjects(bench.poll(new_email))
        assert found == ["new"]
        assert bench.poll(new_email) == []


def test_a_check_that_takes_too_long_stops_and_says_that_there_may_be_more(monkeypatch):
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        for subject in ("one", "two"):
            server.deliver(mail(subject))
        monkeypatch.setattr(arrivals, "MAILS_PER_PAGE", 1)
        monkeypatch.setattr(arrivals, "BUDGET", 0.0)
        (page,) = new_email(bench.context, NewImapEmail())
        assert (subjects(page.records), page.more) == (["one"], True)
        bench.cursor = page.cursor
        monkeypatch.undo()
        (page,) = new_email(bench.context, NewImapEmail())
        assert (subjects(page.records), page.more) == (["two"], False)


def _poll_once(bench):
    try:
        return subjects(bench.poll(new_email))
    except TemporaryFailure:
        return []


@pytest.mark.parametrize("act", [die, sends(b"* nonsense\r\n"), says("NO [UNAVAILABLE] later")])
def test_a_server_that_fails_right_after_the_sign_in_is_tried_again_later(act):
    with serving("old") as server, at_imap(server, read_timeout=0.3) as bench:
        server.when("CAPABILITY", usual)
        server.when("CAPABILITY", act)
        with pytest.raises(TemporaryFailure):
            bench.poll(new_email)
        assert subjects(bench.poll(new_email)) == ["old"]


@pytest.mark.parametrize("step", ["UID FETCH 2 (RFC822.SIZE", "UID FETCH 2 (BODY.PEEK[])"])
def test_a_server_that_is_too_busy_to_give_a_mail_is_waited_for_and_the_mail_comes_whole(step):
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("new"))
        server.when(step, says("NO [THROTTLED] bandwidth limit"))
        with pytest.raises(TemporaryFailure, match="bandwidth limit"):
            bench.poll(new_email)
        (record,) = bench.poll(new_email)
        assert (record.subject, record.cut) == ("new", False)


def test_a_search_that_fails_for_another_reason_is_not_put_down_to_its_field():
    with serving("old") as server, at_imap(server) as bench:
        server.when("UID SEARCH", says("NO index is locked"), containing="SUBJECT")
        with pytest.raises(TemporaryFailure, match="index is locked"):
            bench.poll(new_email, search="SUBJECT old")


@pytest.mark.parametrize("step", ["GREETING", "EXAMINE", "UID SEARCH", "UID FETCH"])
def test_a_server_that_falls_silent_is_given_up_after_the_read_timeout(step):
    with serving("old") as server, at_imap(server, read_timeout=0.2) as bench:
        bench.poll(new_email)
        bench.sessions.close()
        server.deliver(mail("new"))
        server.when(step, stall, times=2)
        assert (_poll_once(bench) + _poll_once(bench) + _poll_once(bench)) == ["new"]


def test_a_kept_connection_that_died_meanwhile_is_opened_anew_without_a_word():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.cut_all()
        server.deliver(mail("new"))
        assert subjects(bench.poll(new_email)) == ["new"]
        assert len(bench.connect.sockets) == 2


def test_one_connection_serves_all_checks_and_zaps_of_a_mailbox():
    with serving("old") as server, at_imap(server) as bench:
        for _ in range(3):
            bench.poll(new_email)
        assert len(bench.connect.sockets) == bench.sessions.opened == 1


def test_a_wrong_password_counts_only_when_it_was_refused_twice():
    with serving("old") as server, at_imap(server) as bench:
        server.when("LOGIN", says("NO [AUTHENTICATIONFAILED] hiccup"))
        assert subjects(bench.poll(new_email)) == ["old"]
        assert len(bench.connect.sockets) == 2
        bench.sessions.close()
        server.password = "changed"
        with pytest.raises(AuthFailed, match="does not accept"):
            bench.poll(new_email)


@pytest.mark.parametrize(
    "words",
    [
        "NO [ALERT] Too many simultaneous connections. (Failure)",
        "NO [UNAVAILABLE] Temporary authentication failure",
        "NO [THROTTLED] slow down",
        "NO [LIMIT] enough",
        "NO [INUSE] locked",
        "NO sorry",
    ],
)
def test_a_refusal_that_means_wait_is_never_taken_for_a_wrong_password(words):
    with serving("old") as server, at_imap(server) as bench:
        server.when("LOGIN", says(words), times=ALWAYS)
        with pytest.raises(TemporaryFailure):
            bench.poll(new_email)
        assert len(bench.connect.sockets) == 1


def test_a_refusal_without_a_reason_is_put_down_to_the_password_while_a_person_is_typing_it():
    with serving() as server, at_imap(server) as bench:
        server.when("LOGIN", says("NO login failed"))
        with pytest.raises(AuthFailed, match="login failed"):
            account(bench.context)


def test_the_password_never_reaches_a_log(caplog):
    caplog.set_level(0)
    with serving("old") as server, at_imap(server) as bench:
        bench.credentials = benches.account(server, password="geheim-123")
        with pytest.raises(AuthFailed):
            bench.poll(new_email)
    assert "geheim-123" not in caplog.text


@pytest.mark.parametrize("password", ["käse", "a b", 'quo"te', "back\\slash", "{5}"])
def test_any_password_can_be_used(password):
    with serving("old") as server, at_imap(server) as bench:
        server.user, server.password = 'an"na', password
        bench.credentials = benches.account(server, username='an"na', password=password)
        server.capabilities = ("IDLE", "AUTH=PLAIN")
        assert subjects(bench.poll(new_email)) == ["old"]


def test_a_login_cannot_be_ended_by_what_is_typed():
    with serving("old") as server, at_imap(server) as bench:
        server.user, server.password = r"an\"na \\", r"quo\"te {5}"
        bench.credentials = benches.account(server, username='an"na \\', password='quo"te {5}')
        assert subjects(bench.poll(new_email)) == ["old"]


# Mails that are poison


def test_a_mail_that_kills_the_connection_does_not_stop_those_behind_it():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("before"))
        server.deliver(mail("poison"))
        server.deliver(mail("after"))
        server.when("UID FETCH 3 (BODY.PEEK[])", die, times=ALWAYS)
        records = bench.poll(new_email)
        assert subjects(records) == ["before", "poison", "after"]
        assert [record.cut for record in records] == [False, True, False]


def test_a_mail_that_the_server_can_describe_but_not_give_is_told_by_its_header():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("poison"))
        server.when("UID FETCH 2 (BODY.PEEK[", says("NO [SERVERBUG] internal error"), times=ALWAYS)
        (record,) = bench.poll(new_email)
        assert (record.subject, record.cut, record.from_.address) == ("poison", True, "erika@kunde.example")


def test_a_mail_of_which_the_server_gives_nothing_is_still_one_event():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("poison"))
        server.deliver(mail("after"))
        server.when("UID FETCH", says("NO [SERVERBUG] internal error"), times=ALWAYS, containing="FETCH 2")
        assert subjects(bench.poll(new_email)) == ["", "after"]


def test_a_mail_of_which_it_cannot_be_known_whether_it_is_meant_is_told():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email, subject_contains="after")
        server.deliver(mail("poison"))
        server.deliver(mail("after"))
        server.when("UID FETCH", says("NO [SERVERBUG] internal error"), times=ALWAYS, containing="FETCH 2")
        assert subjects(bench.poll(new_email, subject_contains="after")) == ["after"]
        assert bench.warnings == [UNREAD]


def test_a_single_dropped_connection_does_not_cut_a_mail():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("new"))
        server.when("UID FETCH 2 (BODY.PEEK[])", sends(b"* 2 FETCH (UID 2 BODY[] {500}\r\nhalf", then=die))
        (record,) = bench.poll(new_email)
        assert (record.subject, record.cut) == ("new", False)


def test_a_mail_of_30_megabytes_is_cut_and_says_so():
    text = "Das ist der Anfang.\r\n" + "x" * 70 + "\r\n"
    raw = mail("groß", text=text) + (b"y" * 76 + b"\r\n") * 390_000
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(raw)
        (record,) = bench.poll(new_email)
        assert record.subject == "groß"
        assert "Das ist der Anfang" in record.text
        assert (record.cut, record.size) == (True, len(raw))
        assert len(raw) > WHOLE_MAIL > len(record.text)


def test_many_mails_of_30_megabytes_take_no_more_memory_than_one():
    raw = mail("groß") + (b"y" * 76 + b"\r\n") * 390_000
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        for _ in range(10):
            server.deliver(raw)
        tracemalloc.start()
        try:
            assert subjects(bench.poll(new_email)) == ["groß"] * 10
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


def test_a_mail_that_is_larger_than_it_claims_is_not_read_without_end():
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("liar") + b"y" * 45_000_000, claims=1_000)
        (record,) = bench.poll(new_email)
        assert (record.subject, record.cut) == ("liar", True)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        pytest.param(mail("a").replace(b"utf-8", b"x-klingon"), "a", id="unknown charset"),
        pytest.param(b"Subject: b\r\n\r\nno other header\r\n", "b", id="no From, no Message-ID"),
        pytest.param(b"Subject: c\r\nFrom: <<<@@>>>, \x00\xff\r\n: odd\r\n\r\nx\x00\r\n", "c", id="broken headers"),
        pytest.param(b"Subject: d\r\n\r\n" + b"z" * 1_500_000 + b"\r\n", "d", id="a line of 1.5 MB"),
        pytest.param(
            b"Subject: e\r\nTo: " + b",\r\n ".join(b"p%d@x.example" % n for n in range(1000)) + b"\r\n\r\nx",
            "e",
            id="1,000 recipients",
        ),
    ],
)
def test_a_mail_that_is_hard_to_read_is_one_event_with_what_can_be_read(raw, subject):
    with serving("old") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(raw)
        server.deliver(mail("after"))
        records = bench.poll(new_email)
        assert subjects(records) == [subject, "after"]
        assert records[0].size == len(raw)
        assert records[0].model_dump_json()


# Folders that are rebuilt


def test_after_a_rebuild_known_mails_do_not_fire_again_and_new_ones_do():
    with serving("a", "b", "c") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("d"))
        assert subjects(bench.poll(new_email)) == ["d"]
        del server.inbox.mails[0]
        server.deliver(mail("new 1"))
        server.deliver(mail("new 2"))
        server.rebuild(server.inbox, uidvalidity=77)
        assert subjects(bench.poll(new_email)) == ["new 1", "new 2"]
        assert "numbered its mails anew" in bench.warnings[0]
        server.deliver(mail("later"))
        assert subjects(bench.poll(new_email)) == ["later"]
        assert len(bench.warnings) == 1


def test_after_a_rebuild_in_another_order_only_new_mail_fires():
    with serving(*(f"m{number}" for number in range(150))) as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("new"))
        server.inbox.mails.sort(key=lambda each: each.raw[::-1])
        server.rebuild(server.inbox, uidvalidity=77)
        assert subjects(bench.poll(new_email)) == ["new"]


def test_another_mailbox_in_place_of_the_old_one_does_not_flood():
    with serving("a", "b") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.inbox.mails.clear()
        for number in range(30):
            server.deliver(mail(f"strange {number}"))
        server.rebuild(server.inbox, uidvalidity=2)
        assert bench.poll(new_email) == []
        assert "none of its mails could be recognised" in bench.warnings[0]
        server.deliver(mail("new"))
        assert subjects(bench.poll(new_email)) == ["new"]


def test_a_server_that_gives_no_uidvalidity_after_a_restart_is_not_believed():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.when("EXAMINE", sends(b"* 1 EXISTS\r\n{tag} OK opened\r\n"))
        with pytest.raises(TemporaryFailure):
            bench.poll(new_email)
        assert bench.poll(new_email) == []


# Listening


def test_mail_wakes_the_listener():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: server.count("IDLE"))
        server.deliver(mail("b"))
        listening.wait()
        assert listening.error is None
        assert subjects(bench.poll(new_email)) == ["b"]


def test_mail_told_together_with_the_greeting_of_idle_wakes_the_listener():
    with serving("a") as server, at_imap(server) as bench:
        server.when("IDLE", sends(b"+ idling\r\n* 2 EXISTS\r\n", then=stall))
        listening = Listening(bench, mail_came, NewImapEmail())
        listening.wait()
        assert listening.error is None


def test_mail_told_before_the_greeting_of_idle_wakes_the_listener():
    with serving("a") as server, at_imap(server) as bench:
        server.when("IDLE", sends(b"* 2 EXISTS\r\n+ idling\r\n", then=stall))
        listening = Listening(bench, mail_came, NewImapEmail())
        listening.wait()
        assert listening.error is None


def test_half_a_line_in_idle_is_waited_for():
    with serving("a") as server, at_imap(server) as bench:
        gate = Event()
        server.when("IDLE", sends(b"+ idling\r\n* 2 EXI", then=sends_later(b"STS\r\n", gate)))
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: server.count("IDLE"))
        assert not listening.returned
        gate.set()
        listening.wait()
        assert listening.error is None


def test_mail_that_came_between_the_last_poll_and_the_listener_wakes_it_at_once():
    with serving("a") as server, at_imap(server) as bench:
        bench.poll(new_email)
        server.deliver(mail("in between"))
        listening = Listening(bench, mail_came, NewImapEmail())
        listening.wait()
        assert subjects(bench.poll(new_email)) == ["in between"]


def test_a_deleted_mail_does_not_wake_the_listener_but_the_one_after_it_does():
    with serving("a", "b") as server, at_imap(server) as bench:
        gate = Event()
        told = sends_later(b"* 2 EXISTS\r\n", gate)
        server.when("IDLE", sends(b"+ idling\r\n* 1 EXPUNGE\r\n* 1 EXISTS\r\n* OK Still here\r\n", then=told))
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: server.count("IDLE"))
        assert not listening.returned
        gate.set()
        listening.wait()
        assert listening.error is None


def test_waiting_is_renewed_before_routers_forget_it():
    with serving("a") as server, at_imap(server, idle_for=0.1) as bench:
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: server.count("IDLE") >= 3)
        assert not listening.returned
        server.deliver(mail("b"))
        listening.wait()
        assert listening.error is None


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(sends(b"+ idling\r\n", then=die), id="the connection dies"),
        pytest.param(sends(b"+ idling\r\n* BYE over\r\n", then=stall), id="BYE, and the socket stays open"),
        pytest.param(sends(b"+ idling\r\n* 2 EXI", then=die), id="half a line"),
        pytest.param(sends(b"+ idling\r\n\x00\xff rubbish\r\n", then=stall), id="rubbish"),
        pytest.param(says("NO not here"), id="refused"),
        pytest.param(stall, id="silence"),
    ],
)
def test_a_dead_listener_says_so_instead_of_sleeping_on(act):
    with serving("a") as server, at_imap(server, read_timeout=0.5) as bench:
        server.when("IDLE", act)
        listening = Listening(bench, mail_came, NewImapEmail())
        listening.wait()
        assert isinstance(listening.error, TemporaryFailure)
        assert bench.connect.closed


def test_a_listener_returns_soon_when_the_engine_stops():
    with serving("a") as server, at_imap(server) as bench:
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: server.count("IDLE"))
        bench.stop.set()
        listening.wait()
        assert listening.error is None
        assert bench.connect.closed


@pytest.mark.parametrize("capabilities", [("IDLE", "UIDPLUS"), ("UIDPLUS",)], ids=["IDLE", "no IDLE"])
def test_a_listener_that_hears_nothing_returns_when_asked_and_the_next_one_listens_again(capabilities):
    with ScriptedServer(capabilities=capabilities) as server, at_imap(server) as bench:
        for number in (1, 2, 3):
            listening = Listening(bench, mail_came, NewImapEmail())
            wait_until(partial(begun, server, number))
            bench.stop.set()
            listening.wait()
            assert listening.error is None
            assert bench.connect.closed
            bench.stop.clear()


def begun(server: ScriptedServer, number: int) -> bool:
    """Whether so many listeners have begun to wait."""
    return server.count("IDLE" if "IDLE" in server.capabilities else "EXAMINE") >= number


def test_a_server_without_idle_leaves_it_to_polling():
    with ScriptedServer(capabilities=("UIDPLUS",)) as server, at_imap(server) as bench:
        listening = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: server.count("EXAMINE"))
        assert not listening.returned
        bench.stop.set()
        listening.wait()
        assert listening.error is None
