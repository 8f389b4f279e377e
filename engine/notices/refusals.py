"""What can be wrong with a way to reach people, as sentences in English and German."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from engine.errors import Problem, Problems, Refused, Sentence

LONGEST = 500  # characters of anything typed
MAX_PORT = 65_535


class NotSent(Refused):
    """A mail or call did not arrive. `final`: another try is of no use. `host`: a private one that may be allowed."""

    def __init__(self, sentence: Sentence, *, final: bool = False, host: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.final = final
        self.host = host


CANNOT_SEND = Sentence(
    "The app of this account cannot send mail. Please choose another way.",
    "Die App dieses Kontos kann keine Mails senden. Bitte wählen Sie einen anderen Weg.",
)
NO_WAY = Sentence("No way is set up for this.", "Dafür ist kein Weg eingerichtet.")
GONE = Sentence("Whom it was for is not here any more.", "Die Person, für die sie war, ist nicht mehr hier.")
_MISSING = Sentence("Please fill this in.", "Bitte füllen Sie das aus.")
_LONG = Sentence("This is too long.", "Das ist zu lang.")
_CONTROLS = Sentence(
    "There is a line break or another invisible sign in it.",
    "Darin steht ein Zeilenumbruch oder ein anderes unsichtbares Zeichen.",
)
_PORT = Sentence("A port is a number from 1 to 65535.", "Ein Port ist eine Zahl von 1 bis 65535.")
_SECURITY = Sentence("Please choose one of these.", "Bitte wählen Sie eines davon.")
_ADDRESS = Sentence(
    "This is not an e-mail address; write it like anna@example.com.",
    "Das ist keine E-Mail-Adresse; bitte wie anna@example.com schreiben.",
)
_URL = Sentence(
    "Please write the whole address, like https://example.com/notices.",
    "Bitte schreiben Sie die ganze Adresse, wie https://example.com/hinweise.",
)


PRIVATE = Sentence(
    "“{host}” is in a private network. An owner can allow it.",
    "„{host}“ liegt in einem privaten Netz. Ein Inhaber kann es erlauben.",
)


def filled(sentence: Sentence, **values: object) -> Sentence:
    """A sentence with its places filled in, in both languages."""
    return Sentence(sentence.format(**values), sentence.german.format(**values))


def typed(texts: dict[str, str], needed: Iterable[str]) -> list[Problem]:
    """What is wrong with any text, whatever it is for."""
    found = []
    for name, text in texts.items():
        said = _LONG if len(text) > LONGEST else None if text.isprintable() else _CONTROLS
        said = said or (_MISSING if name in needed and not text.strip() else None)
        found += [Problem(said, field=name)] if said else []
    return found


def port(number: int) -> list[Problem]:
    return [] if 1 <= number <= MAX_PORT else [Problem(_PORT, field="port")]


def security(chosen: str, known: Iterable[str]) -> list[Problem]:
    return [] if chosen in known else [Problem(_SECURITY, field="security")]


def address(text: str, field: str) -> list[Problem]:
    local, _, domain = text.rpartition("@")
    fine = local and domain and text.isascii() and not any(sign in text for sign in " <>,;\"'()")
    return [] if fine or not text else [Problem(_ADDRESS, field=field)]


def url(text: str) -> list[Problem]:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    return [] if fine or not text else [Problem(_URL, field="address")]


def must(problems: Iterable[Problem]) -> None:
    """Raises `Problems`, the first of each field."""
    found: dict[str, Problem] = {}
    for one in problems:
        found.setdefault(one.field, one)
    if found:
        raise Problems(list(found.values()))
