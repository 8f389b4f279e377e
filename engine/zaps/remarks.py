"""What is said about a zap as it is drawn: its steps, references, templates and filters. English and German, by code.

`check`, `conditions`, `mapping` and what they call make their sentences here; `sentences` has those about values.
"""

from typing import Any

from engine.errors import Sentence
from engine.spelling import nearest, quoted


def remark(code: str, **parameters: Any) -> Sentence:
    """The sentence of a code; a parameter may be a `Sentence`, which is told in each language."""
    english, german = REMARKS[code]
    return Sentence(
        english.format(**{name: _shown(value, "en") for name, value in parameters.items()}),
        german.format(**{name: _shown(value, "de") for name, value in parameters.items()}),
    )


def meant(name: str, known: Any) -> Sentence:
    """“ Did you mean “imap”?” with a blank before it, or nothing: for the end of a remark."""
    found = nearest(name, known)
    return Sentence(f" Did you mean “{found}”?", f" Meinten Sie „{found}“?") if found else Sentence("", "")


def quotation(value: object) -> Sentence:
    """A foreign value as a remark may repeat it, in the quotes of each language."""
    english = quoted(value)
    return Sentence(english, f"„{english[1:-1]}“" if english.startswith("“") else "eine sehr große Zahl")


def _shown(value: Any, language: str) -> str:
    if isinstance(value, Sentence):
        return value.within(language)
    if isinstance(value, int):
        return f"{value:,}".replace(",", "." if language == "de" else ",")
    return str(value)


REMARKS: dict[str, tuple[str, str]] = {
    # What is missing
    "no_app": ("Choose an app.", "Wählen Sie eine App."),
    "no_event": ("Choose what happens.", "Wählen Sie, was geschehen soll."),
    "no_trigger_app": ("Choose an app that starts the zap.", "Wählen Sie eine App, die den Zap auslöst."),
    "no_trigger_event": ("Choose what starts the zap.", "Wählen Sie, was den Zap auslöst."),
    "no_steps": ("Add at least one step.", "Fügen Sie mindestens einen Schritt hinzu."),
    "no_connection": (
        "Please choose a connection to {app}.",
        "Bitte wählen Sie eine Verknüpfung mit {app}.",
    ),
    "no_conditions": ("A filter needs at least one condition.", "Ein Filter braucht mindestens eine Bedingung."),
    "nothing_compared": ("There is nothing to compare with.", "Es fehlt, womit verglichen wird."),
    # What there is not
    "unknown_app": ("There is no app “{app}”.{meant}", "Die App „{app}“ gibt es hier nicht.{meant}"),
    "no_such_app_installed": ("The app “{app}” is not installed.", "Die App „{app}“ ist nicht installiert."),
    "broken_app": (
        "The connector “{app}” ({where}) cannot be used. {reason}",
        "Der Konnektor „{app}“ ({where}) ist nicht verwendbar. {reason}",
    ),
    "unknown_event": ("{app} has nothing called “{use}”.{meant}", "{app} kennt „{use}“ nicht.{meant}"),
    "starts_no_zap": (
        "“{use}” is {kind}; nothing of that kind starts a zap.",
        "„{use}“ ist {kind}; damit beginnt kein Zap.",
    ),
    "is_no_step": ("“{use}” is {kind}; nothing of that kind is a step.", "„{use}“ ist {kind} und damit kein Schritt."),
    "unknown_connection": (
        "There is no connection “{name}”.{meant}",
        "Die Verknüpfung „{name}“ gibt es nicht.{meant}",
    ),
    "other_apps_connection": (
        "“{name}” is a connection to another app, not to {app}.",
        "„{name}“ ist eine Verknüpfung mit einer anderen App, nicht mit {app}.",
    ),
    "signed_out": (
        "“{name}” is no longer signed in; please reconnect it.",
        "„{name}“ ist nicht mehr angemeldet; bitte verknüpfen Sie das Konto neu.",
    ),
    "disconnected": (
        "The account “{name}” was disconnected. Choose another one.",
        "Die Verknüpfung „{name}“ wurde aufgehoben. Wählen Sie eine andere.",
    ),
    "unknown_field": ("There is no field “{name}”.{meant}", "Das Feld „{name}“ gibt es nicht.{meant}"),
    "unknown_comparison": ("There is no comparison “{name}”.{meant}", "Den Vergleich „{name}“ gibt es nicht.{meant}"),
    # References
    "this_step_itself": (
        "“{name}” is this step itself; only earlier steps can be used.",
        "„{name}“ ist dieser Schritt selbst; verwenden lassen sich nur frühere Schritte.",
    ),
    "filter_has_no_values": (
        "“{name}” is a filter, which has no values to use.",
        "„{name}“ ist ein Filter und hat keine Werte.",
    ),
    "comes_later": (
        "“{name}” comes later; only earlier steps can be used.",
        "„{name}“ kommt später; verwenden lassen sich nur frühere Schritte.",
    ),
    "unknown_step": ("There is no step “{name}”.{meant}", "Den Schritt „{name}“ gibt es nicht.{meant}"),
    "has_no": ("“{owner}” has no “{name}”.{meant}", "„{owner}“ hat kein „{name}“.{meant}"),
    "nothing_below": (
        "“{owner}” has nothing below it, so no “{name}”.",
        "Unter „{owner}“ gibt es nichts, also auch kein „{name}“.",
    ),
    "is_a_list": (
        "“{owner}” is a list; choose one of it first, like {example}.",
        "„{owner}“ ist eine Liste; wählen Sie zuerst einen Eintrag, etwa {example}.",
    ),
    # Limits
    "too_many_steps": (
        "A zap has at most {most} steps; this one has {count}.",
        "Ein Zap hat höchstens {most} Schritte; dieser hat {count}.",
    ),
    "filter_too_large": (
        "A filter has at most {most} conditions, in groups at most {deep} deep.",
        "Ein Filter hat höchstens {most} Bedingungen, in höchstens {deep} Ebenen.",
    ),
    "fixed_inputs": (
        "A trigger’s inputs are fixed; {{{{ … }}}} cannot be used here.",
        "Die Felder eines Auslösers stehen fest; {{{{ … }}}} ist hier nicht möglich.",
    ),
    "faulty_connector": (
        "The connector “{app}” is faulty ({said}).",
        "Der Konnektor „{app}“ ist fehlerhaft ({said}).",
    ),
    # Kinds of operations
    "a_polling_trigger": ("a polling trigger", "ein abfragender Auslöser"),
    "an_action": ("an action", "eine Aktion"),
    "a_search": ("a search", "eine Suche"),
    "a_webhook_trigger": ("a webhook trigger", "ein Webhook-Auslöser"),
    "a_scheduled_trigger": ("a scheduled trigger", "ein Zeitplan-Auslöser"),
    # Templates
    "too_deep": ("The values are nested too deeply.", "Die Werte sind zu tief verschachtelt."),
    "template_too_long": (
        "The text is too long; at most {most} characters are allowed.",
        "Der Text ist zu lang; erlaubt sind höchstens {most} Zeichen.",
    ),
    "never_closed": (
        "“{opening}” is never closed; “{closing}” is missing.",
        "„{opening}“ wird nicht geschlossen; „{closing}“ fehlt.",
    ),
    "too_many_ifs": (
        "Too many “if” stand within each other.",
        "Zu viele „if“ stehen ineinander.",
    ),
    "never_ended": (
        "“{{% {name} %}}” is never ended; “{{% {end} %}}” is missing.",
        "„{{% {name} %}}“ wird nicht beendet; „{{% {end} %}}“ fehlt.",
    ),
    "no_if_before": (
        "“{{% {name} %}}” has no “if” before it.",
        "Vor „{{% {name} %}}“ steht kein „if“.",
    ),
    "tag_unavailable": (
        "“{{% {name} %}}” is not available here; use {{{{ … }}}} and {{% if … %}}.",
        "„{{% {name} %}}“ gibt es hier nicht; möglich sind {{{{ … }}}} und {{% if … %}}.",
    ),
    "nothing_between": ("There is nothing between the braces.", "Zwischen den Klammern steht nichts."),
    "expression_too_long": (
        "This is too long; at most {most} characters may stand here.",
        "Das ist zu lang; hier dürfen höchstens {most} Zeichen stehen.",
    ),
    "not_understood": (
        "This cannot be understood from {rest} on.",
        "Ab {rest} ist das nicht zu verstehen.",
    ),
    "expression_too_deep": ("This is nested too deeply.", "Das ist zu tief verschachtelt."),
    "no_ranges": (
        "Ranges like (1..3) are not available here.",
        "Bereiche wie (1..3) gibt es hier nicht.",
    ),
    "digits": ("This number has too many digits.", "Diese Zahl hat zu viele Ziffern."),
    "unknown_filter": ("There is no filter “{name}”.{meant}", "Den Filter „{name}“ gibt es nicht.{meant}"),
    "filter_takes": ("The filter “{name}” {takes}.", "Der Filter „{name}“ {takes}."),
    "takes_none": ("takes no value", "nimmt keinen Wert"),
    "takes_one": ("takes 1 value, after a colon", "nimmt 1 Wert, nach einem Doppelpunkt"),
    "takes_some": ("takes {amount} values, after a colon", "nimmt {amount} Werte, nach einem Doppelpunkt"),
    "from_to": ("{least} to {most}", "{least} bis {most}"),
    "pattern_too_long": (
        "The pattern is too long; at most {most} characters are allowed.",
        "Das Muster ist zu lang; erlaubt sind höchstens {most} Zeichen.",
    ),
    "not_a_pattern": ("“{pattern}” is not a valid pattern.", "„{pattern}“ ist kein gültiges Muster."),
    # Values of filters in templates
    "too_much_to_do": (
        "This mapping has too much to do; please make it simpler.",
        "Diese Zuordnung ist zu aufwendig; bitte vereinfachen Sie sie.",
    ),
    "values_too_large": (
        "The values of this step are too large; at most {most} characters are allowed.",
        "Die Werte dieses Schritts sind zu groß; erlaubt sind höchstens {most} Zeichen.",
    ),
    "list_too_long": (
        "The list is too long; at most {most} entries are allowed.",
        "Die Liste ist zu lang; erlaubt sind höchstens {most} Einträge.",
    ),
    "filter_not_for_this": (
        "The filter “{name}” cannot be used on this value.",
        "Der Filter „{name}“ passt nicht zu diesem Wert.",
    ),
    # Settings of a zap
    "name_missing": ("A zap needs a name.", "Ein Zap braucht einen Namen."),
    "setting_too_long": (
        "This is too long; at most {most} characters are allowed.",
        "Das ist zu lang; erlaubt sind höchstens {most} Zeichen.",
    ),
    "unknown_zone": (
        "There is no time zone “{name}”; write it like Europe/Berlin.",
        "Die Zeitzone „{name}“ gibt es nicht; schreiben Sie sie wie Europe/Berlin.",
    ),
    "not_a_country_code": (
        "Write the country with two letters, like DE.",
        "Schreiben Sie das Land mit zwei Buchstaben, wie DE.",
    ),
    "at_least_this": ("This must be at least {least}.", "Das muss mindestens {least} sein."),
    "at_most_this": ("This can be at most {most}.", "Das darf höchstens {most} sein."),
    "setting_refused": ("{value} cannot stand here.", "{value} ist hier nicht möglich."),
    "unknown_setting": ("There is no setting “{name}”.", "Die Einstellung „{name}“ gibt es nicht."),
    "zap_too_large": (
        "The zap holds too much; at most {most} characters are allowed.",
        "Der Zap enthält zu viel; erlaubt sind höchstens {most} Zeichen.",
    ),
    # Changes that cannot be made
    "step_gone": ("This zap has no step “{name}” any more.", "Den Schritt „{name}“ gibt es in diesem Zap nicht mehr."),
    "filter_uses_no_app": ("“{name}” is a filter; it uses no app.", "„{name}“ ist ein Filter und verwendet keine App."),
    "not_a_filter": ("“{name}” is not a filter.", "„{name}“ ist kein Filter."),
    "not_a_search": ("Only a search can find nothing.", "Nur eine Suche kann nichts finden."),
    "needs_its_trigger": (
        "A zap needs its trigger; choose another one instead.",
        "Ein Zap braucht seinen Auslöser; wählen Sie stattdessen einen anderen.",
    ),
    "no_more_steps": ("A zap has at most {most} steps.", "Ein Zap hat höchstens {most} Schritte."),
    "no_such_place": ("There is no such field.", "Dieses Feld gibt es nicht."),
    "no_such_entry": ("There is no such entry.", "Diesen Eintrag gibt es nicht."),
    "nothing_to_undo": ("There is nothing to undo.", "Es gibt nichts rückgängig zu machen."),
    "nothing_to_redo": ("There is nothing to do again.", "Es gibt nichts zu wiederholen."),
    "changed_meanwhile": (
        "“{name}” was changed meanwhile. Please look at it again; your change was not saved.",
        "„{name}“ wurde inzwischen geändert. Bitte sehen Sie noch einmal hin; Ihre Änderung wurde nicht gespeichert.",
    ),
    "changed_before_switching": (
        "“{name}” was changed meanwhile. Please look at it again; nothing was switched.",
        "„{name}“ wurde inzwischen geändert. Bitte sehen Sie noch einmal hin; es wurde nichts geschaltet.",
    ),
    "hides_something": (
        "There are invisible signs in this. Please type it again instead of pasting it.",
        "Darin sind unsichtbare Zeichen. Bitte tippen Sie es neu, statt es einzufügen.",
    ),
    "name_taken": (
        "There is a zap “{name}” already. Please give this one another name.",
        "Einen Zap „{name}“ gibt es schon. Bitte geben Sie diesem einen anderen Namen.",
    ),
    "unknown_zap": ("There is no zap “{name}”.", "Den Zap „{name}“ gibt es nicht."),
    "not_deleted": (
        "There is no deleted zap “{name}” that could be brought back.",
        "Es gibt keinen gelöschten Zap „{name}“, der sich zurückholen ließe.",
    ),
    "never_published": (
        "“{name}” was never published, so there is no live version to go back to.",
        "„{name}“ wurde nie veröffentlicht; es gibt keine Version, zu der Sie zurückkehren könnten.",
    ),
    "unknown_version": ("There is no version {number}.", "Die Version {number} gibt es nicht."),
}
