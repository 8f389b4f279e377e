"""The stand-ins' pages in English and German: by what the browser asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from connectors.practice.markup import Html, tag

LANGUAGES = ("en", "de")

Texts = Mapping[str, tuple[str, str]]  # key → English, German

SHARED: Texts = {
    "practice": ("Practice", "Übung"),
    "live": ("Updates by itself", "Aktualisiert sich von selbst"),
    "lost": (
        "No connection. This page tries again; perhaps the demo has ended.",
        "Keine Verbindung. Diese Seite versucht es weiter; vielleicht ist die Demo beendet.",
    ),
    "no_script": ("Reload the page to see what is new.", "Laden Sie die Seite neu, um Neues zu sehen."),
    "skip": ("Skip to the content", "Zum Inhalt springen"),
    "not_found": ("Not found", "Nicht gefunden"),
    "foreign_form": (
        "This form was sent from another page, so nothing was done. Open this page itself and try again.",
        "Dieses Formular kam von einer anderen Seite, deshalb ist nichts geschehen. "
        "Öffnen Sie diese Seite selbst und versuchen Sie es noch einmal.",
    ),
    "not_local": (
        "This page is reached as 127.0.0.1 or localhost.",
        "Diese Seite ist als 127.0.0.1 oder localhost erreichbar.",
    ),
}


@dataclass(frozen=True)
class Words:
    """The texts of one answer."""

    language: str
    texts: Texts

    def __call__(self, key: str, **values: object) -> str:
        found = self.texts.get(key) or SHARED[key]
        return found[LANGUAGES.index(self.language)].format(**values)


def words_for(request: web.Request, texts: Texts) -> Words:
    """Those in the language that the browser likes best; English if it likes neither."""
    return Words(language(request.headers.get("Accept-Language", "")), texts)


def language(accepted: str) -> str:
    """One of `LANGUAGES`, from an `Accept-Language` header."""
    wishes = [_wish(one) for one in accepted.split(",")]
    known = [(quality, name) for name, quality in wishes if name in LANGUAGES and quality > 0]
    return max(known, key=lambda wish: wish[0])[1] if known else LANGUAGES[0]


def _wish(text: str) -> tuple[str, float]:
    name, _, quality = text.partition(";")
    try:
        weight = float(quality.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return name.strip().lower().partition("-")[0], weight


def clock(moment: datetime, words: Words) -> Html:
    """A moment to a tenth of a second, by this computer's clock; with its date if that is not today's."""
    here = moment.astimezone()
    point = "," if words.language == "de" else "."
    time = f"{here:%H:%M:%S}{point}{here.microsecond // 100_000}"
    shown = time if here.date() == datetime.now(UTC).astimezone().date() else f"{here:%Y-%m-%d} {time}"
    return tag("time", shown, datetime=here.isoformat(timespec="milliseconds"))


def number(value: int, words: Words) -> str:
    """A whole number with its thousands apart."""
    text = f"{value:,}"
    return text.replace(",", ".") if words.language == "de" else text


def seconds(value: float, words: Words) -> str:
    """A span to a tenth of a second."""
    text = f"{value:.1f} s"
    return text.replace(".", ",") if words.language == "de" else text
