"""Signs that a text may not hold: NUL and halves of characters none at all, and a name none that nobody sees. Pure.

Asked by whatever takes in texts that are stored, and names by which people tell things apart.
"""

import re
import unicodedata

_UNWELCOME = re.compile("[\x00\ud800-\udfff]")
_HIDING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and marks that are drawn as nothing
_JOINERS = "\u200c\u200d"
_JOINED = frozenset({"Lo", "Mn", "Mc", "So", "Sm", "Sk", "Cn"})
"""Where a joiner shows: between letters of Persian or Hindi, and emoji, the newest of which Python may not know."""
_VIRAMA = 9  # the combining class of the marks that join letters of Indian scripts, also at the end of a word


def unwelcome(text: str) -> bool:
    """Whether there is NUL or a lone surrogate: no text that people write holds them, and not every database takes
    them."""
    return _UNWELCOME.search(text) is not None


def hidden(text: str) -> bool:
    """Whether there are signs that nobody sees, with which one name could look like another."""
    return any(_hides(sign) and not _joins(text, at) for at, sign in enumerate(text))


def _hides(sign: str) -> bool:
    return sign in _BLANK or unicodedata.category(sign) in _HIDING


def _joins(text: str, at: int) -> bool:
    before, after = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    if text[at] not in _JOINERS or not before:
        return False
    return unicodedata.combining(before) == _VIRAMA or (_is_joined(before) and _is_joined(after))


def _is_joined(sign: str) -> bool:
    return not sign.isascii() and unicodedata.category(sign) in _JOINED
