"""What the weekly mail counts: by the names that connectors give what comes and what is made, in either language."""

from zoneinfo import ZoneInfo

import pytest

from engine.notices import counting, letters
from engine.notices.letters import ZapWeek
from engine.notices.receivers import Receiver
from engine.registry import Registry
from engine.store.notice_wishes import Wish
from engine.texts import Texts
from engine.zaps.model import ActionStep, TriggerUse, Zap

MAIL, CLIENT, ITEM = "imap.new_email", "invoice2go.create_client", "invoice2go.create_item"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def line(registry: Registry, language: str, trigger: str, *uses: str, done: int = 12, acted: int = 12) -> str:
    """What the mail says of a week in which two events were filtered."""
    steps = tuple(ActionStep(key=f"step_{number}", use=use) for number, use in enumerate(uses))
    zap = Zap(name="Enquiries", trigger=TriggerUse(use=trigger), steps=steps)

    def texts(app: str) -> Texts:
        return Texts.load(registry.connectors[app], language)

    counted = counting.of(zap, registry, texts)
    week = ZapWeek("Enquiries", "z", done, 2, 0, 0, acted, counted)
    to = Receiver("p", "Olga", "olga@firma.example", language, ZoneInfo("UTC"), Wish.NOW, weekly=True)
    said = letters.weekly(to, [week], "https://zaps.firma.example").text
    return next(one[2:] for one in said.splitlines() if one.startswith("* "))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Enquiries: 14 e-mails → 12 clients, 2 filtered out, 0 open"),
        ("de", "Enquiries: 14 E-Mails → 12 Kunden, 2 ausgefiltert, 0 offen"),
    ],
)
def test_records_are_counted_by_their_names_in_the_readers_language(registry: Registry, language: str, said: str):
    assert line(registry, language, MAIL, CLIENT) == said


def test_each_kind_that_is_made_is_counted_once_and_one_is_called_one(registry: Registry):
    said = line(registry, "en", MAIL, CLIENT, ITEM, CLIENT, done=2, acted=1)
    assert said == "Enquiries: 4 e-mails → 1 client, 1 item, 1 ended otherwise, 2 filtered out, 0 open"


def test_what_nobody_named_is_counted_as_runs(registry: Registry):
    assert line(registry, "en", "schedule.each_day") == "Enquiries: 14 in → 12 done, 2 filtered out, 0 open"
    assert line(registry, "en", "gone.thing", "gone.make") == "Enquiries: 14 in → 12 done, 2 filtered out, 0 open"
