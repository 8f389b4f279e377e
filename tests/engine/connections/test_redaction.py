"""Secrets do not get into logs: not plain, not encoded, not in arguments or tracebacks, not printed."""

import base64
import io
import json
import logging
import sys
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr

from engine.connections import prints, redaction
from engine.connections.redaction import BLOT, CurrentRedaction, Redactor, logger_for, secrets_of
from engine.sdk.auth import PasswordGiven, Profile, Token

SECRET = 'p&ß "s/wörd+\\x%'


@pytest.fixture
def heard():
    """Everything that the log of connectors writes, as text."""
    stream, parent = io.StringIO(), logging.getLogger("zapwerk.connector.tasko")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    parent.addHandler(handler)
    parent.setLevel(logging.DEBUG)
    yield stream
    parent.removeHandler(handler)


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps({"password": SECRET}),
        json.dumps({"password": SECRET}, ensure_ascii=False),
        repr(SECRET),
        repr(SECRET.encode()),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(f"x:{SECRET}".encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"user@x\1auth=Bearer {SECRET}\1\1".encode()).decode(),
    ],
    ids=["plain", "percent", "percent lower", "form", "json", "json unicode", "repr", "repr bytes", "base64", "urlsafe",
         "basic", "xoauth2"],
)  # fmt: skip
def test_every_form_of_a_secret_is_blotted_out(written):
    cleaned = Redactor([SECRET]).clean(f"before {written} after")
    assert BLOT in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert "wörd" not in cleaned
    assert base64.b64encode(b"s/w")[:3].decode() not in cleaned


def test_short_values_do_not_blot_out_ordinary_words():
    assert Redactor(["p", "abc", ""]).clean("p abc example") == "p abc example"


def test_a_longer_secret_is_blotted_out_before_one_inside_it():
    assert Redactor(["secret", "secret-and-more"]).clean("secret-and-more secret") == f"{BLOT} {BLOT}"


def test_new_tokens_are_learnt_and_the_fixed_secrets_never_forgotten():
    redactor = Redactor(["password"])
    for number in range(100):
        redactor.learn([f"token-{number}"])
    assert redactor.clean("password token-99 token-95") == f"{BLOT} {BLOT} {BLOT}"


def test_secrets_are_found_in_models_of_any_depth():
    token = Token(access_token=SecretStr("a-token"), refresh_token=None, inner={"deep": [SecretStr("deep")]})
    given = PasswordGiven(username="u", password=SecretStr("pw"))
    assert set(secrets_of([token, given, Profile(client_secret=SecretStr("cs"))])) == {"a-token", "deep", "pw", "cs"}


def test_the_log_of_a_connection_is_clean_and_named_after_its_connector(heard):
    log = logger_for("tasko", Redactor([SECRET]))
    log.info("signing in with %s", SECRET)
    log.warning("%d", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("failed")
    assert heard.getvalue().count(BLOT) >= 3
    assert "wörd" not in heard.getvalue()
    assert heard.getvalue().startswith("zapwerk.connector.tasko INFO signing in")


def test_libraries_that_log_by_themselves_are_cleaned_while_the_connector_runs(heard):
    library = logging.getLogger("zapwerk.connector.tasko")
    library.handlers[0].addFilter(CurrentRedaction())
    token = redaction.current.set(Redactor([SECRET]))
    library.info("GET /?key=%s", SECRET)
    redaction.current.reset(token)
    library.info("outside")
    assert heard.getvalue().splitlines()[0].endswith(f"GET /?key={BLOT}")
    assert "outside" in heard.getvalue()


def test_an_error_loses_the_secrets_it_carries():
    error = ConnectionError(f"refused: {SECRET}", 5)
    Redactor([SECRET]).clean_error(error)
    assert error.args == (f"refused: {BLOT}", 5)


def test_what_a_connector_prints_goes_to_its_log_and_not_to_our_output(heard, capsys):
    with prints.divided():
        print("ours")
        token = prints.speaker.set(prints.Speaker(logger_for("tasko", Redactor([SECRET]))))
        print("theirs", SECRET)
        print("and errors", file=sys.stderr)
        prints.speaker.reset(token)
        print("ours again")
    assert capsys.readouterr() == ("ours\nours again\n", "")
    assert f"printed: theirs {BLOT}" in heard.getvalue()
    assert "printed: and errors" in heard.getvalue()


def test_output_is_as_before_afterwards():
    before = sys.stdout, sys.stderr
    with prints.divided():
        assert sys.stdout is not before[0]
        assert sys.stdout.encoding == before[0].encoding
    assert (sys.stdout, sys.stderr) == before


def test_a_log_handler_on_the_divided_output_does_not_go_round_in_circles(capsys):
    with prints.divided():
        parent = logging.getLogger("zapwerk.connector.circle")
        parent.setLevel(logging.INFO)
        handler = logging.StreamHandler(sys.stderr)
        parent.addHandler(handler)
        token = prints.speaker.set(prints.Speaker(logger_for("circle", Redactor())))
        print("hello")
        prints.speaker.reset(token)
        parent.removeHandler(handler)
    assert capsys.readouterr() == ("", "printed: hello\n")
