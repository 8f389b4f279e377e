"""Near misses: “Did you mean …?” for a name that nobody knows. The registry and the checks of a zap ask here."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_COMPARED = 80  # characters; difflib's cost grows with the square
LIKENESS = 0.7  # of 1; less gives suggestions that have nothing to do with what was meant
QUOTED = 60  # characters of a foreign value that a sentence repeats


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, or None when none comes near."""
    by_folded = {one.casefold(): one for one in known}
    found = get_close_matches(name[:LONGEST_COMPARED].casefold(), by_folded, n=1, cutoff=LIKENESS)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """“ Did you mean “imap”?” with a blank before it, or nothing."""
    found = nearest(name, known)
    return f" Did you mean “{found}”?" if found else ""


def quoted(value: object) -> str:
    """A foreign value as a sentence may repeat it: on one line, in quotes, shortened."""
    if isinstance(value, int) and value.bit_length() > QUOTED * 4:  # Python refuses to write very long ones
        return "a very large number"
    text = " ".join(str(value)[: QUOTED * 4].split())
    return f"“{text[:QUOTED]}…”" if len(text) > QUOTED else f"“{text}”"
