"""The words that contact forms use for their fields, in German and English. Called by `form_lines`.

They decide only in doubt: whether a line inside a message begins the next field, and whether a value may go on.
Everything is compared case-folded, so “ß” is “ss”.
"""

import re

MOST_WORDS = 8
LONGEST_LABEL = 60  # characters
_WORDS = re.compile(r"[^\W_]+")

_ONE_LINE = re.compile(
    r"(?:vor|nach|zu|familien|first|last|sur|full|benutzer|user)?names?|mail\w*|email\w*|tel|tele(?:f|ph)on\w*|phone"
    r"|handy\w*|mobil\w*|mobile|fax\w*|plz|postleitzahl|zip|postcode|postal|ort|wohnort|stadt|city|town|land|country"
    r"|bundesland|state|hausnummer|hausnr|anrede|salutation|titel|datum|date|uhrzeit|time|ip|url|webse?ite?|website"
    r"|homepage|browser|agent|formular|form|formularname|anzahl|menge|quantity|personen(?:zahl)?|datenschutz\w*|consent"
    r"|einwilligung\w*|privacy|agb|newsletter|kundennummer|rueckruf\w*|rückruf\w*|callback|seite|seiten?titel|page"
    r"|referrer|powered|birthday|geburtsdatum|geburtstag|iban|ustid|vat|absender|gesendet|eingegangen|submitted|sent"
)
_LONG = re.compile(
    r"\w*nachricht(?:en)?(?:text|inhalt)?|mitteilung\w*|message\w*|\w*kommentare?|comments?|bemerkung\w*|anmerkung\w*"
    r"|\w*beschreibung\w*|description|anliegen\w*|\w*anfragen?|anfragetext|fragen?|questions?|enquiry|inquiry|\w*text"
    r"|notiz\w*|notes?|details?|w[uü]nsche?|requests?|feedback|informationen|information|sonstiges|mehr|content|inhalt"
)
_OTHER = re.compile(
    r"stra(?:ss|ß)e\w*|str|street|adresse|adresszeile\w*|anschrift|\w+anschrift|\w+adresse|address|firma|firmenname"
    r"|unternehmen\w*|company|organi[sz]ation\w*|betreff|subject|thema|topic|produkte?|products?|services?|leistung\w*"
    r"|dienstleistung\w*|budget\w*|termin\w*|wunschtermin|appointment|abteilung|department|datei\w*|files?|upload\w*|von|bis|from"
)
_ADDRESS = re.compile(r"\w*anschrift|\w*adresse|address|stra(?:ss|ß)e|street")
_ELECTRONIC = re.compile(r"e?mail\w*|ip|url|web\w*|page|seite")
_FILLING = {
    "ihr", "ihre", "ihren", "dein", "deine", "your", "der", "die", "das", "the", "und", "and", "of", "oder", "or", "e",
    "für", "for", "zur", "zum", "nr", "nummer", "number", "no", "remote", "user", "line", "zeile", "1", "2", "by",
    "optional", "pflichtfeld", "required",
}  # fmt: skip
_SPEAKING = {
    "ich", "wir", "mein", "meine", "meinen", "meiner", "unser", "unsere", "my", "our", "i", "we", "me", "mir", "uns",
}  # fmt: skip


def words(label: str) -> list[str]:
    """The words of a label, case-folded: “E-Mail” has two."""
    return _WORDS.findall(label.casefold())


def is_long(label: str) -> bool:
    """Whether the value is a text that may have paragraphs."""
    found = words(label)
    return any(_LONG.fullmatch(word) for word in found) and not any(_ELECTRONIC.fullmatch(word) for word in found)


def is_one_line(label: str) -> bool:
    """Whether the value cannot have a second line."""
    found = words(label)
    if any(_ADDRESS.fullmatch(word) for word in found) and not any(_ELECTRONIC.fullmatch(word) for word in found):
        return False
    return any(_ONE_LINE.fullmatch(word) for word in found) and not is_long(label)


def is_known(label: str) -> bool:
    """Whether one of its few words names a field, and nobody speaks in it (“my phone”)."""
    found = words(label)
    return len(found) <= 5 and any(_names(word) for word in found) and not _SPEAKING.intersection(found)


def is_wholly_known(label: str) -> bool:
    """Whether it consists of nothing else."""
    found = words(label)
    return is_known(label) and all(_names(word) or word in _FILLING for word in found)


def _names(word: str) -> bool:
    return any(pattern.fullmatch(word) for pattern in (_ONE_LINE, _LONG, _OTHER))
