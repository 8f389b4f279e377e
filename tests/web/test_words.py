"""Everything that people read on the pages exists in English and German, and nothing German is left over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import web
from web import languages
from web.rendering import environment

WEB = Path(web.__file__).parent
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")
FAMILIAR = re.compile(r"\b(?:du|dir|dich|dein\w*|euch|euer\w*)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """One text of the pages, and where it stands first. `many` is the plural, or ""."""

    one: str
    many: str
    place: str


@cache
def texts() -> dict[str, Said]:
    """All texts of code and templates, by their English words."""
    found: dict[str, Said] = {}
    for said in (*_of_code(), *_of_templates()):
        known = found.get(said.one)
        if known is None or (said.many and not known.many):
            found[said.one] = said
    return found


def _of_code() -> Iterator[Said]:
    for path in sorted(WEB.rglob("*.py")):
        for line, message, *_ in extract_from_file("python", path, KEYWORDS):
            yield _said(message, f"{path.relative_to(WEB)}:{line}")


def _of_templates() -> Iterator[Said]:
    """With the environment of the pages, as white space and extensions decide what a text is."""
    made: Any = environment("en")
    for path in sorted((WEB / "templates").rglob("*.html")):
        for line, _, message in made.extract_translations(path.read_text("utf-8")):
            yield _said(message, f"{path.relative_to(WEB)}:{line}")


def _said(message: object, place: str) -> Said:
    parts = message if isinstance(message, tuple) else (message, "")
    return Said(str(parts[0]), str(parts[1] or ""), place)


@cache
def german() -> Catalog:
    return languages.joined(sorted((languages.FOLDER / "de").glob("*.po")), "de")


def entries() -> list[tuple[str, Message]]:
    """Every German entry as it stands, also the empty ones, with its file."""
    found = []
    for path in sorted((languages.FOLDER / "de").glob("*.po")):
        with path.open("rb") as opened:
            found += [(path.name, one) for one in read_po(opened, "de") if one.id]
    return found


def english(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, tuple | list) else message.id)


def wordings(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [str(message.string)]


def listed(faults: list[str]) -> str:
    return f"{len(faults)} to mend:\n" + "\n".join(faults)


def test_everything_is_said_in_german_as_well():
    missing = []
    for one in texts().values():
        found = german().get(one.one)
        if found is None or not all(wordings(found)):
            missing.append(f"  {one.place}: {one.one!r}")
        elif one.many and not isinstance(found.id, tuple | list):
            missing.append(f"  {one.place}: the plural of {one.one!r}")
    assert not missing, listed(missing)


def test_nothing_german_is_left_over():
    left = [f"  {file}: {english(one)!r}" for file, one in entries() if english(one) not in texts()]
    assert not left, listed(left)


def test_placeholders_are_the_same_in_both_languages():
    wrong = []
    for file, one in entries():
        ids = [str(part) for part in one.id] if isinstance(one.id, tuple | list) else [str(one.id)]
        known = {mark for text in ids for mark in PLACEHOLDER.findall(text)}
        needed = set.intersection(*({*PLACEHOLDER.findall(text)} for text in ids))
        for text in wordings(one):
            used = set(PLACEHOLDER.findall(text))
            if not needed <= used <= known:
                wrong.append(f"  {file}: {english(one)!r} → {text!r}")
    assert not wrong, listed(wrong)


@pytest.mark.parametrize(
    ("looks_wrong", "why"),
    [
        pytest.param(lambda text: "!" in text, "calm words", id="no exclamation marks"),
        pytest.param(lambda text: FAMILIAR.search(text), "Sie", id="nobody is called du"),
        pytest.param(lambda text: text != text.strip() or "  " in text, "spaces", id="no spaces too many"),
        pytest.param(lambda text: '"' in re.sub(r"<[^>]*>", "", text), "„…“", id="German quotation marks"),
    ],
)
def test_german_is_well_mannered(looks_wrong, why):
    wrong = [f"  {file}: {text!r}" for file, one in entries() for text in wordings(one) if looks_wrong(text)]
    assert not wrong, f"{why}: {listed(wrong)}"


def test_english_has_no_exclamation_marks():
    loud = [f"  {one.place}: {one.one!r}" for one in texts().values() if "!" in one.one]
    assert not loud, listed(loud)
