"""Who is told what, and when: at once but gathered, in the morning, once more after hours, and when it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.errors import Sentence
from engine.notices import deciding
from engine.people.roles import Role
from engine.store import ids
from engine.store.notice_wishes import Wish
from tests.engine.notices.office import Office, markup, plain

A_MOMENT = timedelta(minutes=1)
FIFTEEN = timedelta(minutes=16)
HOURS = timedelta(hours=7)


def wish(office: Office, usual: Wish = Wish.NOW, weekly: bool = False, by_zap: dict[str, Wish] | None = None) -> None:
    office.notices.wish(office.olga.id, usual, by_zap or {}, weekly=weekly, language="en", timezone="UTC")


def test_a_thousand_failures_are_one_mail_and_at_most_one_reminder(office: Office):
    office.with_mail()
    zap = office.zap()
    office.tell(f"failed:{zap}", "The service refuses the name.", zap, times=3)
    (mail,) = office.work(after=A_MOMENT)
    assert mail["to"] == "olga@firma.example"
    assert mail["subject"] == "Zapwerk: 3 runs of “Enquiries” have failed."
    assert "The service refuses the name." in plain(mail)
    office.tell(f"failed:{zap}", "The service refuses the name.", zap, times=997)
    assert office.work(after=timedelta(hours=1)) == []
    (reminder,) = office.work(after=HOURS)
    assert "Still open since 02 Mar, 09:00: 1000 runs of “Enquiries” have failed." in plain(reminder)
    assert [office.work(after=HOURS) for _ in range(8)] == [[]] * 8


def test_matters_that_come_together_are_told_in_one_mail(small: Office):
    small.with_mail()
    zap = small.zap()
    for number in range(40):
        small.tell(f"review:run{number}", "Please check a run.", zap)
    small.tell("backup:x", "The backup failed.")
    assert small.work() == []
    (mail,) = small.work(after=A_MOMENT)
    assert mail["subject"] == "Zapwerk: 2 matters need you"
    assert "Please check 40 runs of “Enquiries”." in plain(mail)
    assert "The backup failed." in plain(mail)


def test_what_comes_up_soon_after_a_mail_waits_for_a_while(small: Office):
    small.with_mail()
    small.tell("backup:x")
    assert len(small.work(after=A_MOMENT)) == 1
    small.tell("place:x")
    small.tell("quota:x")
    assert small.work(after=A_MOMENT) == []
    assert len(small.work(after=FIFTEEN)) == 1


def test_a_recovery_is_told_of_what_was_told_and_of_nothing_else(office: Office):
    office.with_mail()
    office.tell("connection:1", "no longer accepted")
    office.work(after=A_MOMENT)
    office.tell("backup:brief")
    office.settle("backup:brief")
    office.settle("connection:1")
    (mail,) = office.work(after=FIFTEEN)
    assert "is connected again" in mail["subject"]
    assert "backup" not in plain(mail)
    assert office.work(after=FIFTEEN) == []


def test_a_matter_that_comes_and_goes_does_not_write_every_time(small: Office):
    small.with_mail()
    mails = 0
    for _ in range(20):
        small.tell("connection:1")
        mails += len(small.work(after=FIFTEEN))
        small.settle("connection:1")
        mails += len(small.work(after=FIFTEEN))
    assert mails <= 4


@pytest.mark.parametrize("usual", [Wish.NEVER, Wish.DIGEST])
def test_who_does_not_want_it_at_once_is_not_told_at_once(small: Office, usual: Wish):
    small.with_mail()
    wish(small, usual)
    small.tell("backup:x")
    assert small.work(after=A_MOMENT) == []
    assert len(small.work(after=timedelta(days=1))) == (usual == Wish.DIGEST)


def test_a_digest_comes_at_eight_on_the_readers_clock(small: Office):
    small.with_mail()
    wish(small, Wish.NEVER)
    anna = small.join("Anna", zone="Asia/Tokyo")
    small.notices.wish(anna.id, Wish.DIGEST, {}, weekly=False, language="de", timezone="")
    small.work()
    small.tell("backup:x", Sentence("The backup failed.", "Die Sicherung ist misslungen."))
    small.tell("backup:x", Sentence("The backup failed.", "Die Sicherung ist misslungen."))
    small.time = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)  # 7:59 in Tokyo
    assert small.work() == []
    (mail,) = small.work(after=A_MOMENT)
    assert mail["subject"] == "Zapwerk: Was seit gestern zusammenkam"
    assert "Die Sicherung ist misslungen." in plain(mail)
    assert "Das kam 2-mal vor." in plain(mail)
    assert small.work(after=timedelta(days=1)) == []


def test_a_zap_can_be_wished_otherwise_than_the_rest(small: Office):
    small.with_mail()
    loud, quiet = small.zap("Loud"), small.zap("Quiet")
    wish(small, Wish.NEVER, by_zap={loud: Wish.NOW})
    small.tell(f"quota:{quiet}", zap_id=quiet)
    small.tell(f"quota:{loud}", zap_id=loud)
    (mail,) = small.work(after=A_MOMENT)
    assert "Loud" in plain(mail)
    assert "Quiet" not in plain(mail)


def test_viewers_are_not_told_unless_they_want_it(small: Office):
    small.with_mail()
    small.join("Vera", Role.VIEWER)
    small.join("Emil", Role.EDITOR)
    small.tell("backup:x")
    assert sorted(one["to"] for one in small.work(after=A_MOMENT)) == ["emil@firma.example", "olga@firma.example"]


def test_nothing_is_made_while_there_is_no_way_and_what_is_open_is_told_once_there_is_one(small: Office):
    small.tell("backup:old")
    small.work(after=A_MOMENT)
    small.settle("backup:old")
    small.tell("place:x", "Where is it?")
    small.work(after=timedelta(days=2))
    small.with_mail()
    (mail,) = small.work(after=A_MOMENT)
    assert "Where is it?" in plain(mail)
    assert "backup" not in plain(mail)


def test_what_strangers_wrote_becomes_neither_header_nor_markup(small: Office):
    small.with_mail()
    zap = small.zap("<b>x</b>")
    small.tell(f"watch:{zap}", "oh\r\nBcc: all@example.com\u202e <script>alert(1)</script>", zap)
    (mail,) = small.work(after=A_MOMENT)
    assert mail["bcc"] is None
    assert "<script>" not in markup(mail)
    assert "&lt;script&gt;" in markup(mail)
    assert "\u202e" not in plain(mail)


def test_the_week_is_told_on_monday_morning_to_owners_and_whoever_wants_it(office: Office):
    office.with_mail()
    office.join("Emil")
    zap = office.zap()
    office.work()
    with office.runtime.database.write() as session:
        hour = int(office.time.timestamp()) // 3600 + 24
        for state, count in (("succeeded", 12), ("filtered", 2)):
            session.connection().exec_driver_sql(
                f"INSERT INTO tally_hour (hour, zap_id, state, count) VALUES ({hour}, '{zap}', '{state}', {count})"
            )
    assert office.work(after=timedelta(days=6, hours=22)) == []
    (mail,) = office.work(after=timedelta(hours=1))
    assert (mail["to"], mail["subject"]) == ("olga@firma.example", "Zapwerk: Your week: 12 done, 0 open")
    assert "Enquiries: 14 in → 12 done, 2 filtered out, 0 open" in plain(mail)
    wish(office, weekly=False)
    assert office.work(after=timedelta(days=7)) == []


def test_runs_that_work_again_settle_what_failed_and_after_a_calm_while_only(small: Office):
    small.with_mail()
    zap = small.zap()
    small.tell(f"failed:{zap}", zap_id=zap)
    small.work(after=A_MOMENT)
    small.later(minutes=1)
    a_run_succeeds(small, zap)
    assert small.work(after=FIFTEEN) == []
    small.work(after=FIFTEEN)
    (mail,) = small.work(after=A_MOMENT)
    assert mail["subject"] == "Zapwerk: Runs of “Enquiries” work again."
    (matter,) = small.board().settled
    assert matter.said == "Runs of “Enquiries” work again."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("state = 'off'", "“Enquiries” was switched off, so its failed runs are told no more."),
        ("deleted_at = 1", "“Enquiries” was deleted, so its failed runs are told no more."),
    ],
    ids=["off", "deleted"],
)
def test_failed_runs_of_a_zap_that_is_off_or_gone_are_settled_without_saying_that_any_succeeded(
    small: Office, change: str, said: str
):
    small.with_mail()
    zap = small.zap()
    a_run_succeeds(small, zap)
    small.later(minutes=1)
    small.tell(f"failed:{zap}", zap_id=zap)
    small.work(after=A_MOMENT)
    with small.runtime.database.write() as session:
        session.connection().exec_driver_sql(f"UPDATE zap SET {change} WHERE id = '{zap}'")
    assert small.work(after=FIFTEEN) == []
    (mail,) = small.work(after=A_MOMENT)
    assert mail["subject"] == f"Zapwerk: {said}"
    small.later(hours=1)
    a_run_succeeds(small, zap)  # it was switched on again: what was settled before keeps its reason
    (matter,) = small.board().settled
    assert matter.said == said


def a_run_succeeds(office: Office, zap: str) -> None:
    moment = int(office.time.timestamp() * 1000)
    with office.runtime.database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO run (id, zap_id, version, event_id, state, hold, due_at, attempt, owner, epoch, lease_until,"
            f" step, problem, field, created_at, finished_at) VALUES ('{ids.floor(moment)}{'0' * 9}', '{zap}', 1, 'e',"
            f" 'succeeded', '', 0, 0, '', 0, 0, '', '', '', {moment}, {moment})"
        )


@pytest.mark.parametrize(
    ("zone", "now", "morning"),
    [
        ("UTC", "2026-03-02T08:00", "2026-03-03T08:00"),
        ("Europe/Berlin", "2026-03-29T00:30", "2026-03-29T06:00"),
        ("Europe/Berlin", "2026-10-25T00:30", "2026-10-25T07:00"),
        ("Pacific/Auckland", "2026-03-02T18:59", "2026-03-02T19:00"),
    ],
    ids=["just over", "into summer", "into winter", "far east"],
)
def test_the_morning_is_at_eight_also_when_clocks_are_changed(zone: str, now: str, morning: str):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert deciding.next_morning(ZoneInfo(zone), moment) == datetime.fromisoformat(morning).replace(tzinfo=UTC)
