"""The sentences about values that cannot be used, in English and German, by code.

`values` and the readers below it raise `Unreadable` with a code and parameters; pages may show it in either language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem, within


class Unreadable(Exception):
    """A value cannot be read as what its field asks for: why, as a code of `SENTENCES` with its parameters."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class ValueProblem(Problem):
    """A problem that can be told in another language: `message` is the English one."""

    code: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, code: str, parameters: Mapping[str, Any], field: str = "") -> "ValueProblem":
        return cls(said(code, parameters), field=field, code=code, parameters=tuple(parameters.items()))

    def within(self, language: str) -> str:
        """The message in this language."""
        return said(self.code, dict(self.parameters), language)


def said(code: str, parameters: Mapping[str, Any], language: str = "en") -> str:
    """The sentence of a code; `{title}` and the like come from the parameters, whole numbers with separators."""
    english, german = SENTENCES[code]
    sentence = german if language == "de" else english
    return sentence.format(**{name: _shown(value, language) for name, value in parameters.items()})


def _shown(value: Any, language: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return f"{value:,}".replace(",", "." if language == "de" else ",")
    return _in_german(str(value)) if language == "de" else str(value)


def _in_german(value: str) -> str:
    """A foreign value in German quotes; what stands for one, or what the SDK says about one, in German words."""
    if value[:1] == "“" and value[-1:] == "”":
        return f"„{value[1:-1]}“"
    return UNNAMED.get(value) or within(value, "de")


UNNAMED = {"what was given": "die Angabe", "This": "Das"}
"""What stands for a value that is no single one, and for a field that has no name."""

SENTENCES: dict[str, tuple[str, str]] = {
    "missing": ("{title} is required.", "{title} wird benötigt."),
    "blank": ("{title} is empty.", "{title} ist leer."),
    "not_text": (
        "{title} needs a text, but was given a group of values.",
        "{title} braucht einen Text, bekam aber mehrere Werte.",
    ),
    "not_a_number": ("{value} is not a number that can be read for {title}.", "{value} ist für {title} keine Zahl."),
    "not_whole": ("{title} needs a whole number; {value} is none.", "{title} braucht eine ganze Zahl, nicht {value}."),
    "number_ambiguous": (
        "{value} could be two different amounts; please write {title} with two decimals or none.",
        "{value} kann zwei verschiedene Beträge meinen; bitte {title} mit zwei oder ohne Nachkommastellen angeben.",
    ),
    "not_a_date": (
        "{value} is not a date that can be read for {title}; write it like 2026-12-31.",
        "{value} ist für {title} kein lesbares Datum; bitte wie 31.12.2026 schreiben.",
    ),
    "date_ambiguous": (
        "{value} could be two different dates; write {title} like 2026-12-31, or set the zap’s country.",
        "{value} kann zwei verschiedene Tage meinen; bitte {title} wie 31.12.2026 schreiben.",
    ),
    "short_year": (
        "The year in {value} has two digits; write {title} like 2026-12-31.",
        "Das Jahr in {value} hat nur zwei Stellen; bitte {title} wie 31.12.2026 schreiben.",
    ),
    "no_such_date": ("There is no such day as {value}.", "Den Tag {value} gibt es nicht."),
    "not_a_time": (
        "{value} is not a time that can be read for {title}; write it like 14:30.",
        "{value} ist für {title} keine lesbare Uhrzeit; bitte wie 14:30 schreiben.",
    ),
    "not_a_datetime": (
        "{value} is not a date with a time that can be read for {title}; write it like 2026-12-31 14:30.",
        "{value} ist für {title} kein lesbarer Zeitpunkt; bitte wie 31.12.2026 14:30 schreiben.",
    ),
    "time_ambiguous": (
        "On the day the clocks change, {value} does not exist once; please give {title} with its offset from UTC.",
        "Wegen der Zeitumstellung ist {value} nicht eindeutig; bitte {title} mit Abstand zu UTC angeben.",
    ),
    "not_a_duration": (
        "{value} is not a duration that can be read for {title}; write it like “90 min” or “1 h 30 min”.",
        "{value} ist für {title} keine lesbare Dauer; bitte wie „90 min“ oder „1 h 30 min“ schreiben.",
    ),
    "not_yes_or_no": ("{title} needs yes or no; {value} is neither.", "{title} braucht ja oder nein, nicht {value}."),
    "not_an_email": ("{value} is not a valid e-mail address.", "{value} ist keine gültige E-Mail-Adresse."),
    "not_a_url": (
        "{value} is not a web address; write it like https://example.com.",
        "{value} ist keine Webadresse; bitte wie https://example.com schreiben.",
    ),
    "not_a_phone": ("{value} is not a phone number.", "{value} ist keine Telefonnummer."),
    "phone_needs_country": (
        "{value} needs its country code, like +49 at the front, or set the zap’s country.",
        "{value} braucht eine Ländervorwahl wie +49, oder der Zap ein Land.",
    ),
    "phone_extension": (
        "{value} has an extension, which {title} cannot hold.",
        "{value} hat eine Durchwahl, die {title} nicht aufnehmen kann.",
    ),
    "not_a_country": ("{value} is not a country that is known here.", "{value} ist kein bekanntes Land."),
    "not_a_currency": (
        "{value} is not a currency; write it like EUR.",
        "{value} ist keine Währung; bitte wie EUR schreiben.",
    ),
    "not_a_choice": (
        "{value} is not one of the choices for {title}: {choices}.",
        "{value} steht bei {title} nicht zur Wahl: {choices}.",
    ),
    "not_json": ("{title} needs valid JSON.", "{title} braucht gültiges JSON."),
    "not_a_group": (
        "{title} needs a group of named values; {value} is none.",
        "{title} braucht benannte Werte; {value} ist keiner.",
    ),
    "not_a_file": ("{title} needs a file; {value} is none.", "{title} braucht eine Datei; {value} ist keine."),
    "list_too_long": (
        "{title} has {count} entries; at most {most} are allowed.",
        "{title} hat {count} Einträge; höchstens {most} sind erlaubt.",
    ),
    "not_the_secret": ("{title} cannot be used as it is.", "{title} ist so nicht verwendbar."),
    "sealed_elsewhere": (
        "The secret at {title} was sealed with another key. Please enter it again.",
        "Das Geheimnis bei {title} wurde mit einem anderen Schlüssel versiegelt. Bitte geben Sie es neu ein.",
    ),
    "too_long": (
        "{title} has {count} characters; at most {most} are allowed.",
        "{title} hat {count} Zeichen; höchstens {most} sind erlaubt.",
    ),
    "too_short": (
        "{title} has {count} characters; at least {least} are needed.",
        "{title} hat {count} Zeichen; mindestens {least} sind nötig.",
    ),
    "too_many": (
        "{title} has {count} entries; at most {most} are allowed.",
        "{title} hat {count} Einträge; höchstens {most} sind erlaubt.",
    ),
    "too_few": (
        "{title} has {count} entries; at least {least} are needed.",
        "{title} hat {count} Einträge; mindestens {least} sind nötig.",
    ),
    "more_than": (
        "{title} must be more than {limit}; it is {value}.",
        "{title} muss über {limit} liegen, nicht {value}.",
    ),
    "at_least": (
        "{title} must be at least {limit}; it is {value}.",
        "{title} muss mindestens {limit} sein, nicht {value}.",
    ),
    "less_than": (
        "{title} must be less than {limit}; it is {value}.",
        "{title} muss unter {limit} liegen, nicht {value}.",
    ),
    "at_most": (
        "{title} must be at most {limit}; it is {value}.",
        "{title} darf höchstens {limit} sein, nicht {value}.",
    ),
    "too_many_digits": (
        "{title} may have at most {most} digits; {value} has more.",
        "{title} darf höchstens {most} Stellen haben; {value} hat mehr.",
    ),
    "too_many_places": (
        "{title} may have at most {most} decimals; {value} has more.",
        "{title} darf höchstens {most} Nachkommastellen haben; {value} hat mehr.",
    ),
    "not_a_multiple": (
        "{title} must be a multiple of {of}; {value} is none.",
        "{title} muss ein Vielfaches von {of} sein; {value} ist keines.",
    ),
    "wrong_form": (
        "{title} does not have the form that is asked for: {value}.",
        "{title} hat nicht die verlangte Form: {value}.",
    ),
    "said": ("{title}: {words}", "{title}: {words}"),
    "refused": ("{title} does not take {value}.", "{title} nimmt {value} nicht an."),
}
