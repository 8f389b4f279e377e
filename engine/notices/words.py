"""The words of notices in English and German, by code. Composed by `matters` and `letters`; pure.

A matter has its own sentence for when it comes up and for when it is over; one of another kind is told in the sentence
of whoever found it.
"""

from engine.errors import Sentence
from engine.store.notices import Left

ONE_OF_MANY: dict[str, Sentence] = {
    "failed": Sentence("A run of “{name}” has failed.", "Eine Ausführung von „{name}“ ist fehlgeschlagen."),
    "review": Sentence("Please check a run of “{name}”.", "Bitte prüfen Sie eine Ausführung von „{name}“."),
}
"""By kind, for a single one of those that are counted."""

COMES_UP: dict[str, Sentence] = {
    "connection": Sentence("“{name}” must be reconnected.", "„{name}“ muss neu verbunden werden."),
    "disconnected": Sentence(
        "“{name}” was disconnected, and runs wait for another account.",
        "Die Verknüpfung „{name}“ wurde aufgehoben; Ausführungen warten auf ein anderes Konto.",
    ),
    "failed": Sentence(
        "{count} runs of “{name}” have failed.", "{count} Ausführungen von „{name}“ sind fehlgeschlagen."
    ),
    "review": Sentence("Please check {count} runs of “{name}”.", "Bitte prüfen Sie {count} Ausführungen von „{name}“."),
    "flood": Sentence(
        "More came in for “{name}” than usual. What is beyond waits until you release it.",
        "Für „{name}“ kam mehr an als üblich. Was darüber hinausgeht, wartet, bis Sie es freigeben.",
    ),
    "quota": Sentence(
        "The limit of an app is reached, so “{name}” waits.",
        "Das Limit einer App ist erreicht; deshalb wartet „{name}“.",
    ),
    "attention": Sentence(
        "“{name}” must be looked after; its runs wait.",
        "Um „{name}“ muss sich jemand kümmern; die Ausführungen warten.",
    ),
}
"""By kind."""

IS_OVER: dict[str, Sentence] = {
    "connection": Sentence("“{name}” is connected again.", "„{name}“ ist wieder verbunden."),
    "disconnected": Sentence("No run waits for “{name}” any more.", "Keine Ausführung wartet mehr auf „{name}“."),
    "failed": Sentence("Runs of “{name}” work again.", "Ausführungen von „{name}“ gelingen wieder."),
    "review": Sentence("The run of “{name}” was decided.", "Über die Ausführung von „{name}“ wurde entschieden."),
    "flood": Sentence("Nothing is held for “{name}” any more.", "Für „{name}“ ist nichts mehr zurückgehalten."),
    "quota": Sentence("“{name}” goes on after the limit.", "„{name}“ läuft nach dem Limit weiter."),
    "attention": Sentence("“{name}” was looked after.", "Um „{name}“ hat sich jemand gekümmert."),
}
LEFT: dict[Left, Sentence] = {
    Left.OFF: Sentence(
        "“{name}” was switched off, so its failed runs are told no more.",
        "„{name}“ wurde ausgeschaltet; seine fehlgeschlagenen Ausführungen werden nicht mehr gemeldet.",
    ),
    Left.DELETED: Sentence(
        "“{name}” was deleted, so its failed runs are told no more.",
        "„{name}“ wurde gelöscht; seine fehlgeschlagenen Ausführungen werden nicht mehr gemeldet.",
    ),
}
"""For failed runs that nobody waits for any more."""
OVER_OTHERWISE = Sentence("Settled: {said}", "Erledigt: {said}")

PLAIN: dict[str, Sentence] = {
    "hello": Sentence("Hello {name},", "Guten Tag {name},"),
    "news": Sentence("this needs you:", "hier werden Sie gebraucht:"),
    "digest": Sentence("this came up since yesterday:", "das kam seit gestern zusammen:"),
    "over": Sentence("this is settled:", "das ist erledigt:"),
    "still": Sentence("Still open since {since}: {said}", "Noch offen seit {since}: {said}"),
    "times": Sentence("It came up {count} times.", "Das kam {count}-mal vor."),
    "and_more": Sentence("And {count} more; the page shows all.", "Und {count} weitere; die Seite zeigt alle."),
    "look": Sentence("Look at it", "Ansehen"),
    "all": Sentence("All notices", "Alle Hinweise"),
    "why": Sentence(
        "You get this because you are told about zaps. Change it here: {address}",
        "Sie erhalten das, weil Sie über Zaps benachrichtigt werden. Hier ändern Sie das: {address}",
    ),
    "subject_many": Sentence("{count} matters need you", "{count} Sachen brauchen Sie"),
    "subject_over": Sentence("Settled: {count} matters", "Erledigt: {count} Sachen"),
    "subject_digest": Sentence("What came up since yesterday", "Was seit gestern zusammenkam"),
    "subject_weekly": Sentence("Your week: {done} done, {open} open", "Ihre Woche: {done} erledigt, {open} offen"),
    "weekly": Sentence("this is what your zaps did last week:", "das haben Ihre Zaps in der letzten Woche getan:"),
    "weekly_none": Sentence("No zap ran last week.", "In der letzten Woche lief kein Zap."),
    "week_in": Sentence("in", "eingegangen"),
    "week_done": Sentence("{done} done", "{done} erledigt"),
    "week_ended": Sentence("{count} ended otherwise", "{count} anders beendet"),
    "week_filtered": Sentence("{filtered} filtered out", "{filtered} ausgefiltert"),
    "week_failed": Sentence("{failed} failed", "{failed} fehlgeschlagen"),
    "week_open": Sentence("{open} open", "{open} offen"),
    "unsubscribe": Sentence(
        "You get this mail once a week. Change it here: {address}",
        "Sie erhalten diese Mail einmal in der Woche. Hier ändern Sie das: {address}",
    ),
    "subject_test": Sentence("This is a test", "Das ist ein Test"),
    "test": Sentence(
        "Zapwerk can reach you like this. You asked for this mail; nothing has happened.",
        "So erreicht Zapwerk Sie. Sie haben diese Mail angefordert; es ist nichts passiert.",
    ),
    "test_hook": Sentence("Zapwerk can reach you like this.", "So erreicht Zapwerk Sie."),
    "a_zap": Sentence("a zap that is gone", "ein Zap, den es nicht mehr gibt"),
    "a_connection": Sentence("a connection that is gone", "eine Verknüpfung, die es nicht mehr gibt"),
}


def said(code: str, language: str, **values: object) -> str:
    """A sentence of `PLAIN` in “en” or “de”, with its places filled in."""
    return PLAIN[code].within(language).format(**values)
