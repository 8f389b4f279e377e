"""What the demo mailbox's pages say, in English and German. Called by `demo_pages`."""

from connectors.practice.words import Texts

WORDS: Texts = {
    "title": ("Demo mailbox", "Demo-Postfach"),
    "lead": (
        "A real mailbox on this computer only, of {address}. Nothing in it ever leaves this computer. "
        "A mail you write here travels by SMTP, as any mail does; Zapwerk reads it by IMAP.",
        "Ein echtes Postfach, nur auf diesem Computer, von {address}. Nichts daraus verlässt diesen Computer. "
        "Eine Mail, die Sie hier schreiben, reist per SMTP wie jede andere; Zapwerk liest sie per IMAP.",
    ),
    "write": ("Write a mail", "Eine Mail schreiben"),
    "ready": ("Start with a ready one:", "Mit einer fertigen beginnen:"),
    "form_en": ("Contact form, English", "Kontaktformular, englisch"),
    "form_de": ("Contact form, German", "Kontaktformular, deutsch"),
    "newsletter": ("Newsletter, to be ignored", "Newsletter, wird übergangen"),
    "nameless": ("Without a name", "Ohne Namen"),
    "name": ("From: name", "Von: Name"),
    "optional": ("(optional)", "(freiwillig)"),
    "address": ("From: e-mail address", "Von: E-Mail-Adresse"),
    "subject": ("Subject", "Betreff"),
    "subject_hint": (
        "The demo’s zap takes mails that have “Anfrage” (German for enquiry) in their subject.",
        "Der Zap der Demo nimmt Mails, in deren Betreff „Anfrage“ steht.",
    ),
    "text": ("Text", "Text"),
    "send": ("Deliver the mail", "Mail zustellen"),
    "sent": (
        "The mail is in the mailbox. What Zapwerk makes of it shows on the page of the Invoice2go sandbox.",
        "Die Mail ist im Postfach. Was Zapwerk daraus macht, zeigt die Seite des Invoice2go-Übungsplatzes.",
    ),
    "mails": ("In the mailbox", "Im Postfach"),
    "count": ("{total} in all", "insgesamt {total}"),
    "count_some": ("the newest {shown} of {total}", "die neuesten {shown} von {total}"),
    "none": (
        "No mail yet. Write one, or let another program send one to {smtp} by SMTP.",
        "Noch keine Mail. Schreiben Sie eine, oder lassen Sie ein anderes Programm eine per SMTP an {smtp} senden.",
    ),
    "no_subject": ("(no subject)", "(ohne Betreff)"),
    "nobody": ("(unknown sender)", "(unbekannter Absender)"),
    "new_mail": ("New mail: {subject}", "Neue Mail: {subject}"),
    "took": ("{span} after it was sent", "{span} nach dem Absenden"),
    "all": ("All mails", "Alle Mails"),
    "from": ("From", "Von"),
    "reply_to": ("Reply to", "Antwort an"),
    "to": ("To", "An"),
    "received": ("Received", "Eingegangen"),
    "files": ("Attachments", "Anhänge"),
    "empty_text": ("This mail has no text.", "Diese Mail hat keinen Text."),
    "cut": (
        "This mail is long; its beginning is shown.",
        "Diese Mail ist lang; gezeigt wird ihr Anfang.",
    ),
    "unknown_mail": (
        "There is no such mail in the mailbox, or it was deleted.",
        "Diese Mail gibt es im Postfach nicht, oder sie wurde gelöscht.",
    ),
    "bad_address": (
        "This is no e-mail address. Write one like anna@example.org.",
        "Das ist keine E-Mail-Adresse. Schreiben Sie eine wie anna@example.org.",
    ),
    "bad_line": (
        "This must be one line of at most {limit} characters.",
        "Das muss eine einzige Zeile mit höchstens {limit} Zeichen sein.",
    ),
    "bad_text": (
        "Write at least a word, and at most {limit} characters.",
        "Schreiben Sie wenigstens ein Wort, und höchstens {limit} Zeichen.",
    ),
    "check": (
        "Nothing was sent. Please check what is marked.",
        "Nichts wurde gesendet. Bitte prüfen Sie, was markiert ist.",
    ),
    "refused": (
        "The mailbox did not take the mail ({reason}). Try it again; if that does not help, start the demo again.",
        "Das Postfach hat die Mail nicht angenommen ({reason}). Versuchen Sie es noch einmal; wenn das nicht hilft, "
        "starten Sie die Demo neu.",
    ),
}
