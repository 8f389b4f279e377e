"""What the sandbox's pages say, in English and German. Called by `pages`, `consent`, `misbehaving` and `oauth`."""

from connectors.practice.words import Texts

WORDS: Texts = {
    "title": ("Invoice2go sandbox", "Invoice2go-Übungsplatz"),
    "lead": (
        "A stand-in of our own to practise with. It is not Invoice2go, and nothing here is real. "
        "What Zapwerk creates appears here by itself.",
        "Ein eigener Ersatz zum Üben. Er ist nicht Invoice2go, und nichts hier ist echt. "
        "Was Zapwerk anlegt, erscheint hier von selbst.",
    ),
    "clients": ("Clients", "Kunden"),
    "items": ("Items", "Positionen"),
    "used": ("{used} of {limit} used", "{used} von {limit} belegt"),
    "unlimited": ("{used}, no limit", "{used}, ohne Grenze"),
    "quota_clients": ("Clients used", "Belegte Kunden"),
    "quota_items": ("Items used", "Belegte Positionen"),
    "newest": ("the newest {shown} are listed", "die neuesten {shown} sind aufgeführt"),
    "no_clients": (
        "No clients yet. Write a mail to the demo’s mailbox, and one appears here.",
        "Noch keine Kunden. Schreiben Sie eine Mail an das Demo-Postfach, und hier erscheint einer.",
    ),
    "no_items": ("No items yet.", "Noch keine Positionen."),
    "new_clients": ("New client: {name}", "Neuer Kunde: {name}"),
    "new_items": ("New item: {name}", "Neue Position: {name}"),
    "all": ("All clients and items", "Alle Kunden und Positionen"),
    "unknown": (
        "There is no such record, or it was reset.",
        "Diesen Datensatz gibt es nicht, oder er wurde zurückgesetzt.",
    ),
    # Fields of a record, by the names that the API uses.
    "id": ("ID", "ID"),
    "created_at": ("Created", "Angelegt"),
    "name": ("Name", "Name"),
    "contact_name": ("Contact", "Ansprechpartner"),
    "email": ("E-mail", "E-Mail"),
    "phone": ("Phone", "Telefon"),
    "mobile": ("Mobile", "Mobiltelefon"),
    "website": ("Web site", "Webseite"),
    "tax_number": ("Tax number", "Steuernummer"),
    "billing_address": ("Billing address", "Rechnungsadresse"),
    "payment_terms_days": ("Payment terms (days)", "Zahlungsziel (Tage)"),
    "notes": ("Notes", "Notizen"),
    "external_reference": ("Reference of the caller", "Kennung des Aufrufers"),
    "code": ("Code", "Code"),
    "description": ("Description", "Beschreibung"),
    "rate": ("Rate", "Preis"),
    "cost": ("Cost", "Kosten"),
    "kind": ("Kind", "Art"),
    "unit": ("Unit", "Einheit"),
    "apply_taxes": ("Apply taxes", "Steuern anwenden"),
    "calls": ("Calls that created it", "Aufrufe, die das angelegt haben"),
    "call": ("Call", "Aufruf"),
    "came": ("Came", "Kam"),
    "answer": ("Answer", "Antwort"),
    "after": ("After", "Nach"),
    "no_answer": ("none (cut)", "keine (abgebrochen)"),
    # Misbehaving.
    "misbehave": ("Misbehave", "Fehler vorspielen"),
    "misbehave_lead": (
        "Real services fail now and then. Let this one fail, and see that Zapwerk neither loses nor doubles anything.",
        "Echte Dienste versagen hin und wieder. Lassen Sie diesen versagen und sehen Sie, dass Zapwerk nichts verliert "
        "und nichts verdoppelt.",
    ),
    "fault": ("What happens", "Was geschieht"),
    "rate_limit": ("“Too many calls”; nothing is done", "„Zu viele Aufrufe“; nichts geschieht"),
    "unavailable": ("“Not available”; nothing is done", "„Nicht verfügbar“; nichts geschieht"),
    "expired_token": ("The sign-in seems to have expired", "Die Anmeldung scheint abgelaufen"),
    "slow": ("Does it, but answers late", "Tut es, antwortet aber spät"),
    "error_before": ("An error; nothing is done", "Ein Fehler; nichts geschieht"),
    "error_after": ("An error, although it was done", "Ein Fehler, obwohl es geschah"),
    "timeout_before": ("No answer in time; nothing is done", "Keine Antwort in der Zeit; nichts geschieht"),
    "timeout_after": ("No answer in time, although it was done", "Keine Antwort in der Zeit, obwohl es geschah"),
    "cut_before": ("Connection cut; nothing is done", "Verbindung getrennt; nichts geschieht"),
    "cut_after": ("Connection cut, although it was done", "Verbindung getrennt, obwohl es geschah"),
    "times": ("How often", "Wie oft"),
    "seconds": ("Seconds", "Sekunden"),
    "seconds_hint": (
        "How long it holds a call, or asks the caller to wait.",
        "Wie lange es einen Aufruf hält oder den Aufrufer warten lässt.",
    ),
    "do": ("Misbehave", "Fehler vorspielen"),
    "behave": ("Behave again", "Wieder richtig arbeiten"),
    "waiting": ("It misbehaves at the next calls:", "Bei den nächsten Aufrufen spielt er Fehler vor:"),
    "waits": ("{fault} ({times}\u00a0×)", "{fault} ({times}\u00a0×)"),
    "bad_numbers": (
        "Nothing was changed: write whole times from 1 to 1,000,000, and seconds from 0 to 600.",
        "Nichts wurde geändert: Schreiben Sie als Anzahl eine ganze Zahl von 1 bis 1.000.000, als Sekunden 0 bis 600.",
    ),
    # Signing in.
    "sign_in": ("Sign-in", "Anmeldung"),
    "may_it": ("Allow Zapwerk?", "Zapwerk zulassen?"),
    "who": ("Zapwerk, at {place}", "Zapwerk, auf {place}"),
    "asks": (
        "asks to use your practice account {account}. You can take single permissions away.",
        "möchte Ihr Übungskonto {account} benutzen. Einzelne Rechte können Sie ihm nehmen.",
    ),
    "would": ("It would be allowed to", "Es dürfte dann"),
    "may_accounts": ("see your accounts", "Ihre Konten sehen"),
    "may_clients": ("see and create clients", "Kunden sehen und anlegen"),
    "may_items": ("see and create items", "Positionen sehen und anlegen"),
    "allow": ("Allow", "Zulassen"),
    "deny": ("Deny", "Ablehnen"),
    "no_real": (
        "This is a page to practise with. No real account and no password is involved.",
        "Dies ist eine Seite zum Üben. Es geht um kein echtes Konto und kein Passwort.",
    ),
    "too_long": ("The sign-in request is too long.", "Die Anfrage zur Anmeldung ist zu lang."),
    "unknown_client": (
        "The sandbox does not know this client ID; correct it in the profile.",
        "Der Übungsplatz kennt diese Client-ID nicht; berichtigen Sie sie im Profil.",
    ),
    "unknown_return": (
        "The sandbox does not know this return address; register it, or use one on this computer.",
        "Der Übungsplatz kennt diese Rücksprungadresse nicht; tragen Sie sie ein, oder nehmen Sie eine auf diesem "
        "Computer.",
    ),
}
