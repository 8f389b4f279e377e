"""What a field would be given, shown while it is typed."""

import pytest

from connectors.http.connector import http
from engine.editing.previews import Previews, PreviewState
from engine.editing.readable import BLOT
from engine.registry import Registry
from engine.sdk.fields import fields_with_secrets
from engine.zaps.conditions import Group
from engine.zaps.model import TRIGGER, ActionStep, FilterStep
from tests.engine.editing.office import OFFICE, office, sample

PREVIEWS = Previews(lambda: OFFICE)


def preview(place, template, language="de", step="client", **more):
    return PREVIEWS.of(office(**more), step, place, template, language)


@pytest.mark.parametrize(
    ("place", "template", "text"),
    [
        ("name", "{{ trigger.labelled['Name'] }}", "Ada Lovelace"),
        ("name", " Dear {{ trigger.sender.name }} ", "Dear Ada L."),
        ("phone", "{{ trigger.labelled['Telefon'] }}", "+49301234567"),
        ("country", "{{ trigger.labelled['Land'] }}", "DE"),
        ("payment_terms_days", "14", "14"),
        ("if_exists", "use", "use"),
        ("unknown", "{{ trigger.subject }}", "Anfrage"),
    ],
)
def test_a_template_is_filled_in_and_read_as_a_run_would(place, template, text):
    found = preview(place, template)
    assert (found.text, found.state, found.problems) == (text, PreviewState.SHOWN, ())


@pytest.mark.parametrize(
    ("language", "since", "rate"), [("en", "Dec 31, 2026", "1,234.5"), ("de", "31.12.2026", "1.234,5")]
)
def test_dates_and_amounts_are_written_in_the_readers_language(language, since, rate):
    step = ActionStep(key="c", use="billing.create_client")
    draft = office(step)
    assert PREVIEWS.of(draft, "c", "since", "31.12.2026", language).text == since
    assert PREVIEWS.of(draft, "c", "rate", "1.234,50 €", language).text == rate


def test_what_cannot_be_read_is_told_in_both_languages_beside_the_value():
    found = preview("email", "{{ trigger.subject }}")
    [problem] = found.problems
    assert (found.state, found.text, problem.step, problem.field) == (
        PreviewState.PROBLEM,
        "Anfrage",
        "client",
        "email",
    )
    assert problem.within("de") == "„Anfrage“ ist keine gültige E-Mail-Adresse."


def test_empty_is_told_from_no_sample_yet():
    empty = preview("phone", "{{ trigger.labelled['Fax'] }}")
    assert (empty.state, empty.text) == (PreviewState.EMPTY, "")
    waiting = preview("phone", "{{ trigger.labelled['Telefon'] }}", mail=None)
    assert (waiting.state, waiting.waits_for) == (PreviewState.NO_SAMPLE, (TRIGGER,))


def test_a_later_step_waits_for_the_test_of_an_earlier_one():
    steps = [ActionStep(key="client", use="invoice2go.create_client"), ActionStep(key="note", use="plain.write")]
    assert PREVIEWS.of(office(*steps), "note", "text", "{{ client.id }}").waits_for == ("client",)
    tested = office(*steps, samples={"client": sample("client", "invoice2go.create_client", {"id": "7"}, real=False)})
    found = PREVIEWS.of(tested, "note", "text", "No. {{ client.id }}")
    assert (found.text, found.made_up) == ("No. 7", True)


def test_what_is_no_template_is_told_with_its_position():
    found = preview("name", "Hello {{ trigger.subject | shout }}")
    assert (found.state, found.problems[0].position) == (PreviewState.PROBLEM, 27)


def test_a_field_of_a_filter_is_shown_as_it_is():
    draft = office(FilterStep(key="only", filter=Group(all=())))
    assert PREVIEWS.of(draft, "only", "filter.all.0.value", "{{ trigger.to[0].address }}").text == "office@site.example"


def test_a_typed_secret_is_never_shown():
    action = next(one for one in http.actions.values() if fields_with_secrets(one.form))
    secret = min(fields_with_secrets(action.form))
    previews = Previews(lambda: Registry.of(http))
    found = previews.of(office(ActionStep(key="call", use=action.use)), "call", secret, {"x": "pa55word"})
    assert (found.text, found.state) == (BLOT, PreviewState.SHOWN)
