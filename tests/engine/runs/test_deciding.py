"""What people are told of a run that waits for their decision: in their language, the action's title too."""

import pytest

from engine.registry import Registry
from engine.runs.deciding import please_check

TRIES = "The outcome is still unknown after many tries: {}"
VERSUCHE = "Auch nach vielen Versuchen ist der Ausgang unbekannt: {}"


@pytest.mark.parametrize(
    ("why", "german"),
    [
        pytest.param("It had not arrived.", "Es war nicht angekommen.", id="what the engine says"),
        pytest.param(
            TRIES.format("The service did not answer."), VERSUCHE.format("The service did not answer."), id="nobody's"
        ),
    ],
)
def test_it_is_asked_in_both_languages_by_the_title_that_pages_show(why: str, german: str):
    registry = Registry.load()
    operation = registry.operation("invoice2go.create_client")
    said = please_check(operation, registry.connectors["invoice2go"], why)
    assert said == f"Please check whether “Create client” went through: {why}"
    assert said.within("de") == f"Bitte prüfen Sie, ob „Kunden anlegen“ angekommen ist: {german}"
