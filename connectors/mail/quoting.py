"""Leaves out of a mail's lines what its sender did not write now: quotes, signatures, earlier mails.

Called by `form_lines`, so that the form of last week's mail below an answer is not read again. A forwarded mail is
meant: only its header lines go.
"""

import re
from collections.abc import Sequence

from connectors.mail.html_lines import Line

_SIGNATURE = re.compile(r"--\s?")
_ATTRIBUTION = re.compile(r"(?:am|on|le|il)\s.{4,200}(?:schrieb|wrote|a écrit)\b.{0,200}:", re.IGNORECASE)
_EARLIER = re.compile(
    r"[-_*\s]{2,40}(?:ursprüngliche (?:nachricht|e-mail|mail)|original(?:[- ]?nachricht| message| e-?mail))"
    r"[-_*:\s]{0,40}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[-_*\s]{0,40}(?:forwarded message|weitergeleitete (?:nachricht|mail|e-mail)|anfang der weitergeleiteten "
    r"(?:nachricht|e-mail)|begin forwarded message)\b.{0,40}",
    re.IGNORECASE,
)
_FROM = {"von", "from"}
_SUBJECT = {"betreff", "subject"}
_ENVELOPE = {"gesendet", "sent", "an", "to", "datum", "date"}
_HEADER = _FROM | _SUBJECT | _ENVELOPE | {"cc", "kopie", "antwort an", "reply-to", "priorität", "importance"}
_LONGEST_BLOCK = 8  # lines


def without_quotes(lines: Sequence[Line]) -> list[Line]:
    """The lines that count."""
    kept: list[Line] = []
    forwarded = written = False
    number = 0
    while number < len(lines):
        line = lines[number]
        text = line.text.strip()
        forwarded = forwarded or _FORWARDED.fullmatch(text) is not None
        if written and not forwarded and _ends_here(lines, number, text):
            return kept
        if is_marker(text):
            number += 1
        elif block := _header_block(lines, number):
            number += block
        else:
            kept.append(Line("") if line.quoted or text.startswith(">") else line)
            number += 1
            written = written or bool(kept[-1].text.strip())
            forwarded = forwarded and not (text and _SIGNATURE.fullmatch(text))
    return kept


def is_marker(text: str) -> bool:
    """Whether the line announces another mail."""
    return _EARLIER.fullmatch(text) is not None or _FORWARDED.fullmatch(text) is not None


def _ends_here(lines: Sequence[Line], number: int, text: str) -> bool:
    if any(pattern.fullmatch(text) for pattern in (_SIGNATURE, _ATTRIBUTION, _EARLIER)):
        return True
    return _header_block(lines, number) > 0


def _header_block(lines: Sequence[Line], start: int) -> int:
    """How many lines of a mail's header begin here; 0 if it is none. A form may have “Von” and “Betreff” alone."""
    if _field(lines[start]) not in _FROM:
        return 0
    names: list[str] = []
    for line in lines[start : start + _LONGEST_BLOCK]:
        if (name := _field(line)) not in _HEADER:
            break
        names.append(name)
    return len(names) if _SUBJECT.intersection(names) and _ENVELOPE.intersection(names) else 0


def _field(line: Line) -> str:
    return line.text[:30].partition(":")[0].strip(" *\xa0").casefold() if ":" in line.text[:30] else ""
