"""Sentences in another language, found by the English ones.

What is stored of a run or a check is English, and whoever reads it chooses the language then. `phrases.de.toml` says
both, with places for any words: `"There is no run {id}." = "Die Ausführung {id} gibt es nicht."` What stands in a place
is told in the other language where it is known itself; in quotes it is somebody else's and stays. `errors` asks for
the engine's own sentences, `texts` for those of a connector, `zaps.retold` for all of them.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

IN_CODE = "en"  # the language that stands in the code
LONGEST = 4_000  # characters; longer ones are somebody else's, and stay
PLACE = re.compile(r"\{([a-z_]+)\}")

_IN_QUOTES = re.compile(r"“([^“”]*)”")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True)
class Phrases:
    """Sentences with places, by the English ones."""

    by_english: Mapping[str, str] = field(default_factory=dict)

    def find(self, sentence: str, inner: Callable[[str], str]) -> str | None:
        """The sentence in the other language, its places told by `inner`; None for one that is not known."""
        known = self.by_english.get(sentence)
        if known:
            return known
        for pattern, quoted, translation in self._patterns:
            found = pattern.fullmatch(sentence)
            if found:
                places = found.groupdict().items()
                return _filled(translation, {name: one if name in quoted else inner(one) for name, one in places})
        return None

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], frozenset[str], str]]:
        """Those with places, the ones with the most words of their own first."""
        some = {one: words for one, words in self.by_english.items() if PLACE.search(one) and own_words(one)}
        ordered = sorted(some, key=lambda one: -len(PLACE.sub("", one)))
        return [(_pattern(one), _quoted(one), some[one]) for one in ordered]


def told(sentence: str, language: str, known: Sequence[Phrases]) -> str:
    """A sentence in this language, by the first of `known` that has it; one that nobody knows stays as it is."""
    if language == IN_CODE or len(sentence) > LONGEST:
        return sentence
    return _told(sentence, language, known)


def _told(sentence: str, language: str, known: Sequence[Phrases]) -> str:
    for phrases in known:
        found = phrases.find(sentence, lambda value: _value(value, language, known))
        if found is not None:
            return found
    return sentence


def _value(value: str, language: str, known: Sequence[Phrases]) -> str:
    """What stands in a place: words that are known, or somebody else's, written as the language writes them."""
    found = _told(value, language, known)
    if found != value or language != "de":
        return found
    if _THOUSANDS.fullmatch(value):
        return value.replace(",", ".")
    return _IN_QUOTES.sub(r"„\1“", value)


@lru_cache(maxsize=8)
def own(language: str) -> Phrases:
    """The engine's own sentences in this language."""
    file = Path(__file__).parent / f"phrases.{language}.toml"
    if not language.isalpha() or not file.is_file():
        return Phrases()
    tables: Iterable[Mapping[str, str]] = tomllib.loads(file.read_text("utf-8")).values()
    return Phrases({english: words for table in tables for english, words in table.items()})


def _pattern(english: str) -> re.Pattern[str]:
    """A place stands for any words, a second one of the same name for the same again."""
    seen: set[str] = set()
    parts = PLACE.split(english)
    for at in range(1, len(parts), 2):
        name = parts[at]
        parts[at] = f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
        seen.add(name)
    return re.compile("".join(one if at % 2 else re.escape(one) for at, one in enumerate(parts)), re.DOTALL)


def _filled(text: str, places: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: places.get(place[1], place[0]), text)


def own_words(english: str) -> int:
    """How many words a sentence has beside what stands in its places."""
    return len(re.findall(r"\w+", PLACE.sub(" ", english)))


def _quoted(english: str) -> frozenset[str]:
    """The places in quotes: what stands there is nothing of ours."""
    return frozenset(re.findall(r"“\{([a-z_]+)\}”", english))
