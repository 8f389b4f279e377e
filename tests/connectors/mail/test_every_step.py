"""The connection dies at every single step a mail server and we take together: nothing is lost, nothing comes twice.

The steps are those of a check without trouble (a test sees to it that they still are); at each of them the server
dies, falls silent, says goodbye or tears a line apart.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.mail.imap import NewImapEmail, mail_came, new_email
from tests.connectors.mail.benches import DEADLINE, Listening, at_imap, subjects, wait_until
from tests.connectors.mail.contexts import Bench
from tests.connectors.mail.scripted import Act, ScriptedServer, Session, die, mail, sends, serving, stall, usual
from zapwerk import TemporaryFailure

MAILS = ("one", "two", "three")
TRIES = 6  # a check may fail so often until all is there; the engine's own tries have no end


@contextmanager
def waiting_mails() -> Iterator[tuple[ScriptedServer, Bench]]:
    """A mailbox with a baseline and new mail behind it; the next check signs in anew."""
    with serving("old") as server, at_imap(server, read_timeout=0.2) as bench:
        bench.poll(new_email)
        bench.sessions.close()
        for session in server.sessions:
            session.thread.join(DEADLINE)  # what it still says about its end is none of the next check's steps
        for subject in MAILS:
            server.deliver(mail(subject))
        server.lines.clear()
        yield server, bench


# What the server is asked in one check that finds three mails, in order; the greeting comes before.
STEPS = [
    "GREETING",
    "CAPABILITY",
    'LOGIN "u" "p"',
    "CAPABILITY",
    'EXAMINE "INBOX"',
    "UID SEARCH UID *",
    "UID SEARCH UID 2:4",
    "UID FETCH 2,3,4 (RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER]<0.262144>)",
    "UID FETCH 2 (BODY.PEEK[])",
    "UID FETCH 3 (BODY.PEEK[])",
    "UID FETCH 4 (BODY.PEEK[])",
    'EXAMINE "INBOX"',
]


def test_these_are_the_steps_of_a_check_that_finds_something():
    with waiting_mails() as (server, bench):
        assert subjects(bench.poll(new_email)) == list(MAILS)
        assert ["GREETING", *server.lines] == STEPS


def at_step(number: int, act: Act) -> Act:
    """Does this at the so-many-th command of the whole talk, once, and what is usual at all others."""
    count = 0

    def acting(session: Session, tag: str, line: str) -> None:
        nonlocal count
        count += 1
        (act if count == number + 1 else _as_usual)(session, tag, line)

    return acting


def _as_usual(session: Session, tag: str, line: str) -> None:
    if line == "GREETING":
        session.send(session.server.greeting)
    else:
        usual(session, tag, line)


def half_an_answer(session: Session, tag: str, line: str) -> None:
    """The server does what it is asked, and its answer is cut off in the middle of a line."""
    whole, send = bytearray(), session.send
    session.send = whole.extend  # type: ignore[method-assign, assignment]
    try:
        _as_usual(session, tag, line)
    finally:
        session.send = send  # type: ignore[method-assign]
    session.send(bytes(whole[: len(whole) // 2]))
    session.die()


DEATHS = {
    "dies": die,
    "dies in the middle of its answer": half_an_answer,
    "says BYE": sends(b"* BYE going down\r\n", then=die),
    "falls silent": stall,
}


def until_all_is_there(bench: Bench) -> list[str]:
    """Checks as the engine does, from the stored cursor again after each failure."""
    found: list[str] = []
    for _ in range(TRIES):
        try:
            for page in new_email(bench.context, NewImapEmail()):
                found += subjects(page.records)
                bench.cursor = page.cursor
        except TemporaryFailure:
            continue
        if len(found) >= len(MAILS):
            return found
    return found


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("number", range(len(STEPS)), ids=[f"{n} {step[:40]}" for n, step in enumerate(STEPS)])
def test_a_connection_that_ends_at_any_step_costs_no_mail_and_repeats_none(number: int, death: str):
    with waiting_mails() as (server, bench):
        server.when("", at_step(number, DEATHS[death]), times=1_000)
        assert until_all_is_there(bench) == list(MAILS)
        assert until_all_is_there(bench) == [], "and none comes a second time"


LISTENING = ["GREETING", "CAPABILITY", "LOGIN", "EXAMINE", "IDLE"]


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("step", LISTENING)
def test_a_listener_whose_connection_ends_at_any_step_says_so_and_the_next_one_hears_again(step: str, death: str):
    with serving("old") as server, at_imap(server, read_timeout=0.2) as bench:
        server.when(step, DEATHS[death])
        first = Listening(bench, mail_came, NewImapEmail())
        first.wait()
        assert isinstance(first.error, TemporaryFailure)
        before = len(server.sessions)
        second = Listening(bench, mail_came, NewImapEmail())
        wait_until(lambda: any(session.waiting for session in server.sessions[before:]))
        server.deliver(mail("new"))
        second.wait()
        assert second.error is None


def test_a_connection_that_dies_when_waiting_is_ended_has_told_what_it_should():
    with serving("old") as server, at_imap(server) as bench:
        server.when("IDLE", tells_of_mail_and_dies_at_done)
        listening = Listening(bench, mail_came, NewImapEmail())
        listening.wait()
        assert listening.error is None


def tells_of_mail_and_dies_at_done(session: Session, tag: str, line: str) -> None:
    session.send(b"+ idling\r\n* 2 EXISTS\r\n")
    assert session.read_command() == "DONE"
    session.die()
