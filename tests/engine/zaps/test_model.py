"""The shape of a zap."""

import pytest
from pydantic import ValidationError

from engine.zaps import files
from engine.zaps.locales import Locale
from engine.zaps.model import WHOLE, ActionStep, FilterStep, Zap
from tests.engine.zaps.apps import MAIN_JOB


def zap(**given):
    step = {"key": "a", "use": "plain.write"}
    return Zap.model_validate({"name": "A", "trigger": {"use": "post.new_mail"}, "steps": [step], **given})


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ({}, None),
        ({"language": "de"}, "DE"),
        ({"timezone": "Europe/Vienna", "language": "de"}, "AT"),
        ({"timezone": "America/New_York"}, "US"),
        ({"timezone": "Europe/Berlin", "country": "CH"}, "CH"),
        ({"timezone": "Etc/UTC"}, None),
    ],
)
def test_the_country_comes_from_the_zone_or_the_language(given, region):
    assert zap(**given).locale.region == region


def test_what_is_left_out_is_english_and_utc():
    assert zap().locale == Locale("en", "UTC", None)
    assert zap().flood_limit == 100


@pytest.mark.parametrize("timezone", ["", "Berlin", "../../etc/passwd", "/etc/passwd", "Europe/Berlin\0", "x" * 5000])
def test_a_zone_that_does_not_exist_is_refused(timezone):
    with pytest.raises(ValidationError):
        zap(timezone=timezone)


@pytest.mark.parametrize("key", ["", "A", "1a", "a-b", "a b", "ä", "_a", "trigger", "a" * 61])
def test_a_key_is_a_small_name(key):
    with pytest.raises(ValidationError):
        zap(steps=[{"key": key, "use": "plain.write"}])


@pytest.mark.parametrize("use", ["plain.", ".write", ".", "plain.write.x", "plain write", "../x.y"])
def test_a_use_names_an_app_and_an_operation(use):
    with pytest.raises(ValidationError):
        zap(steps=[{"key": "a", "use": use}])


@pytest.mark.parametrize("use", ["", "plain"])
def test_a_draft_need_not_say_yet_what_happens_but_what_is_whole_does(use):
    drawn = zap(steps=[{"key": "a", "use": use}], trigger={"use": use})
    assert drawn.uses() == ()
    assert drawn.trigger.app == use
    assert not drawn.trigger.is_chosen
    with pytest.raises(ValidationError, match="2 validation errors"):
        Zap.model_validate(drawn.model_dump(by_alias=True), context=WHOLE)


def test_a_draft_may_have_no_steps_and_comes_back_from_json_as_it_was():
    drawn = zap(steps=[], trigger={"use": "", "title": "Every mail", "note": "from the web site"})
    assert Zap.model_validate_json(drawn.model_dump_json(by_alias=True, exclude_defaults=True)) == drawn
    with pytest.raises(ValidationError, match="at least 1 item"):
        Zap.model_validate({**drawn.model_dump(by_alias=True), "trigger": {"use": "a.b"}}, context=WHOLE)


def test_a_filter_may_have_no_conditions_yet():
    assert zap(steps=[{"key": "f", "filter": {"all": []}}]).steps[0].filter.members == ()


def test_a_step_is_told_by_the_key_it_has():
    steps = zap(steps=[{"key": "f", "filter": {"all": []}}, {"key": "a", "use": "plain.write"}]).steps
    assert [type(step) for step in steps] == [FilterStep, ActionStep]
    with pytest.raises(ValidationError, match="needs `use`"):
        zap(steps=[{"key": "a"}])


def test_inputs_hold_plain_data_only():
    with pytest.raises(ValidationError):
        zap(steps=[{"key": "a", "use": "plain.write", "with": {"x": object()}}])


def test_a_zap_travels_as_json_and_comes_back_as_the_same():
    one = zap(steps=[{"key": "f", "filter": {"any": [{"value": 1, "is": "is", "to": 1}]}}])
    assert Zap.model_validate_json(one.model_dump_json(by_alias=True)) == one


def test_connections_can_be_called_otherwise():
    renamed = files.load(MAIN_JOB).with_connections(str.upper)
    assert renamed.connections() == {"MAILBOX", "ACCOUNTS"}
    assert renamed.uses() == ("post.new_mail", "billing.create_client")
