"""Filters on texts. The first line of each docstring is its help, the second its example: `filters` reads them."""

import html
import re
from typing import Any
from urllib.parse import quote_plus

from engine.zaps import patterns
from engine.zaps.limits import MAX_ITEMS, CannotMap, fitting
from engine.zaps.plain import is_blank, json_text, text_of

_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.I)
_TAGS = re.compile(r"<[^<>]*>")
_HIDDEN = r"(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->"
_TITLES = frozenset(
    [
        "herr",
        "herrn",
        "frau",
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "dipl.-ing",
        "ing",
        "mag",
        "sir",
        "madam",
        "firma",
        "fa",
    ]
)
_PARTICLES = frozenset(
    [
        "von",
        "vom",
        "van",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "zu",
        "zur",
        "zum",
        "ten",
        "ter",
        "auf",
        "am",
        "bin",
        "ibn",
        "al",
        "el",
    ]
)


def default(value: Any, other: Any) -> Any:
    """Another value where this one is missing or blank.
    {{ trigger.name | default: "unknown" }}"""
    return other if is_blank(value) else value


def upcase(value: Any) -> str:
    """In capitals.
    {{ "abc" | upcase }} gives ABC"""
    return text_of(value).upper()


def downcase(value: Any) -> str:
    """In small letters.
    {{ "ABC" | downcase }} gives abc"""
    return text_of(value).lower()


def capitalize(value: Any) -> str:
    """With a capital at the start; the rest stays as it is.
    {{ "anna Schmidt" | capitalize }} gives Anna Schmidt"""
    text = text_of(value)
    return text[:1].upper() + text[1:]


def strip(value: Any) -> str:
    """Without white space at both ends.
    {{ " abc " | strip }} gives abc"""
    return text_of(value).strip()


def lstrip(value: Any) -> str:
    """Without white space at the start.
    {{ " abc" | lstrip }} gives abc"""
    return text_of(value).lstrip()


def rstrip(value: Any) -> str:
    """Without white space at the end.
    {{ "abc " | rstrip }} gives abc"""
    return text_of(value).rstrip()


def squish(value: Any) -> str:
    """On one line, with single blanks.
    {{ "a   b" | squish }} gives a b"""
    return " ".join(text_of(value).split())


def replace(value: Any, old: Any, new: Any = "") -> str:
    """Puts one text in the place of another, everywhere.
    {{ "a-b-c" | replace: "-", "/" }} gives a/b/c"""
    return _replaced(text_of(value), text_of(old), text_of(new))


def replace_first(value: Any, old: Any, new: Any = "") -> str:
    """Puts one text in the place of another, the first time only.
    {{ "a-b-c" | replace_first: "-", "/" }} gives a/b-c"""
    return _replaced(text_of(value), text_of(old), text_of(new), 1)


def remove(value: Any, old: Any) -> str:
    """Takes a text out, everywhere.
    {{ "Re: Re: Hi" | remove: "Re: " }} gives Hi"""
    return _replaced(text_of(value), text_of(old), "")


def remove_first(value: Any, old: Any) -> str:
    """Takes a text out, the first time only.
    {{ "Re: Re: Hi" | remove_first: "Re: " }} gives Re: Hi"""
    return _replaced(text_of(value), text_of(old), "", 1)


def _replaced(text: str, old: str, new: str, times: int = -1) -> str:
    if not old:
        return text
    count = text.count(old) if times < 0 else 1
    fitting(len(text) + count * (len(new) - len(old)))
    return text.replace(old, new, times)


def append(value: Any, more: Any) -> str:
    """With another text behind it.
    {{ "12" | append: " €" }} gives 12 €"""
    return _joined(value, more)


def prepend(value: Any, before: Any) -> str:
    """With another text before it.
    {{ "abc" | prepend: "Ref. " }} gives Ref. abc"""
    return _joined(before, value)


def _joined(first: Any, second: Any) -> str:
    one, other = text_of(first), text_of(second)
    fitting(len(one) + len(other))
    return one + other


def truncate(value: Any, length: Any = 50, ending: Any = "…") -> str:
    """Cut to a number of characters, the ending included.
    {{ "A long text" | truncate: 7 }} gives A long…"""
    text, end, most = text_of(value), text_of(ending), _count(length)
    return text if len(text) <= most else text[: max(most - len(end), 0)] + end[:most]


def slice_(value: Any, start: Any, length: Any = 1) -> str:
    """A part of the text: where it starts (from 0; negative from the end) and how long it is.
    {{ "2026-12-31" | slice: 0, 4 }} gives 2026"""
    text, begin = text_of(value), _count(start)
    begin = max(len(text) + begin, 0) if begin < 0 else begin
    return text[begin : begin + max(_count(length), 0)]


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**9:
        raise CannotMap("This filter needs a whole number here.")
    return value


def split(value: Any, separator: Any = " ") -> list[str]:
    """The parts of a text, as a list.
    {{ "a, b" | split: ", " | last }} gives b"""
    text, by = text_of(value), text_of(separator)
    if not text:
        return []
    if (text.count(by) if by else len(text)) > MAX_ITEMS:
        raise CannotMap(f"The text has too many parts; at most {MAX_ITEMS:,} are allowed.")
    return text.split(by) if by else list(text)


def lines(value: Any) -> list[str]:
    """The lines of a text that are not empty, as a list.
    {{ trigger.text | lines | first }}"""
    found = text_of(value).splitlines()
    if len(found) > MAX_ITEMS * 10:
        raise CannotMap("The text has too many lines.")
    kept = [line.strip() for line in found if line.strip()]
    return kept[:MAX_ITEMS]


def extract(value: Any, pattern: Any) -> str | None:
    """What a pattern (RE2; upper and lower case alike) finds: its first group, or all of it; nothing if it finds none.
    {{ trigger.subject | extract: "Order (\\d+)" }}"""
    return patterns.found(text_of(pattern), text_of(value))


def first_word(value: Any) -> str:
    """The first word.
    {{ "Anna Maria Schmidt" | first_word }} gives Anna"""
    return next(iter(text_of(value).split(maxsplit=1)), "")


def last_word(value: Any) -> str:
    """The last word.
    {{ "Anna Maria Schmidt" | last_word }} gives Schmidt"""
    return next(reversed(text_of(value).rsplit(maxsplit=1)), "")


def first_name(value: Any) -> str:
    """The given names of a person's name, without titles.
    {{ "Dr. Anna Maria von Berg" | first_name }} gives Anna Maria"""
    return _names(text_of(value))[0]


def last_name(value: Any) -> str:
    """The family name of a person's name, with “von” and the like.
    {{ "Dr. Anna Maria von Berg" | last_name }} gives von Berg"""
    return _names(text_of(value))[1]


def _names(text: str) -> tuple[str, str]:
    """Given and family name; “Berg, Anna” is turned round; a single word counts as a given name."""
    family, comma, given = text[:1000].partition(",")
    if comma:
        return " ".join(_without_titles(given)), " ".join(_without_titles(family))
    words = _without_titles(text[:1000])
    start = next((at for at, word in enumerate(words[:-1]) if at and word.casefold() in _PARTICLES), len(words) - 1)
    return (" ".join(words[:start]), " ".join(words[start:])) if len(words) > 1 else ("".join(words), "")


def _without_titles(text: str) -> list[str]:
    words = text.split()
    while words and words[0].casefold().rstrip(".") in _TITLES:
        del words[0]
    return words


def url_encode(value: Any) -> str:
    """As a part of a web address.
    {{ "a b" | url_encode }} gives a+b"""
    return quote_plus(text_of(value), errors="replace")


def json(value: Any) -> str:
    """As JSON.
    {{ trigger.to | json }}"""
    return json_text(value)


def escape(value: Any) -> str:
    """With the characters that HTML reserves replaced.
    {{ "a & b" | escape }} gives a &amp; b"""
    return html.escape(text_of(value))


def strip_html(value: Any) -> str:
    """The text of a piece of HTML.
    {{ "<b>Hi</b>" | strip_html }} gives Hi"""
    shown = patterns.without(_HIDDEN, text_of(value))
    text = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", shown)))
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def newline_to_br(value: Any) -> str:
    """With an HTML line break at the end of each line.
    {{ trigger.text | newline_to_br }}"""
    return _replaced(text_of(value).replace("\r\n", "\n"), "\n", "<br>\n")


FILTERS = (
    default, upcase, downcase, capitalize, strip, lstrip, rstrip, squish, replace, replace_first, remove, remove_first,
    append, prepend, truncate, slice_, split, lines, extract, first_word, last_word, first_name, last_name, url_encode,
    json, escape, strip_html, newline_to_br,
)  # fmt: skip
