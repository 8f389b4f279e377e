"""What tests of steps and triggers say to people, in English and German, by code. Called by `trying`."""

from typing import Any

from engine.errors import Sentence


def said(code: str, **parameters: Any) -> Sentence:
    """The sentence of a code. A parameter may be a `Sentence`, which is told in each language."""
    english, german = SENTENCES[code]
    return Sentence(
        english.format(**{name: _within(value, "en") for name, value in parameters.items()}).strip(),
        german.format(**{name: _within(value, "de") for name, value in parameters.items()}).strip(),
    )


def _within(value: Any, language: str) -> str:
    return value.within(language) if isinstance(value, Sentence) else str(value)


SENTENCES: dict[str, tuple[str, str]] = {
    "done": ("It was done in {app}.", "In {app} ausgeführt."),
    "exists": (
        "There is one like it in {app} already, so nothing was created.",
        "In {app} gibt es das schon; es wurde nichts angelegt.",
    ),
    "exists_stop": (
        "There is one like it in {app} already, so nothing was created. A run would stop here.",
        "In {app} gibt es das schon; es wurde nichts angelegt. Eine Ausführung würde hier anhalten.",
    ),
    "found": ("This was found in {app}.", "In {app} gefunden."),
    "nothing_stop": (
        "Nothing was found in {app}. A run would stop here.",
        "In {app} wurde nichts gefunden. Eine Ausführung würde hier anhalten.",
    ),
    "nothing_go_on": (
        "Nothing was found in {app}. A run would go on without it.",
        "In {app} wurde nichts gefunden. Eine Ausführung ginge ohne Fund weiter.",
    ),
    "passed": ("The filter lets this record pass.", "Der Filter lässt diesen Datensatz durch."),
    "filtered": (
        "The filter stops this record: a run would end here.",
        "Der Filter hält diesen Datensatz an: eine Ausführung endete hier.",
    ),
    "stopped": (
        "{app} has nothing to do: {said}",
        "{app} hat nichts zu tun: {said}",
    ),
    "refused_sign_in": (
        "{app} refused the account, and nothing was done: {said} Please reconnect “{connection}”.",
        "{app} hat das Konto abgelehnt, es wurde nichts getan: {said} Bitte verknüpfen Sie „{connection}“ neu.",
    ),
    "refused_without": (
        "{app} refused the request, and nothing was done: {said}",
        "{app} hat die Anfrage abgelehnt, es wurde nichts getan: {said}",
    ),
    "quota": (
        "The limit of your plan at {app} is reached, and nothing was done: {said}",
        "Das Limit Ihres Tarifs bei {app} ist erreicht, es wurde nichts getan: {said}",
    ),
    "invalid": (
        "{app} does not take a value, and nothing was done: {said}",
        "{app} nimmt einen Wert nicht an, es wurde nichts getan: {said}",
    ),
    "temporary": (
        "{app} could not be used just now, and nothing was done: {said} Please try again in a moment.",
        "{app} ist gerade nicht erreichbar, es wurde nichts getan: {said} Bitte versuchen Sie es gleich noch einmal.",
    ),
    "no_answer": (
        "{app} did not answer: {said} Nothing was changed; please try again in a moment.",
        "{app} hat nicht geantwortet: {said} Es wurde nichts geändert; bitte versuchen Sie es gleich noch einmal.",
    ),
    "unknown": (
        "It may have gone through; please look at {app} before you test again. {said}",
        "Es kann angekommen sein; bitte sehen Sie in {app} nach, bevor Sie noch einmal testen. {said}",
    ),
    "had_not_arrived": (
        "The connection broke off, and {app} says that it did not arrive: nothing was done. {said}",
        "Die Verbindung brach ab, und laut {app} kam es nicht an: es wurde nichts getan. {said}",
    ),
    "permanent": (
        "{app} cannot do this, and nothing was done: {said}",
        "{app} kann das nicht, es wurde nichts getan: {said}",
    ),
    "faulty": (
        "The connector of {app} is faulty. {said}",
        "Der Konnektor von {app} ist fehlerhaft. {said}",
    ),
    "problems": (
        "This step needs attention before it can be tested: {said}",
        "Dieser Schritt braucht noch etwas, bevor er getestet werden kann: {said}",
    ),
    "not_fitting": (
        "The sample does not fit: {said}",
        "Der Beispieldatensatz passt nicht: {said}",
    ),
    "no_sample": (
        "Choose a sample of “{step}” first: this step uses its data.",
        "Wählen Sie zuerst einen Beispieldatensatz von „{step}“: dieser Schritt verwendet dessen Daten.",
    ),
    "took_too_long": ("it took too long.", "es dauerte zu lange."),
    "trigger_failed": (
        "The records could not be read: {said}",
        "Die Datensätze konnten nicht gelesen werden: {said}",
    ),
    "trigger_is_no_step": (
        "A trigger is tested by looking at its last records.",
        "Ein Auslöser wird getestet, indem Sie seine letzten Datensätze ansehen.",
    ),
    "choices_failed": (
        "The choices could not be loaded: {said}",
        "Die Auswahl konnte nicht geladen werden: {said}",
    ),
    "no_choices": (
        "The field “{field}” has no choices that the app knows.",
        "Für das Feld „{field}“ kennt die App keine Auswahl.",
    ),
    "busy": (
        "This step is being tested at the moment; please wait for the result.",
        "Dieser Schritt wird gerade getestet; bitte warten Sie das Ergebnis ab.",
    ),
    "record_gone": (
        "One of the chosen records is not among the last ones any more. Please look again.",
        "Einer der gewählten Datensätze ist nicht mehr unter den letzten. Bitte sehen Sie noch einmal nach.",
    ),
}
