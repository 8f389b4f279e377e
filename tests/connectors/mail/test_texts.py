"""The German texts beside the connectors: they name what there is, and leave nothing of a form out."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from connectors.mail.gmail import gmail
from connectors.mail.imap import imap
from zapwerk import Connector

FOLDER = Path(__file__).parents[3] / "connectors" / "mail"


def german(connector: Connector) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{connector.key}.de.toml").read_text("utf-8"))


def shown(model: Any) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


@pytest.mark.parametrize("connector", [imap, gmail], ids=lambda connector: str(connector.key))
def test_every_field_and_output_has_its_german_words_and_none_is_left_over(connector):
    texts = german(connector)
    assert {key: set(auth["fields"]) for key, auth in texts["auth"].items()} == {
        key: shown(kind.given) for key, kind in connector.auth.items()
    }
    trigger = connector.triggers["new_email"]
    assert set(texts["triggers"]["new_email"]["fields"]) == shown(trigger.given)
    assert set(texts["triggers"]["new_email"]["output"]) == shown(trigger.returns)
    assert "{folder}" in texts["triggers"]["new_email"]["sentence"]
