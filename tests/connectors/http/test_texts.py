"""The German words stand beside the code, complete; what every connector should have is there."""

from connectors.http import http
from zapwerk.testing import standard_checks


def test_nothing_is_missing_in_either_language():
    standard_checks(http, languages=("de",))


def test_a_connection_is_optional():
    assert not http.needs_connection
