"""The language of a page: what the browser likes best, unless the person has chosen one."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from hypothesis import given
from hypothesis import strategies as st

from tests.web.installation import Installation
from tests.web.test_app import house
from web import languages, problems


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        pytest.param("", "en", id="nothing said"),
        pytest.param("de", "de", id="German"),
        pytest.param("de-AT,de;q=0.9,en;q=0.8", "de", id="Austrian"),
        pytest.param("en-GB,en;q=0.9,de;q=0.8", "en", id="British"),
        pytest.param("en;q=0.5,de;q=0.9", "de", id="by what is liked best, not by order"),
        pytest.param("fr-FR,de;q=0.3", "de", id="the best that we have"),
        pytest.param("fr,es;q=0.9", "en", id="none that we have"),
        pytest.param("DE-de", "de", id="in capitals"),
        pytest.param("*", "en", id="any"),
        pytest.param("de;q=x, en", "en", id="a weight that is none"),
        pytest.param(";;;,,,=,q=", "en", id="no header at all"),
        pytest.param("de-" + "x" * 100_000, "de", id="far too long"),
    ],
)
def test_the_language_that_a_browser_likes_best(accepted: str, language: str):
    assert languages.preferred(accepted) == language


@given(st.text(max_size=200))
def test_whatever_a_browser_says_leads_to_a_language_of_ours(accepted: str):
    assert languages.preferred(accepted) in languages.LANGUAGES


def test_words_come_in_the_language_and_with_their_number():
    assert languages.words("en").gettext("just now") == "just now"
    assert languages.words("de").gettext("just now") == "gerade eben"
    assert (
        languages.words("de").ngettext("%(count)s zap is on.", "%(count)s zaps are on.", 2)
        == "%(count)s Zaps sind ein."
    )


def test_what_nobody_translated_stays_english():
    assert languages.words("de").gettext("Nobody says this.") == "Nobody says this."


def test_two_files_that_say_the_same_differently_are_refused(tmp_path: Path):
    for name, said in (("a", "eins"), ("b", "zwei")):
        (tmp_path / f"{name}.po").write_text(f'msgid "one"\nmsgstr "{said}"\n', "utf-8")
    with pytest.raises(ValueError, match="another translation"):
        languages.joined(sorted(tmp_path.glob("*.po")), "de")


def test_a_plural_and_a_text_of_two_files_stand_side_by_side(tmp_path: Path):
    (tmp_path / "a.po").write_text('msgid "zap"\nmsgid_plural "zaps"\nmsgstr[0] "Zap"\nmsgstr[1] "Zaps"\n', "utf-8")
    (tmp_path / "b.po").write_text('msgid "run"\nmsgstr "Ausführung"\n', "utf-8")
    joined: Catalog = languages.joined(sorted(tmp_path.glob("*.po")), "de")
    assert [message.string for message in joined if message.id] == [("Zap", "Zaps"), "Ausführung"]


@pytest.mark.parametrize(
    ("accepted", "title"),
    [("de", "Diese Seite gibt es hier nicht"), ("en", "This page is not here"), ("fr", "This page is not here")],
)
def test_a_page_for_somebody_unknown_follows_the_browser(installation: Installation, accepted: str, title: str):
    async def work() -> str:
        async with house(installation) as found:
            answer = await found.client.get("/nothing", headers={"accept-language": accepted})
            return answer.text

    page = asyncio.run(work())
    assert title in page
    assert f'<html lang="{languages.preferred(accepted)}"' in page


@pytest.mark.parametrize(
    ("accepted", "person", "language"),
    [
        pytest.param("de", "en", "de", id="what the program asks for"),
        pytest.param("", "de", "de", id="else what the person reads"),
        pytest.param("", None, "en", id="else English"),
    ],
)
def test_a_program_is_told_in_the_language_it_asks_for(accepted: str, person: str | None, language: str):
    visitor = SimpleNamespace(language=person) if person else None
    request: Any = SimpleNamespace(headers={"accept-language": accepted}, state=SimpleNamespace(visitor=visitor))
    assert problems.language(request) == language
