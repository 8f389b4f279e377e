"""Mails as businesses get them, made up by a seed: for benchmarks that need many different ones. Called by `history`.

About 1.5 kB each; the words are spread as in real mail: a few are in all of them, most are rare.
"""

import random
from dataclasses import dataclass
from typing import Any

FIRST = [
    "Erika",
    "Max",
    "Anna",
    "Lukas",
    "Mia",
    "Jonas",
    "Léa",
    "Paul",
    "Emma",
    "Felix",
    "Ida",
    "Noah",
    "Clara",
    "Emil",
    "Ella",
    "Theo",
    "Zoë",
    "Karl",
    "Greta",
    "Jürgen",
]
LAST = [
    "Muster",
    "Schmidt",
    "Müller",
    "Weiß",
    "Becker",
    "Hoffmann",
    "Koch",
    "Richter",
    "Klein",
    "Wolf",
    "Schröder",
    "Neumann",
    "Braun",
    "Zimmermann",
    "Krüger",
    "Hartmann",
    "Lange",
    "Werner",
    "Krause",
    "Lehmann",
    "Köhler",
    "Maier",
    "Öztürk",
    "Kowalski",
    "Novak",
    "Rossi",
    "Dubois",
    "García",
    "Jansen",
    "Berg",
]
SYLLABLES = [
    "ba",
    "ke",
    "mi",
    "lo",
    "tu",
    "ra",
    "ne",
    "si",
    "vo",
    "du",
    "fa",
    "ge",
    "ri",
    "po",
    "lu",
    "sta",
    "bre",
    "kli",
    "mo",
    "gru",
]
ABOUT = ("Anfrage", "Rechnung", "Angebot", "Bestellung", "Mahnung", "Termin", "Reklamation", "Newsletter")
COMMON = [
    "und",
    "die",
    "der",
    "wir",
    "Sie",
    "bitte",
    "mit",
    "für",
    "das",
    "ist",
    "auf",
    "den",
    "ein",
    "eine",
    "von",
    "zu",
    "im",
    "nicht",
    "haben",
    "können",
    "Ihre",
    "unsere",
    "Lieferung",
    "Preis",
    "Kunde",
    "Firma",
    "Adresse",
    "Telefon",
    "Straße",
    "Stadt",
    "Datum",
    "Vielen",
    "Dank",
    "freundlichen",
    "Grüßen",
    "morgen",
    "heute",
    "Woche",
    "Monat",
]
TOWNS = [
    "Berlin",
    "Hamburg",
    "München",
    "Köln",
    "Frankfurt",
    "Stuttgart",
    "Düsseldorf",
    "Leipzig",
    "Dortmund",
    "Essen",
    "Bremen",
    "Dresden",
]
RARE_WORDS = 40_000


@dataclass(frozen=True)
class Letters:
    """A stream of mails that is the same for the same seed."""

    seed: int = 1

    def mail(self, number: int) -> dict[str, Any]:
        """The mail of that number, as the mail trigger would give it."""
        chance = random.Random(self.seed * 1_000_003 + number)
        first, last = chance.choice(FIRST), chance.choice(LAST)
        firm, about = _word(chance.randrange(RARE_WORDS)).title(), chance.choice(ABOUT)
        address = f"{first}.{last}{chance.randrange(1000)}@{firm}.example".lower()
        return {
            "id": f"17:{number}",
            "subject": f"{about} {chance.randrange(10**6)} {firm}",
            "sender": {"name": f"{first} {last}", "address": address},
            "to": [{"name": "Büro", "address": "office@example.com"}],
            "date": "2026-03-01T09:30:00+01:00",
            "text": _text(chance, first, last, firm),
            "attachments": [],
        }


def _text(chance: random.Random, first: str, last: str, firm: str) -> str:
    words = [_any_word(chance) for _ in range(130)]
    place = f"{chance.choice(TOWNS)} {chance.randrange(10_000, 99_999)}"
    phone = f"+49 {chance.randrange(100, 999)} {chance.randrange(10**6, 10**7)}"
    return f"Guten Tag,\n\n{' '.join(words)}.\n\n{first} {last}\n{firm} GmbH\n{place}\nTelefon: {phone}\n"


def _any_word(chance: random.Random) -> str:
    """Half of the words are common; the others are rarer the further they are down the list."""
    if chance.random() < 0.5:
        return chance.choice(COMMON)
    return _word(int(RARE_WORDS * chance.random() ** 3))


def _word(number: int) -> str:
    spelled = ""
    while True:
        number, digit = divmod(number, len(SYLLABLES))
        spelled += SYLLABLES[digit]
        if not number:
            return spelled
