"""Small agreements between data and words: what a mapped value is called in a sentence, and which words mean yes."""

from typing import Any

from engine.spelling import quoted
from engine.zaps import mapping
from engine.zaps.plain import text_of

YES = frozenset(["true", "yes", "y", "ja", "j", "1", "x", "on", "an", "wahr", "✓", "✔", "☑", "checked"])
NO = frozenset(["false", "no", "n", "nein", "0", "off", "aus", "falsch", "✗", "✘", "☐", "unchecked"])


def subject_of(template: Any) -> str:
    """What a sentence calls a mapped value: “Subject” for `{{ trigger.subject }}`."""
    found = mapping.references(template)
    names = [one for one in found[0].path if isinstance(one, str)] if found else []
    if not names:
        return quoted(text_of(template))
    return capitalised(names[-1].replace("_", " "))


def capitalised(words: str) -> str:
    """With a capital at the start, the rest as it is."""
    return words[:1].upper() + words[1:]


def yes_or_no(value: Any) -> bool | None:
    """What a value says to a question; None where it is neither yes nor no."""
    if isinstance(value, bool):
        return value
    word = text_of(value).strip().casefold()[:20] if isinstance(value, str | int) else ""
    return True if word in YES else False if word in NO else None
