"""What people are told when something about people cannot be done, in English and German, by code.

Those who decide raise `Declined` (one reason) or `Problems` with a `PersonProblem` for each field; pages show either in
the reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem, Refused


class Declined(Refused):
    """Refused, for a reason that can be told in another language; its text is the English one."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(said(code, parameters))
        self.code = code
        self.parameters = parameters

    def within(self, language: str) -> str:
        """The sentence in this language."""
        return said(self.code, self.parameters, language)


@dataclass(frozen=True)
class PersonProblem(Problem):
    """A problem with one field that can be told in another language: `message` is the English one."""

    code: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, code: str, field: str, **parameters: Any) -> "PersonProblem":
        return cls(said(code, parameters), field=field, code=code, parameters=tuple(parameters.items()))

    def within(self, language: str) -> str:
        """The message in this language."""
        return said(self.code, dict(self.parameters), language)


def said(code: str, parameters: Mapping[str, Any], language: str = "en") -> str:
    """The sentence of a code; `{most}` and the like come from the parameters."""
    english, german = SENTENCES[code]
    return (german if language == "de" else english).format(**parameters)


SENTENCES: dict[str, tuple[str, str]] = {
    "wrong_credentials": (
        "The e-mail address, the password or the code is not right.",
        "E-Mail-Adresse, Passwort oder Code stimmen nicht.",
    ),
    "own_link": (
        "Such a link is for somebody else. You change your own password in your profile, with the one that you have.",
        "So ein Link ist für jemand anderen. Ihr eigenes Passwort ändern Sie in Ihrem Profil, mit dem, das Sie haben.",
    ),
    "code_needed": (
        "Please also enter the code from your authenticator app, or one of your recovery codes.",
        "Bitte geben Sie auch den Code aus Ihrer Authenticator-App ein, oder einen Ihrer Wiederherstellungscodes.",
    ),
    "throttled_seconds": (
        "There were too many failed tries. Please wait {count} s and try again.",
        "Es gab zu viele Fehlversuche. Bitte warten Sie {count} s und versuchen Sie es dann noch einmal.",
    ),
    "throttled_minutes": (
        "There were too many failed tries. Please wait {count} min and try again.",
        "Es gab zu viele Fehlversuche. Bitte warten Sie {count} min und versuchen Sie es dann noch einmal.",
    ),
    "link_dead": (
        "This link was used already, was replaced, or is too old. Please ask for a new one.",
        "Dieser Link wurde schon benutzt, ersetzt oder ist abgelaufen. Bitte lassen Sie sich einen neuen geben.",
    ),
    "set_up_already": (
        "Zapwerk is set up already. Please sign in, or ask an owner for an invitation.",
        "Zapwerk ist schon eingerichtet. Bitte melden Sie sich an, oder lassen Sie sich von einem Inhaber einladen.",
    ),
    "owners_only": (
        "Only an owner can do this. Please ask one.",
        "Das kann nur ein Inhaber. Bitte wenden Sie sich an einen.",
    ),
    "last_owner": (
        "This is the last owner. Please make somebody else an owner first.",
        "Das ist der letzte Inhaber. Bitte machen Sie zuerst jemand anderen zum Inhaber.",
    ),
    "role_too_high": (
        "A token can have at most your own role.",
        "Ein Token kann höchstens Ihre eigene Rolle haben.",
    ),
    "second_factor_on": (
        "Two-step sign-in is on already. To use another device, switch it off first.",
        "Die Anmeldung in zwei Schritten ist schon ein. Für ein anderes Gerät schalten Sie sie bitte zuerst aus.",
    ),
    "second_factor_off": (
        "Two-step sign-in is off.",
        "Die Anmeldung in zwei Schritten ist aus.",
    ),
    "sign_in_again": (
        "This took too long. Please enter your e-mail address and password again.",
        "Das hat zu lange gedauert. Bitte geben Sie E-Mail-Adresse und Passwort noch einmal ein.",
    ),
    "begin_again": (
        "This took too long. Please begin again and scan the new code.",
        "Das hat zu lange gedauert. Bitte beginnen Sie von vorn und scannen Sie den neuen Code.",
    ),
    "wrong_code": (
        "This code is not right, or was used already. Please enter the one that your app shows now.",
        "Dieser Code stimmt nicht oder wurde schon benutzt. Bitte geben Sie den ein, den Ihre App jetzt anzeigt.",
    ),
    "wrong_password": ("This is not your password.", "Das ist nicht Ihr Passwort."),
    "wrong_password_or_code": (
        "Please enter your password, or a code that was not used yet.",
        "Bitte geben Sie Ihr Passwort ein, oder einen noch nicht benutzten Code.",
    ),
    "name_missing": ("Please enter a name.", "Bitte geben Sie einen Namen ein."),
    "too_long": (
        "This is too long; at most {most} characters are allowed.",
        "Das ist zu lang; höchstens {most} Zeichen sind erlaubt.",
    ),
    "email_wrong": (
        "This is not an e-mail address; write it like anna@example.com.",
        "Das ist keine E-Mail-Adresse; bitte wie anna@example.com schreiben.",
    ),
    "email_taken": (
        "Somebody with this e-mail address is here already.",
        "Diese E-Mail-Adresse gehört schon zu jemandem hier.",
    ),
    "language_unknown": ("Please choose English or German.", "Bitte wählen Sie Englisch oder Deutsch."),
    "timezone_unknown": (
        "This is not a time zone that is known here; write it like Europe/Berlin.",
        "Diese Zeitzone ist hier nicht bekannt; bitte wie Europe/Berlin schreiben.",
    ),
    "role_unknown": (
        "Please choose a role: owner, editor or viewer.",
        "Bitte wählen Sie eine Rolle: Inhaber, Bearbeiter oder Betrachter.",
    ),
    "password_missing": ("Please enter a password.", "Bitte geben Sie ein Passwort ein."),
    "password_short": (
        "Please take at least {least} characters. Several words are easy to remember and hard to guess.",
        "Bitte nehmen Sie mindestens {least} Zeichen. Mehrere Wörter sind leicht zu merken und schwer zu erraten.",
    ),
    "password_personal": (
        "Please take a password that is not your name or your e-mail address.",
        "Bitte nehmen Sie ein Passwort, das nicht Ihr Name oder Ihre E-Mail-Adresse ist.",
    ),
    "password_common": (
        "Too many people use this password, so it is tried first. Please take another one.",
        "Dieses Passwort benutzen zu viele, deshalb wird es zuerst ausprobiert. Bitte nehmen Sie ein anderes.",
    ),
    "expired_already": (
        "Please choose a day that is still to come.",
        "Bitte wählen Sie einen Tag in der Zukunft.",
    ),
}
