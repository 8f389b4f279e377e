"""Words as they are searched: the same for what is indexed and for what a person types. Pure.

Without case and accents: “Müller” is found as “muller”, “Straße” as “strasse”. Both databases are given these words, so
that a search finds the same on either.
"""

import re
import unicodedata

LONGEST = 40  # characters of a word that count
MOST_TYPED = 8  # words of a search that count

_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"([^\W\d_]{3,})(\d+)")
_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670]"
)
"""Combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic. Asking Unicode for each character took four times as
long as everything else that is done for a run here."""


def of(text: str) -> list[str]:
    """The different words of a text, in its order."""
    words = (word[:LONGEST] for word in _whole(text))
    return list(dict.fromkeys(part for word in words for part in _parts(word)))


def _whole(text: str) -> list[str]:
    """The words as long as they are."""
    folded = text.casefold()
    if not folded.isascii():
        folded = _ACCENT.sub("", unicodedata.normalize("NFKD", folded))
    return _WORD.findall(folded)


def _parts(word: str) -> tuple[str, ...]:
    """“rechnung4711” is “rechnung” and “4711”: whoever types either finds it, and the index has fewer words."""
    found = _NUMBERED.fullmatch(word) if word[-1].isdigit() and word[0].isalpha() else None
    return (word,) if found is None else (found[1], found[2])


def typed(text: str) -> list[str]:
    """The words a person looks for."""
    return of(text)[:MOST_TYPED]


def is_cut(text: str) -> bool:
    """Whether `typed` leaves out some of what a person typed."""
    return len(of(text)) > MOST_TYPED or any(len(word) > LONGEST for word in _whole(text))
