"""Filters: whether they let a run pass, and the reason a person reads."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from engine.zaps import conditions
from engine.zaps.conditions import Group
from engine.zaps.locales import Locale
from engine.zaps.mapping import MappingError

GERMAN = Locale("de", "Europe/Berlin")
SCOPE = {
    "trigger": {
        "subject": "  ANFRAGE: Angebot ",
        "amount": "1.234,50 €",
        "net": Decimal("12.5"),
        "day": "31.12.2026",
        "moment": "2026-12-31T23:30:00+00:00",
        "tags": ["Neu", "VIP"],
        "newsletter": "nein",
        "agreed": True,
        "empty": " ",
        "labelled": {"E-Mail": "a@b.example"},
    }
}


def verdict(value, operator, to=None):
    group = Group.model_validate({"all": [{"value": value, "is": operator, "to": to}]})
    return conditions.evaluate(group, SCOPE, GERMAN)


@pytest.mark.parametrize(
    ("value", "operator", "to", "passed"),
    [
        ("{{ trigger.subject }}", "is", "anfrage: angebot", True),
        ("{{ trigger.subject }}", "is_not", "Anfrage", True),
        ("{{ trigger.subject }}", "contains", "Angebot", True),
        ("{{ trigger.subject }}", "contains", "", False),
        ("{{ trigger.subject }}", "does_not_contain", "Rechnung", True),
        ("{{ trigger.subject }}", "starts_with", "anfrage", True),
        ("{{ trigger.subject }}", "ends_with", "angebot", True),
        ("{{ trigger.subject }}", "is_one_of", "Rechnung, Anfrage: Angebot", True),
        ("{{ trigger.subject }}", "is_one_of", ["Rechnung"], False),
        ("{{ trigger.subject }}", "matches", "anfrage:\\s+\\w+", True),
        ("{{ trigger.tags }}", "contains", "vip", True),
        ("{{ trigger.tags }}", "does_not_contain", "alt", True),
        ("{{ trigger.amount }}", "greater_than", 1000, True),
        ("{{ trigger.amount }}", "less_than", "1.000", False),
        ("{{ trigger.net }}", "at_least", "12,5", True),
        ("{{ trigger.net }}", "at_most", 12, False),
        ("{{ trigger.subject }}", "greater_than", 1, False),
        ("{{ trigger.day }}", "before", "2027-01-01", True),
        ("{{ trigger.moment }}", "after", "01.01.2027", True),
        ("{{ trigger.empty }}", "after", "01.01.2027", False),
        ("{{ trigger.subject }}", "exists", None, True),
        ("{{ trigger.empty }}", "exists", None, False),
        ("{{ trigger.gone }}", "does_not_exist", None, True),
        ("{{ trigger.agreed }}", "is_true", None, True),
        ("{{ trigger.newsletter }}", "is_false", None, True),
        ("{{ trigger.subject }}", "is_true", None, False),
        ("{{ trigger.labelled['E-Mail'] }}", "is", "{{ trigger.labelled['e-mail'] }}", True),
    ],
)
def test_operators(value, operator, to, passed):
    assert verdict(value, operator, to).passed is passed


def test_every_operator_is_tried_above():
    tried = {case[1] for case in test_operators.pytestmark[0].args[1]}
    assert tried == set(conditions.OPERATORS)


@pytest.mark.parametrize(
    ("value", "operator", "to", "reason"),
    [
        ("{{ trigger.subject }}", "contains", "Rechnung", "Subject does not contain “Rechnung”"),
        ("{{ trigger.subject }}", "contains", "Anfrage", "Subject contains “Anfrage”"),
        ("{{ trigger.labelled['E-Mail'] }}", "does_not_exist", None, "E-Mail exists"),
        ("{{ trigger.amount }}", "less_than", 1000, "Amount is not less than “1000”"),
        ("fixed", "is", "other", "“fixed” is not “other”"),
    ],
)
def test_the_reason_is_a_sentence(value, operator, to, reason):
    assert verdict(value, operator, to).reason == reason


def test_groups_within_groups():
    subject = {"value": "{{ trigger.subject }}", "is": "contains"}
    group = Group.model_validate(
        {"all": [{**subject, "to": "Anfrage"}, {"any": [{**subject, "to": "Rechnung"}, {**subject, "to": "Mahnung"}]}]}
    )
    found = conditions.evaluate(group, SCOPE, GERMAN)
    assert not found.passed
    assert found.reason == "Subject does not contain “Rechnung”; Subject does not contain “Mahnung”"


def test_a_pattern_that_comes_from_data_and_is_none_is_refused():
    with pytest.raises(MappingError, match="not a valid pattern"):
        verdict("a", "matches", "{{ '(' }}")


def test_a_pattern_takes_no_time_that_grows_beyond_the_text():
    assert not verdict("a" * 50_000, "matches", "(a|a)*(a|a)*(a|a)*b$").passed


@pytest.mark.parametrize(
    "group",
    [
        {},
        {"all": [], "any": []},
        {"all": [{"value": 1}]},
        {"all": [{"value": 1, "is": "is", "too": 2}]},
        {"all": "x"},
    ],
)
def test_a_group_of_another_shape_is_refused(group):
    with pytest.raises(ValidationError):
        Group.model_validate(group)


@pytest.mark.parametrize(
    ("group", "field", "words"),
    [
        ({"all": []}, "", "at least one condition"),
        ({"all": [{"value": "a", "is": "contain", "to": "b"}]}, "all.0.is", "Did you mean “contains”?"),
        ({"any": [{"value": "a", "is": "is"}]}, "any.0.to", "nothing to compare with"),
        ({"all": [{"any": [{"value": "a", "is": "matches", "to": "("}]}]}, "all.0.any.0.to", "not a valid pattern"),
        ({"all": [{"value": "a", "is": "exists"}] * 101}, "", "at most 100"),
    ],
)
def test_problems_of_a_filter(group, field, words):
    found = conditions.problems(Group.model_validate(group))
    assert [problem.field for problem in found] == [field]
    assert words in found[0].message


def test_groups_nested_too_deeply_are_a_problem():
    group: dict[str, list[Any]] = {"all": [{"value": "a", "is": "exists"}]}
    for _ in range(9):
        group = {"any": [group]}
    assert any("deep" in problem.message for problem in conditions.problems(Group.model_validate(group)))
