"""Whatever people and strangers write: a value within the caps, or the one documented error."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.zaps import mapping
from engine.zaps.filters import FILTERS
from engine.zaps.limits import MAX_TEXT, weight
from engine.zaps.locales import Locale

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.decimals()
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
paths = st.lists(
    st.sampled_from(["a", "b", "[0]", "['x y']", "size", "first", "__class__", "[-1]", "[a.b]", "0"]),
    min_size=1,
    max_size=4,
).map(".".join)
constants = st.integers().map(str) | st.text(st.characters(exclude_characters="'"), max_size=10).map("'{}'".format)
operands = paths | constants | st.sampled_from(["nil", "true", "blank", "1.5", "-3", "(1..9)"])
applied = st.tuples(st.sampled_from([*FILTERS, "nope"]), st.lists(operands, max_size=3)).map(
    lambda one: f"| {one[0]}{': ' if one[1] else ''}{', '.join(one[1])}"
)
outputs = st.tuples(operands, st.lists(applied, max_size=4)).map(lambda one: "{{ " + one[0] + " ".join(one[1]) + " }}")
tags = st.sampled_from(
    ["{% if a %}", "{% else %}", "{% endif %}", "{% unless b == 1 %}", "{%", "{{-", "-}}", "{% for x %}"]
)
likely = st.lists(outputs | tags | st.text(max_size=6), max_size=6).map("".join)
braces = st.text(st.sampled_from("{}%-|:'\"[]().,ab01 \n"), max_size=80)


def only_the_documented_error(template, scope):
    try:
        result = mapping.render(template, scope, Locale("de", "Europe/Berlin"))
    except mapping.MappingError as error:
        return bool(error.problems) and all(one.message.endswith((".", "?")) for one in error.problems)
    return weight(result) <= MAX_TEXT


@given(template=likely, scope=st.dictionaries(st.sampled_from("ab"), data))
@settings(max_examples=400, deadline=None)
def test_likely_templates_on_any_data(template, scope):
    assert only_the_documented_error(template, scope)


@given(template=braces | st.text(), scope=st.dictionaries(st.sampled_from("ab"), data))
@settings(max_examples=400, deadline=None)
def test_any_text_as_a_template(template, scope):
    assert only_the_documented_error(template, scope)


@given(template=likely | braces)
@settings(max_examples=300, deadline=None)
def test_a_template_without_a_syntax_problem_names_its_references(template):
    problem = mapping.syntax_problem(template)
    found = mapping.references(template)
    assert problem is None or found == []
    assert all(0 <= one.position < len(template) for one in found)
    assert problem is None or 0 <= problem[1] <= len(template)


@given(text=st.text())
@settings(deadline=None)
def test_text_without_braces_is_given_back_unchanged(text):
    plain = text.replace("{{", "").replace("{%", "").replace("{", "")
    assert mapping.render(plain, {}) == plain


@given(value=data)
@settings(deadline=None)
def test_a_single_output_gives_the_very_value(value):
    assert mapping.render("{{ a }}", {"a": value}) is value
