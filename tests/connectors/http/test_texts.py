"""The German words stand beside the code, complete; what every connector should have is there."""

import tomllib
from pathlib import Path

from connectors.http import http
from zapwerk.testing import standard_checks

FOLDER = Path(http.actions["request"].function.__code__.co_filename).parent


def test_nothing_is_missing_in_either_language():
    standard_checks(http, languages=("de",))


def test_every_translated_error_stands_in_the_code():
    code = "".join(file.read_text("utf-8") for file in FOLDER.glob("*.py"))
    errors = tomllib.loads((FOLDER / "http.de.toml").read_text("utf-8"))["errors"]
    assert [one for one in errors if one not in code] == []


def test_a_connection_is_optional():
    assert not http.needs_connection
