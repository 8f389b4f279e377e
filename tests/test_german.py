"""Every sentence that the engine, a connector or a page's failure says to people exists in German.

The sentences are collected from the code itself, so one that is added without its German fails here.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from pydantic_core._pydantic_core import list_all_errors

from engine import phrases
from engine.phrases import PLACE
from engine.texts import Texts
from engine.zaps import conditions, retold
from tests.spoken import MARK, ROOT, Spoken, is_told, literals, raised, sentences

COMMAND_LINE = "the command line speaks English"
STARTING = "said by the command line, before anybody can sign in"
HELP = "the help of a field, which the connector's own file has"
AUTHORS = "said to who writes a connector, in the terminal"
PLACES = (MARK, "", f" (“{MARK}”)", f": “{MARK}”", f"{MARK}, port {MARK}")
"""What may stand in a place: words, nothing, or what a server said."""

FILES = {
    "engine/folder.py": STARTING,
    "engine/settings.py": STARTING,
    "engine/backup/restoring.py": "a backup is restored by the command line",
    "engine/inspection.py": AUTHORS,
    "engine/editing/made_up.py": "made-up samples, in both languages",
    "web/cli_": COMMAND_LINE,
    "web/connector_": COMMAND_LINE,
    "web/demo": COMMAND_LINE,
    "web/rotating.py": COMMAND_LINE,
    "web/sandboxes.py": COMMAND_LINE,
    "web/scaffolding.py": COMMAND_LINE,
    "web/serving.py": COMMAND_LINE,
    "web/signing_in.py": COMMAND_LINE,
    "web/trying.py": COMMAND_LINE,
    "web/zap_files.py": COMMAND_LINE,
    "connectors/practice/": "pages of the sandboxes, which have their own words",
    "connectors/invoice2go/sandbox/": "a stand-in of a service, whose answers are English as the real one's are",
    "connectors/mail/sandbox.py": "started by the command line",
    "connectors/mail/demo_": "pages and letters of the demo's mailbox, which have their own words",
    "engine/store/migrate.py": STARTING,
    "engine/notices/heartbeat.py": "written into the log",
    "engine/store/migrations/": "no words for people",
}
"""Where what is said is not shown on pages: how the paths begin, and why."""

SENTENCES = {
    f"{MARK}: {MARK}.": "written into the log of backups, with the German beside it",
    f"{MARK} is a folder; please name a file, like {MARK}.": COMMAND_LINE,
    "Zapwerk knows this data folder again by this file. Please leave it alone, and do not copy it.\n": "in a file",
    "Where the service is, like https://api.example.com/v1. The sign-in is sent to this host and to no other.": HELP,
    "An address that answers well only when the sign-in is right, like “me”. Left empty, less can be checked.": HELP,
    f"{MARK}: the account is not allowed to do this.": "the end of “The service answered …”, which is known whole",
    f"{MARK}: too busy just now.": "the end of “The service answered …”, which is known whole",
    f"{MARK} Is the address right, and is the service up?": "the end of “The service answered …”, known whole",
    f"Known only after {MARK} {MARK}.": "with “step” or “the steps” in it, which are known whole",
    f"The mail server could not {MARK}{MARK}.": "each of what it may be is known whole",
    f"{MARK} triggers cannot be checked": "written into the log",
    f'{MARK}<body style="{MARK}">{MARK}</body></html>': "markup",
    f"FROM moved WHERE {MARK} > :after AND {MARK} <= :end": "SQL",
    f"{MARK} must know this installation first. Register it there, then fill in what you get: zapwerk apps set {MARK} "
    f"--profile {MARK} client_id=… client_secret=-": "it has German, and a command that is none",
    "User name and password": "the title of a way to sign in, which a connector's file has",
    f"{MARK} {MARK}": "two sentences, each of which is known",
    f"{MARK} Fill in what you were given; still missing: {MARK}.": "begins with a sentence that is known whole",
    f"{MARK} Check the values of this profile with what you were given, then confirm it.": "the same",
}
"""Single sentences that need no German of their own, and why."""

OF_OTHERS = frozenset({"pydantic", "system", "yaml"})  # tables of what is said by others than the engine itself
GERMAN_BESIDE = ("Diese Ausführung ", "Ein Beispiel für ")  # the German halves of pairs that are put together in code


def test_what_the_engine_says_exists_in_german():
    assert not _english((ROOT / "engine",), ())


@pytest.mark.parametrize("folder", sorted(one.name for one in (ROOT / "connectors").iterdir() if one.is_dir()))
def test_what_a_connector_says_exists_in_german(folder: str):
    assert not _english((ROOT / "connectors" / folder,), _texts(ROOT / "connectors" / folder))


def test_what_pages_refuse_is_said_in_german():
    found = [one for one in raised(ROOT / "web") if not _is_elsewhere(one) and not _has_german(one, ())]
    assert not found, _listed(found)


def _english(folders: Sequence[Path], texts: Sequence[Texts]) -> str:
    found = [one for folder in folders for one in sentences(folder) if not _is_elsewhere(one)]
    return _listed([one for one in found if not _has_german(one, texts)])


def _listed(found: Sequence[Spoken]) -> str:
    return "\n".join(
        ["Without German (engine/phrases.de.toml, or the connector's own file):", *map(str, found)] * bool(found)
    )


def _is_elsewhere(one: Spoken) -> bool:
    return one.file.startswith(tuple(FILES)) or one.sentence in SENTENCES or one.sentence.startswith(GERMAN_BESIDE)


def _has_german(one: Spoken, texts: Sequence[Texts]) -> bool:
    if any(text.progress(one.sentence) != one.sentence for text in texts):
        return True
    return any(is_told(said, retold.retold(said, "de", *texts)) for said in _variants(one.sentence))


def _variants(sentence: str) -> Iterator[str]:
    parts = sentence.split(MARK)
    places = product(PLACES, repeat=len(parts) - 1) if len(parts) <= 4 else [(MARK,) * (len(parts) - 1)]
    for filled in places:
        yield "".join(part + place for part, place in zip(parts, (*filled, ""), strict=True))


@cache
def _texts(folder: Path) -> tuple[Texts, ...]:
    return tuple(Texts(tomllib.loads(file.read_text("utf-8"))) for file in sorted(folder.glob("*.de.toml")))


def _left_over(known: Sequence[str], folder: Path) -> list[str]:
    """What neither is a text of the folder's code, nor is put together of one."""
    texts = literals(folder)
    whole = [_pattern(one) for one in texts if MARK in one and re.search(r"[a-z]{3}", one)]
    parts = [_pattern(one) for one in texts if phrases.own_words(one) > 2]
    said = {PLACE.sub(MARK, one): one for one in known if phrases.own_words(one) > 3}
    return [
        one
        for text, one in said.items()
        if text not in texts and not any(w.fullmatch(text) for w in whole) and not any(p.search(text) for p in parts)
    ]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text.strip()).replace(re.escape(MARK), ".*"), re.DOTALL)


def test_nothing_german_of_the_engine_is_left_over():
    tables = tomllib.loads((ROOT / "engine" / "phrases.de.toml").read_text("utf-8"))
    known = [one for name, table in tables.items() if name not in OF_OTHERS for one in table]
    assert _left_over(known, ROOT / "engine") == ["The answer is larger than {size} MB."]  # capitalised in code


@pytest.mark.parametrize("file", sorted((ROOT / "connectors").glob("*/*.de.toml")), ids=lambda file: file.stem)
def test_nothing_german_of_a_connector_is_left_over(file: Path):
    assert not _left_over(list(tomllib.loads(file.read_text("utf-8")).get("errors", {})), file.parent)


def test_what_is_left_out_is_still_said():
    """An exception that nobody needs any more would hide a sentence of the same words later."""
    said = {one.sentence for one in sentences(ROOT / "engine")} | {
        one.sentence for one in sentences(ROOT / "connectors")
    }
    assert set(SENTENCES) <= said
    assert not [name for name in FILES if not [*ROOT.glob(f"{name}*")]]


def test_a_new_sentence_without_german_is_found(tmp_path: Path):
    code = tmp_path / "engine" / "fresh.py"
    code.parent.mkdir()
    code.write_text('def refuse(name):\n    raise Refused(f"The moon is not open for {name} today")\n', "utf-8")
    found = [*sentences(code.parent, tmp_path)]
    assert [str(one) for one in found] == [f"  engine/fresh.py:2: 'The moon is not open for {MARK} today'"]
    assert not _has_german(found[0], ())


KNOWN_TO_PYDANTIC = [
    pytest.param(template, id=f"{one['type']}-{at}")
    for one in list_all_errors()
    for at, template in enumerate(
        dict.fromkeys(
            [one["message_template_python"], one.get("message_template_json", one["message_template_python"])]
        )
    )
]
PYTHON_ONLY = (
    "no_such_attribute", "json_type", "needs_python_object", "recursion_", "get_attribute_error", "dataclass_",
    "named_tuple_type-0", "default_factory_not_called", "iteration_error", "frozen_dict_type-0", "ordered_dict_type-0",
    "counter_type-0", "deque_type-0", "missing_sentinel_error", "ellipsis_error", "is_instance_of", "is_subclass_of",
    "callable_type", "arguments_type", "missing_", "unexpected_", "multiple_argument_values", "fraction_", "complex_",
)  # fmt: skip
"""What no JSON and no form can bring about."""


@pytest.mark.parametrize(
    "template", [one for one in KNOWN_TO_PYDANTIC if not str(one.id).startswith(PYTHON_ONLY) or one.id == "missing-0"]
)
def test_what_pydantic_says_exists_in_german(template: str):
    for plural in ("", "s"):
        said = PLACE.sub(MARK, template.replace("{expected_plural}", plural))
        assert is_told(said, phrases.told(said, "de", (phrases.own("de"),))), said


def test_every_comparison_of_filters_has_german():
    said = {words for one in conditions.OPERATORS.values() for words in (one.words, one.denied)}
    assert said == set(retold.COMPARISONS) | set(retold.JUDGEMENTS)
