"""What is kept in English of a run, a check or a notice, told in the reader's language. Called by pages and notices.

A connector's own sentences come first, then the engine's, then those about zaps and values. Several in one, as a step
has them that cannot be filled in, are told one by one.
"""

from collections.abc import Iterable
from functools import lru_cache

from engine import phrases
from engine.errors import Sentence
from engine.phrases import IN_CODE, Phrases
from engine.texts import Texts
from engine.zaps.remarks import REMARKS
from engine.zaps.sentences import SENTENCES

BETWEEN = "; "
ABOUT = ": "

COMPARISONS = {
    "is": "ist",
    "is not": "ist nicht",
    "contains": "enthält",
    "does not contain": "enthält nicht",
    "starts with": "beginnt mit",
    "does not start with": "beginnt nicht mit",
    "ends with": "endet mit",
    "does not end with": "endet nicht mit",
    "is one of": "ist eines von",
    "is none of": "ist keines von",
    "matches": "entspricht dem Muster",
    "does not match": "entspricht nicht dem Muster",
    "is greater than": "ist mehr als",
    "is not greater than": "ist nicht mehr als",
    "is less than": "ist weniger als",
    "is not less than": "ist nicht weniger als",
    "is at least": "ist mindestens",
    "is not at least": "ist nicht mindestens",
    "is at most": "ist höchstens",
    "is not at most": "ist nicht höchstens",
    "is before": "liegt vor",
    "is not before": "liegt nicht vor",
    "is after": "liegt nach",
    "is not after": "liegt nicht nach",
}
JUDGEMENTS = {
    "exists": "hat einen Wert",
    "does not exist": "hat keinen Wert",
    "is true": "ist ja",
    "is not true": "ist nicht ja",
    "is false": "ist nein",
    "is not false": "ist nicht nein",
}
"""How `conditions` says why a filter lets a run pass or not, with what was compared and without."""


def retold(sentence: str, language: str, *some: Texts, names: Iterable[Phrases] = ()) -> str:
    """The sentence in this language; what nobody knows stays as it is. `names` are what things are called in it."""
    if isinstance(sentence, Sentence):
        return sentence.within(language)
    if language == IN_CODE or not sentence:
        return sentence
    known = (*(one.errors for one in some), phrases.own(language), _about_zaps(language), *names)
    return "\n".join(_line(one, language, known) for one in sentence.split("\n"))


def _line(line: str, language: str, known: tuple[Phrases, ...]) -> str:
    """Several sentences with semicolons between them, one sentence, or why a filter let a run pass or not."""
    reasons = (_reasons(language), *known)
    for some in (known, reasons):
        found = _parts(line, language, some) or _told(line, language, some)
        if found != line:
            return found
    return line


def _told(sentence: str, language: str, known: tuple[Phrases, ...]) -> str:
    """As a whole, or as a field and what its connector says of it: “Client name: The client has no name …”."""
    found = phrases.told(sentence, language, known)
    title, _, said = sentence.partition(ABOUT)
    of_field = phrases.told(said, language, known)
    if found != sentence or of_field == said:
        return found
    return f"{phrases.told(title, language, known)}{ABOUT}{of_field}"


def _parts(line: str, language: str, known: tuple[Phrases, ...]) -> str:
    """Told one by one; “” where there is but one, or not each of them is known."""
    parts = line.split(BETWEEN)
    told = [_told(one, language, known) for one in parts]
    return BETWEEN.join(told) if len(parts) > 1 and all(map(str.__ne__, parts, told)) else ""


@lru_cache(maxsize=8)
def _about_zaps(language: str) -> Phrases:
    """The sentences about zaps and values, which stand in tables with both languages. Single words fit too much."""
    pairs = [*REMARKS.values(), *SENTENCES.values()] if language == "de" else []
    told = {_plain(english): _plain(german) for english, german in pairs}
    return Phrases({english: german for english, german in told.items() if phrases.own_words(english) > 1})


@lru_cache(maxsize=8)
def _reasons(language: str) -> Phrases:
    """“Subject contains “offer””, as `conditions` says it."""
    if language != "de":
        return Phrases()
    compared = {f"{{subject}} {one} “{{to}}”": f"{{subject}} {words} „{{to}}“" for one, words in COMPARISONS.items()}
    return Phrases({**compared, **{f"{{subject}} {one}": f"{{subject}} {words}" for one, words in JUDGEMENTS.items()}})


def _plain(template: str) -> str:
    """A template of `str.format` as a phrase: doubled braces are single ones."""
    return template.replace("{{", "{").replace("}}", "}")
