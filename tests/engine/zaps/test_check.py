"""All that is wrong with a zap, at once, by step and field."""

import pytest

from engine.zaps import check, files, mapping, values
from engine.zaps.model import ActionStep, Zap
from tests.engine.zaps.apps import CONNECTIONS, MAIN_JOB, REGISTRY, NewClient


def problems(zap):
    return check.problems(zap, REGISTRY, CONNECTIONS)


def zap_of(*steps, **trigger):
    start = {"use": "post.new_mail", "connection": "mailbox", **trigger}
    return Zap.model_validate(
        {
            "name": "Test",
            "trigger": start,
            "steps": steps or [{"key": "w", "use": "plain.write", "with": {"text": "x"}}],
        }
    )


def client(**given):
    return {"key": "client", "use": "billing.create_client", "connection": "accounts", "with": given}


def only(zap):
    [problem] = problems(zap)
    return problem.step, problem.field, problem.message


def test_the_main_job_has_no_problems_and_gives_a_client():
    zap = files.load(MAIN_JOB)
    assert problems(zap) == []
    mail = {
        "subject": "Anfrage",
        "labelled": {"Name:": " Anna Berg ", "E-mail *": "anna@berg.example"},
        "sender": {"name": "Web site", "address": "web@site.example"},
    }
    form = REGISTRY.action("billing.create_client").form
    step = zap.steps[1]
    assert isinstance(step, ActionStep)
    given = values.read(form, mapping.render(step.with_, {"trigger": mail}, zap.locale), zap.locale)
    assert given.model_dump(include={"name", "email", "if_exists"}) == {
        "name": "Anna Berg",
        "email": "anna@berg.example",
        "if_exists": "use",
    }


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("pots.new_mail", "There is no app “pots”. Did you mean “post”?"),
        ("post.new_mial", "Post office has nothing called “post.new_mial”. Did you mean “post.new_mail”?"),
        ("billing.create_client", "“billing.create_client” is an action; nothing of that kind starts a zap."),
    ],
)
def test_what_does_not_start_a_zap_is_told_at_the_trigger(use, message):
    found = problems(zap_of(use=use))
    assert ("trigger", "use", message) in [(one.step, one.field, one.message) for one in found]


def test_a_trigger_is_no_step():
    step, field, message = only(zap_of({"key": "again", "use": "post.new_mail", "connection": "mailbox"}))
    assert (step, field) == ("again", "use")
    assert "is a polling trigger" in message


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (None, "Please choose a connection to Billing."),
        ("acounts", "There is no connection “acounts”. Did you mean “accounts”?"),
        ("mailbox", "“mailbox” is a connection to another app, not to Billing."),
        ("old accounts", "“old accounts” is no longer signed in; please reconnect it."),
    ],
)
def test_a_connection_that_cannot_be_used_is_told(connection, message):
    step = {**client(name="a"), "connection": connection}
    assert only(zap_of(step)) == ("client", "connection", message)


def test_an_app_without_sign_in_needs_no_connection():
    assert problems(zap_of()) == []


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"name": "a", "emial": "x"}, "emial", "There is no field “emial”. Did you mean “email”?"),
        ({}, "name", "Client name is required."),
        ({"name": " "}, "name", "Client name is empty."),
        ({"name": "a", "email": "nobody"}, "email", "“nobody” is not a valid e-mail address."),
        ({"name": "a", "rate": "much"}, "rate", "“much” is not a number that can be read for Rate."),
        ({"name": "a", "kind": "dog"}, "kind", "“dog” is not one of the choices for Client kind: Person, Company."),
        ({"name": "a", "if_exists": "x"}, "if_exists", "“x” is not one of the choices for If it exists: use it, "),
        ({"name": "a" * 101}, "name", "Client name has 101 characters; at most 100 are allowed."),
        ({"name": "{{ trigger.subject", "rate": 5}, "name", "“{{” is never closed; “}}” is missing."),
        ({"name": "{{ trigger.subject | shout }}"}, "name", "There is no filter “shout”."),
    ],
)
def test_inputs_are_checked(given, field, message):
    step, where, said = only(zap_of(client(**given)))
    assert (step, where) == ("client", field)
    assert said.startswith(message.replace("Client kind", "Kind"))


def test_the_position_of_a_broken_template_is_told():
    [problem] = problems(zap_of(client(name="Hello {{ trigger.subject | shout }}")))
    assert problem.position == 27


@pytest.mark.parametrize(
    "reference",
    [
        "trigger.subject",
        "trigger.Subject",
        "trigger.subject.size",
        "trigger.labelled['Anything at all']",
        "trigger.raw.deep.down[3]",
        "trigger.sender.address",
        "trigger.to[0].name",
        "trigger.to.first.address",
        "trigger.to.size",
        "trigger.attachments[0].content_type",
        "trigger[trigger.subject]",
        "trigger",
    ],
)
def test_references_that_lead_somewhere(reference):
    assert problems(zap_of(client(name="{{ " + reference + " }}"))) == []


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("trigger.subjekt", "“trigger” has no “subjekt”. Did you mean “subject”?"),
        ("triger.subject", "There is no step “triger”. Did you mean “trigger”?"),
        ("client.id", "“client” is this step itself; only earlier steps can be used."),
        ("later.id", "“later” comes later; only earlier steps can be used."),
        ("trigger.sender.adress", "“trigger.sender” has no “adress”. Did you mean “address”?"),
        ("trigger.subject.text", "“trigger.subject” has nothing below it, so no “text”."),
        ("trigger.to.address", "“trigger.to” is a list; choose one of it first, like trigger.to[0].address."),
        ("trigger.to[0].adress", "“trigger.to[0]” has no “adress”. Did you mean “address”?"),
        ("only.passed", "“only” is a filter, which has no values to use."),
        ("trigger.to | default: nobody.name", "There is no step “nobody”."),
    ],
)
def test_references_that_lead_nowhere(reference, message):
    only_new = {"key": "only", "filter": {"all": [{"value": "{{ trigger.subject }}", "is": "exists"}]}}
    later = {**client(name="b"), "key": "later"}
    step, field, said = only(zap_of(only_new, client(name="{{ " + reference + " }}"), later))
    assert (step, field, said) == ("client", "name", message)


def test_what_an_earlier_step_made_can_be_used():
    note = {"key": "note", "use": "plain.write", "with": {"text": "{{ client.url }} {{ client.name }}"}}
    assert problems(zap_of(client(name="a"), note)) == []
    found = {"key": "found", "use": "billing.find_client", "connection": "accounts", "with": {"email": "a@b.example"}}
    assert problems(zap_of(found, client(name="{{ found.name }}"))) == []


def test_a_triggers_inputs_take_no_templates():
    step, field, message = only(zap_of(**{"with": {"folder": "{{ trigger.subject }}"}}))
    assert (step, field) == ("trigger", "folder")
    assert "fixed" in message


def test_filters_are_checked_with_their_place():
    broken = {"key": "f", "filter": {"all": [{"value": "{{ trigger.gone }}", "is": "containz", "to": "{{ x"}]}}
    found = [(one.step, one.field) for one in problems(zap_of(broken))]
    assert found == [("f", "filter.all.0.is"), ("f", "filter.all.0.to"), ("f", "filter.all.0.value")]


def test_a_hundred_and_one_steps_are_too_many():
    steps = [{"key": f"w{index}", "use": "plain.write", "with": {"text": "x"}} for index in range(101)]
    assert problems(zap_of(*steps[:100])) == []
    assert only(zap_of(*steps)) == ("", "", "A zap has at most 100 steps; this one has 101.")


def test_everything_is_told_at_once():
    found = problems(
        zap_of(
            {"key": "a", "use": "nope.nothing"},
            {**client(email="x", nmae="{{ oops.x }}"), "connection": None},
            connection="nowhere",
        )
    )
    assert {(one.step, one.field) for one in found} == {
        ("trigger", "connection"),
        ("a", "use"),
        ("client", "connection"),
        ("client", "nmae"),
        ("client", "name"),
        ("client", "email"),
    }


def test_the_fields_that_are_offered_are_those_of_the_model():
    assert set(NewClient.model_fields) < set(REGISTRY.action("billing.create_client").form.model_fields)
