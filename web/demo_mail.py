"""The mails of the demo: what the contact form of a painter's web site sends when somebody asks for an offer.

Phone numbers are from the ranges that the Bundesnetzagentur keeps free for films, addresses from example domains.
"""

import random
import smtplib
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from html import escape

from engine.errors import Refused

SENT_AT = "X-Zapwerk-Demo-Sent"  # milliseconds since 1970, for the times that the demo shows
SITE = "malerbetrieb-sommer.example"
SMTP_TIMEOUT = 20.0  # seconds
TRIES = 200

FIRST_NAMES = (
    "Katharina", "Jonas", "Annegret", "Mehmet", "Sabine", "Björn", "Friederike", "Tobias", "Ayşe", "Günther",
    "Hannelore", "Matthias", "Jürgen", "Lena", "Rüdiger", "Svenja", "Dominik", "Ute", "Käthe", "Florian",
    "Anneliese", "Holger", "Miriam", "Torben", "Renate", "Sören", "Paula", "Wolfgang", "Nele", "Ralf",
)  # fmt: skip
LAST_NAMES = (
    "Brückner", "Hoffmann", "Yılmaz", "Schäfer", "von der Heide", "Großmann", "Petersen", "Lindemann", "Krüger",
    "Öztürk", "Baumgärtner", "Weiß", "Jansen", "Vogel", "Köhler", "Reuter", "Fröhlich", "Schulte-Brinkmann", "Busch",
    "Nowak", "Thiele", "Wiegand", "Möller", "Hansen", "Dietrich", "Seidel", "Engelhardt", "Kästner", "Pohl", "Sauer",
)  # fmt: skip
PLACES = (
    ("Berlin", "10437", "030 23125 {:03}", ("Gleimstraße", "Schönhauser Allee", "Kopenhagener Straße")),
    ("Hamburg", "22765", "040 66969 {:03}", ("Bahrenfelder Straße", "Große Brunnenstraße", "Am Born")),
    ("München", "80799", "089 99998 {:03}", ("Schellingstraße", "Türkenstraße", "Amalienstraße")),
    ("Köln", "50674", "0221 4710 {:03}", ("Lindenstraße", "Aachener Straße", "Brüsseler Platz")),
    ("Frankfurt am Main", "60316", "069 90009 {:03}", ("Berger Straße", "Sandweg", "Höhenstraße")),
)
WISHES = (
    "Guten Tag,\n\nwir möchten im Frühjahr unser Wohnzimmer und den Flur streichen lassen (ca. 65 m²).\n"
    "Könnten Sie uns ein Angebot machen? Am besten erreichen Sie mich nachmittags.",
    "Hallo,\n\nunsere Fassade braucht einen neuen Anstrich, das Haus ist Baujahr 1962.\n"
    "Wann hätten Sie Zeit für eine Besichtigung?",
    "Guten Tag,\n\nin unserem Treppenhaus blättert die Farbe ab. Was würde das Abschleifen und\n"
    "Neulackieren des Geländers ungefähr kosten?",
    "Hallo Team Sommer,\n\nnach einem Wasserschaden muss eine Decke neu verputzt und gestrichen werden.\n"
    "Die Versicherung bräuchte dafür einen Kostenvoranschlag.",
)
_PLAIN_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "ı": "i"})


@dataclass(frozen=True)
class Enquiry:
    """What somebody typed into the form. Empty lines are left out of the mail."""

    name: str
    email: str
    phone: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    message: str = ""

    def lines(self) -> list[tuple[str, str]]:
        """Label and value, as the form writes them."""
        said = (
            ("Name", self.name),
            ("E-Mail", self.email),
            ("Telefon", self.phone),
            ("Straße und Hausnummer", self.street),
            ("PLZ", self.postal_code),
            ("Ort", self.city),
            ("Nachricht", self.message),
        )
        return [(label, value) for label, value in said if value]


def somebody(known: Collection[str] = ()) -> Enquiry:
    """An enquiry of a person whose name is not among those `known`."""
    for _ in range(TRIES):
        found = _somebody()
        if found.name not in known:
            return found
    return replace(found, name=f"{found.name} {len(known) + 1}.")


def _somebody() -> Enquiry:
    pick = random.Random()  # noqa: S311 (no secret)
    first, last = pick.choice(FIRST_NAMES), pick.choice(LAST_NAMES)
    city, postal_code, phone, streets = pick.choice(PLACES)
    return Enquiry(
        name=f"{first} {last}",
        email=address_of(f"{first} {last}"),
        phone=phone.format(pick.randrange(1000)),
        street=f"{pick.choice(streets)} {pick.randint(1, 140)}",
        postal_code=postal_code,
        city=city,
        message=pick.choice(WISHES),
    )


def address_of(name: str) -> str:
    """An e-mail address of that name."""
    words = [word.translate(_PLAIN_LETTERS) for word in name.lower().split()]
    local = "".join(letter for letter in ".".join(words) if letter.isascii() and (letter.isalnum() or letter in ".-"))
    return f"{local.strip('.') or 'kunde'}@example.org"


def mail(enquiry: Enquiry, recipient: str, subject: str | None = None) -> EmailMessage:
    """The form's mail: from the web site, to be answered to the person. Raises `Refused` for line breaks in names."""
    message = EmailMessage()
    try:
        message["From"] = f"Malerbetrieb Sommer <kontaktformular@{SITE}>"
        message["To"] = recipient
        message["Reply-To"] = enquiry.email
        message["Subject"] = subject or f"Anfrage über Ihr Kontaktformular: {enquiry.name}"
    except (ValueError, IndexError) as error:
        raise Refused(f"This mail cannot be written: {error}.") from error
    message["Date"] = format_datetime(datetime.now().astimezone())
    message["Message-ID"] = make_msgid(domain=SITE)
    message[SENT_AT] = str(time.time_ns() // 1_000_000)
    message.set_content(_text(enquiry))
    message.add_alternative(_html(enquiry), subtype="html")
    return message


def _text(enquiry: Enquiry) -> str:
    lines = "\n".join(f"{label}: {value}" for label, value in enquiry.lines())
    return f"Über das Kontaktformular Ihrer Webseite ist eine Anfrage eingegangen.\n\n{lines}\n\n-- \nhttps://{SITE}/kontakt\n"


def _html(enquiry: Enquiry) -> str:
    rows = "".join(
        f"<tr><td><strong>{escape(label)}</strong></td><td>{escape(value).replace(chr(10), '<br>')}</td></tr>"
        for label, value in enquiry.lines()
    )
    return (
        "<html><body><p>Über das Kontaktformular Ihrer Webseite ist eine Anfrage eingegangen.</p>"
        f'<table>{rows}</table><p><a href="https://{SITE}/kontakt">{SITE}</a></p></body></html>'
    )


def deliver(message: EmailMessage, host: str, port: int) -> None:
    """By SMTP, as any web site would. Raises `Refused`."""
    try:
        with smtplib.SMTP(host, port, timeout=SMTP_TIMEOUT) as smtp:
            smtp.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise Refused(f"The demo's mailbox did not take the mail: {error}. Is the demo running?") from error
