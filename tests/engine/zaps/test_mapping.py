"""Templates and what they give."""

from decimal import Decimal
from typing import Any

import pytest

from engine.zaps import mapping
from engine.zaps.filters import FILTERS
from engine.zaps.limits import MAX_TEXT
from engine.zaps.locales import Locale
from engine.zaps.mapping import MappingError, Reference, references, render, syntax_problem

GERMAN = Locale("de", "Europe/Berlin")

SCOPE: dict[str, dict[str, Any]] = {
    "limit": {"id": "7"},
    "trigger": {
        "subject": "Anfrage: Angebot",
        "labelled": {
            "Name *": "Dr. Anna von Berg",
            "E-Mail:": "anna@berg.example",
            "Betrag": "1.234,50 €",
            "Leer": " ",
        },
        "sender": {"name": "Web site", "address": "web@site.example"},
        "to": [{"address": "a@x.example"}, {"address": "b@x.example"}],
        "count": 3,
        "net": 12.5,
        "date": "2026-12-31T23:30:00+00:00",
        "done": False,
        "text": "first\n\n second \n",
        "html": "<p>Guten&nbsp;Tag</p><script>alert(1)</script><b>Anna</b>",
        "which": "subject",
        "size": "XL",
        "with": {"empty": "kept"},
    },
}


def given(template):
    return render(template, SCOPE, GERMAN)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        pytest.param("{{ trigger.count }}", 3, id="a number stays a number"),
        pytest.param(" {{ trigger.count }}\n", 3, id="also with white space around it"),
        pytest.param("{{ trigger.done }}", False, id="no stays no"),
        pytest.param("{{ trigger.to }}", SCOPE["trigger"]["to"], id="a list stays a list"),
        pytest.param("{{ trigger.nothing.at.all }}", None, id="what is missing is nothing"),
        pytest.param("No. {{ trigger.count }}", "No. 3", id="within text a number becomes text"),
        pytest.param("<{{ trigger.nothing }}>", "<>", id="within text nothing is empty"),
        pytest.param("{{ trigger.net }} {{ trigger.done }}", "12.5 false", id="two outputs are text"),
        pytest.param("no template", "no template", id="plain text stays"),
        pytest.param("a }} b", "a }} b", id="closing braces alone are text"),
        pytest.param("{{ '{{' }} x", "{{ x", id="opening braces can be quoted"),
        pytest.param("a {{- trigger.count -}} b", "a3b", id="dashes take white space away"),
    ],
)
def test_a_template_gives_its_value(template, value):
    assert given(template) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("trigger.labelled['Name']", "Dr. Anna von Berg", id="asterisk ignored"),
        pytest.param("trigger.labelled['e-mail']", "anna@berg.example", id="case and colon ignored"),
        pytest.param("trigger.labelled.E-Mail", "anna@berg.example", id="with a dot"),
        pytest.param("trigger['labelled'][' NAME: ']", "Dr. Anna von Berg", id="blanks ignored"),
        pytest.param("trigger.to[1].address", "b@x.example", id="position"),
        pytest.param("trigger.to.0.address", "a@x.example", id="position with a dot"),
        pytest.param("trigger.to[-1].address", "b@x.example", id="from the end"),
        pytest.param("trigger.to.first.address", "a@x.example", id="first"),
        pytest.param("trigger.to.last.address", "b@x.example", id="last"),
        pytest.param("trigger.to.size", 2, id="how many"),
        pytest.param("trigger.size", "XL", id="a key wins over a property"),
        pytest.param("trigger[trigger.which]", "Anfrage: Angebot", id="a name found in the data"),
        pytest.param("trigger.to[7].address", None, id="no such position"),
        pytest.param("trigger.with.empty", "kept", id="keywords are names behind a dot"),
        pytest.param("limit.id", "7", id="and before one"),
    ],
)
def test_paths_are_followed(path, value):
    assert given("{{ " + path + " }}") == value


@pytest.mark.parametrize(
    "path",
    [
        "trigger.__class__",
        "trigger.subject.__class__.__mro__",
        "trigger['__init__']",
        "trigger.items",
        "trigger.keys",
        "trigger.to.append",
        "trigger.subject.upper",
        "__builtins__",
        "self",
    ],
)
def test_no_name_ever_reaches_a_python_attribute(path):
    assert given("{{ " + path + " }}") is None


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ trigger.labelled.Leer | default: trigger.sender.name }}", "Web site"),
        ("{{ trigger.gone | default: 'x' }}", "x"),
        ("{{ trigger.done | default: true }}", False),
        ("{{ 'abc' | upcase }}{{ 'ABC' | downcase }}{{ 'abC d' | capitalize }}", "ABCabcAbC d"),
        ("{{ '  a ' | strip }}|{{ ' a ' | lstrip }}|{{ ' a ' | rstrip }}|{{ ' a  b ' | squish }}", "a|a | a|a b"),
        ("{{ 'a-b-c' | replace: '-', '/' }} {{ 'a-b-c' | replace_first: '-', '/' }}", "a/b/c a/b-c"),
        ("{{ 'a-b-c' | remove: '-' }} {{ 'a-b-c' | remove_first: '-' }}", "abc ab-c"),
        ("{{ 'b' | append: 'c' | prepend: 'a' }}", "abc"),
        ("{{ 'A long text' | truncate: 7 }}", "A long…"),
        ("{{ 'abcdef' | slice: 1, 2 }}{{ 'abcdef' | slice: -2, 5 }}", "bcef"),
        ("{{ 'a, b' | split: ', ' }}", ["a", "b"]),
        ("{{ trigger.to | map: 'address' | join: ' ' }}", "a@x.example b@x.example"),
        ("{{ trigger.to | where: 'address', 'b@x.example' | size }}", 1),
        ("{{ 'b,a,,b' | split: ',' | compact | uniq | sort | join: '' }}", "ab"),
        ("{{ 'a,b' | split: ',' | reverse | first }}{{ 'a,b' | split: ',' | last }}", "bb"),
        ("{{ trigger.text | lines }}", ["first", "second"]),
        ("{{ trigger.subject | extract: '^(\\w+):' }}", "Anfrage"),
        ("{{ trigger.subject | extract: 'angebot' }}", "Angebot"),
        ("{{ trigger.subject | extract: 'Order (\\d+)' }}", None),
        ("{{ 'Anna Maria Berg' | first_word }}|{{ 'Anna Maria Berg' | last_word }}", "Anna|Berg"),
        ("{{ trigger.labelled.Name | first_name }}|{{ trigger.labelled.Name | last_name }}", "Anna|von Berg"),
        ("{{ 'Berg, Anna' | first_name }}|{{ 'Berg, Anna' | last_name }}", "Anna|Berg"),
        ("{{ 'Cher' | first_name }}|{{ 'Cher' | last_name }}", "Cher|"),
        ("{{ 'ä b&c' | url_encode }}", "%C3%A4+b%26c"),
        ("{{ trigger.to | json }}", '[{"address": "a@x.example"}, {"address": "b@x.example"}]'),
        ("{{ '<b>' | escape }}", "&lt;b&gt;"),
        ("{{ trigger.html | strip_html }}", "Guten Tag\nAnna"),
        ("{{ trigger.text | strip | newline_to_br }}", "first<br>\n<br>\n second"),
        ("{{ 0.1 | plus: 0.2 }}", Decimal("0.3")),
        ("{{ trigger.labelled.Betrag | times: 2 }}", Decimal("2469.00")),
        ("{{ 7 | divided_by: 2 }}", Decimal("3.5")),
        ("{{ 7 | modulo: 2 }}{{ 3 | minus: 5 | abs }}{{ 3 | at_least: 4 }}{{ 3 | at_most: 2 }}", "1242"),
        ("{{ 2.345 | round: 2 }} {{ 2.9 | floor }} {{ 2.1 | ceil }} {{ 2.5 | round }}", "2.35 2 3 3"),
        ("{{ 1234.5 | number: 2 }} {{ 1234.5 | number }}", "1.234,50 1.234,5"),
        ("{{ '1.234,50 €' | to_number }}", Decimal("1234.50")),
        ("{{ '1,5 2,5' | split: ' ' | sum }}", Decimal("4.0")),
        ("{{ trigger.gone | plus: 1 }}", None),
        ("{{ trigger.date | date: '%-d. %B %Y, %H:%M' }}", "1. Januar 2027, 00:30"),
        ("{{ '31.12.2026' | date }} {{ '31.12.2026' | date: 'long' }}", "2026-12-31 31. Dezember 2026"),
        ("{{ '31.01.2026' | add_months: 1 | date: 'short' }}", "28.02.26"),
        ("{{ '31.12.2026' | add_days: 1 | date: '%d.%m.%Y' }}", "01.01.2027"),
        ("{{ trigger.gone | date: 'short' }}", None),
    ],
)
def test_filters(template, value):
    assert given(template) == value


def test_every_filter_is_documented_with_an_example_that_can_be_read():
    for one in FILTERS.values():
        assert one.help.endswith(".")
        assert syntax_problem(one.example) is None, one.name


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{% if trigger.count > 2 and trigger.subject contains 'Angebot' %}yes{% else %}no{% endif %}", "yes"),
        ("{% if trigger.count == 1 %}a{% elsif trigger.count == 3 %}b{% else %}c{% endif %}", "b"),
        ("{% unless trigger.done %}open{% else %}done{% endunless %}", "open"),
        ("{% if trigger.labelled.Leer %}a{% else %}blank is false{% endif %}", "blank is false"),
        ("{% if trigger.gone == blank %}blank{% endif %}", "blank"),
        ("{% if trigger.labelled.Betrag > 1000 %}much{% endif %}", "much"),
        ("{% if trigger.labelled contains 'name' %}named{% endif %}", "named"),
        ("{% if not trigger.done %}{% if trigger.count %}both{% endif %}{% endif %}", "both"),
        ("{% if trigger.count != 3 %}x{% endif %}", ""),
    ],
)
def test_if_chooses(template, value):
    assert given(template) == value


@pytest.mark.parametrize(
    ("template", "words", "position"),
    [
        ("a {{ b", "“}}” is missing", 2),
        ("{{ }}", "nothing between", 2),
        ("{{ a b }}", "“b”", 5),
        ("x {{ a | upcse }}", "Did you mean “upcase”?", 9),
        ("{{ a | truncate: 1, 2, 3 }}", "takes 0 to 2 values", 7),
        ("{{ a | upcase: 1 }}", "takes no value", 7),
        ("{{ a | default: x: 1 }}", "takes 1 value", 7),
        ("{{ (1..30000000) }}", "Ranges", 3),
        ("{% for a in b %}{% endfor %}", "“{% for %}” is not available", 2),
        ("{% assign a = 1 %}", "not available", 2),
        ("{% include 'x' %}", "not available", 2),
        ("{% raw %}", "not available", 2),
        ("{% if a %}", "“{% endif %}” is missing", 2),
        ("{% endif %}", "no “if” before it", 2),
        ("{% if a %}{% else %}{% else %}{% endif %}", "has no “if”", 22),
        ("{{ a | extract: '(' }}", "not a valid pattern", 7),
        ("{{ " + "9" * 100 + " }}", "too many digits", 3),
        ("{{ " + "a" * 2000 + " }}", "too long", 2),
        ("{{ " + "a[" * 200 + "b" + "]" * 200 + " }}", "nested too deeply", 2),
        ("{% if a %}" * 40 + "{% endif %}" * 40, "within each other", 302),
        ("x" * 100_001 + "{{ a }}", "too long", 0),
    ],
)
def test_a_broken_template_says_what_is_wrong_and_where(template, words, position):
    problem = syntax_problem(template)
    assert problem is not None
    assert words in problem[0]
    assert problem[1] == position
    with pytest.raises(MappingError):
        given(template)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ 'abc' | plus: 1 }}", "“abc” is not a number"),
        ("{{ 1 | divided_by: 0 }}", "divided by zero"),
        ("{{ 'soon' | date: 'short' }}", "“soon” is not a date"),
        ("{{ 9 " + "| times: 999999999999 " * 10 + "}}", "too large"),
        ("{{ 'a' | truncate: 'x' }}", "whole number"),
        ("{{ '2026-12-31' | add_months: 99999 }}", "too far away"),
    ],
)
def test_a_value_that_cannot_be_filtered_is_refused_with_a_sentence(template, words):
    with pytest.raises(MappingError, match=words) as refused:
        given({"a": {"b": [template]}})
    assert refused.value.problems[0].field == "a.b.0"


def test_all_fields_with_problems_are_told_at_once():
    with pytest.raises(MappingError) as refused:
        given({"a": "{{ 'x' | plus: 1 }}", "b": "{{", "c": "fine"})
    assert [problem.field for problem in refused.value.problems] == ["a", "b"]


def test_lists_and_mappings_are_walked_and_keys_are_left_alone():
    assert given({"{{ a }}": [{"b": "{{ trigger.count }}"}, 5, None]}) == {"{{ a }}": [{"b": 3}, 5, None]}


BIG = {"text": "a" * 900_000, "list": ["1"] * 10_000}


@pytest.mark.parametrize(
    "template",
    [
        "{{ text | replace: 'a', 'aaaaaaaaaa' }}",
        "{{ text | append: text }}",
        "{{ text }}{{ text }}",
        "{{ text | split: '' }}",
        "{{ list | join: text }}",
        "".join("{{ text | upcase | downcase | size }}" for _ in range(50)),
        "".join("{{ list | sort | sort | sum }}" for _ in range(200)),
    ],
)
def test_a_mapping_that_grows_or_works_without_measure_is_stopped(template):
    with pytest.raises(MappingError, match=r"too l|too m"):
        render(template, BIG)


def test_many_fields_together_are_capped_too():
    with pytest.raises(MappingError, match="too large"):
        render(["{{ text }}", "{{ text }}"], BIG)
    assert len(render("{{ text }}", BIG)) < MAX_TEXT


def test_references_are_found_without_data():
    found = references({"a": "{{ x.labelled['Name'] | default: y.z }}", "b": ["{% if c[d.e].f %}{{ g }}{% endif %}"]})
    assert found == [
        Reference(("x", "labelled", "Name"), 3, "a"),
        Reference(("y", "z"), 33, "a"),
        Reference(("c",), 6, "b.0"),
        Reference(("d", "e"), 8, "b.0"),
        Reference(("g",), 20, "b.0"),
    ]


def test_only_texts_with_braces_are_templates():
    assert mapping.has_template({"a": ["x {{ b }}"]})
    assert mapping.has_template("{% if a %}")
    assert not mapping.has_template({"{{": ["x", 1, None]})


def test_values_nested_without_end_are_a_problem_and_no_crash():
    deep: list[Any] = ["{{ a }}"]
    for _ in range(5000):
        deep = [deep]
    assert mapping.has_template(deep)
    assert references(deep) == []
    assert [problem.message for problem in mapping.syntax_problems(deep)] == ["The values are nested too deeply."]
    with pytest.raises(MappingError, match="too deeply"):
        render(deep, {})


def test_lone_surrogates_and_nul_do_no_harm():
    scope = {"a": "x\ud800\x00y"}
    assert render("{{ a | extract: 'x(.)' }}", scope) == "?"
    assert render("{{ a | url_encode }}", scope) == "x%3F%00y"
    assert render("{{ a }}", scope) == "x\ud800\x00y"
