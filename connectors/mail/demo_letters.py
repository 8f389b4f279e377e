"""The mails that a person writes on the demo mailbox's page: ready ones, what is wrong with one, how it is delivered.

Called by `demo_pages`. People and numbers are made up: addresses of example domains, phone numbers that the authorities
keep free for films.
"""

import random
import re
import smtplib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid

SENT_AT = "X-Zapwerk-Demo-Sent"  # milliseconds since 1970: the demo measures from there
SMTP_TIMEOUT = 20.0  # seconds
LONGEST_LINE = 200  # characters
LONGEST_TEXT = 100_000
SITE = "malerbetrieb-sommer.example"
NAMES = ("Erika Beispiel", "Jonas Lindemann", "Ayşe Yılmaz", "Björn Großmann", "Nele Petersen", "Käthe Weiß")
NAMES_EN = ("Emily Carter", "Oliver Bennett", "Grace O’Neill", "Arthur Whitfield", "Maya Patel", "Ian Fraser")

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
)
_PLAIN_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "ı": "i", "’": "", " ": "."})


@dataclass(frozen=True)
class Letter:
    """What stands in the form."""

    name: str = ""
    address: str = ""
    subject: str = ""
    text: str = ""


def given(form: Mapping[str, str]) -> Letter:
    """What a browser sent."""
    lines = {name: form.get(name, "").strip() for name in ("name", "address", "subject")}
    return Letter(**lines, text=form.get("text", "").replace("\r\n", "\n").replace("\r", "\n"))


def problems(letter: Letter) -> dict[str, tuple[str, int]]:
    """Field → what is wrong with it (a key of `demo_words`) and the limit it speaks of."""
    found: dict[str, tuple[str, int]] = {}
    for name in ("name", "subject"):
        value = getattr(letter, name)
        if len(value) > LONGEST_LINE or len(value.splitlines()) > 1 or any(ord(one) < 32 for one in value):
            found[name] = ("bad_line", LONGEST_LINE)
    if len(letter.address) > LONGEST_LINE or not _ADDRESS.fullmatch(letter.address):
        found["address"] = ("bad_address", LONGEST_LINE)
    if not letter.text.strip() or len(letter.text) > LONGEST_TEXT:
        found["text"] = ("bad_text", LONGEST_TEXT)
    return found


def message(letter: Letter, recipient: str) -> EmailMessage:
    """The mail. The letter has no `problems`."""
    mail = EmailMessage()
    mail["From"] = Address(letter.name, addr_spec=letter.address)
    mail["To"] = recipient
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = make_msgid(domain="demo.zapwerk.example")
    mail[SENT_AT] = str(time.time_ns() // 1_000_000)
    mail.set_content(letter.text)
    return mail


def deliver(mail: EmailMessage, host: str, port: int) -> None:
    """By SMTP, as any mail program does. Blocks; raises `OSError` and `smtplib.SMTPException`."""
    with smtplib.SMTP(host, port, local_hostname="localhost", timeout=SMTP_TIMEOUT) as smtp:
        smtp.send_message(mail)


def form_en() -> Letter:
    """A contact form's mail, of somebody else each time."""
    pick = random.Random()  # noqa: S311 - no secret
    name = pick.choice(NAMES_EN)
    lines = (
        f"Name: {name}\nE-mail: {_address(name)}\nPhone: +44 20 7946 0{pick.randrange(1000):03}\n"
        "Message: We would like to have our living room and hall painted this spring, about 65 square metres. "
        "Could you send us an offer?"
    )
    text = f"Somebody has filled in the contact form of your web site.\n\n{lines}\n"
    return Letter("Sommer Painters", f"contact-form@{SITE}", f"Enquiry (Anfrage) by contact form: {name}", text)


def form_de() -> Letter:
    """The same in German."""
    pick = random.Random()  # noqa: S311 - no secret
    name = pick.choice(NAMES)
    lines = (
        f"Name: {name}\nE-Mail: {_address(name)}\nTelefon: 030 23125 {pick.randrange(1000):03}\n"
        f"Straße und Hausnummer: Gleimstraße {pick.randint(1, 60)}\nPLZ: 10437\nOrt: Berlin\n"
        "Nachricht: Wir möchten im Frühjahr unser Wohnzimmer und den Flur streichen lassen (ca. 65 m²). "
        "Könnten Sie uns ein Angebot machen?"
    )
    text = f"Über das Kontaktformular Ihrer Webseite ist eine Anfrage eingegangen.\n\n{lines}\n"
    return Letter("Malerbetrieb Sommer", f"kontaktformular@{SITE}", f"Anfrage über Ihr Kontaktformular: {name}", text)


def newsletter() -> Letter:
    """One that leads to nothing: its subject is none that the demo's zap looks for."""
    text = (
        "Liebe Leserinnen und Leser,\n\nsieben Wandfarben, die im Frühjahr gut aussehen, und was zu ihnen passt.\n\n"
        "Sie erhalten diese Mail, weil Sie unseren Newsletter bestellt haben.\n"
    )
    return Letter(
        "Farben-Magazin", "newsletter@farben-magazin.example", "Neu im Heft: sieben Farben für das Frühjahr", text
    )


def nameless() -> Letter:
    """A form whose name was left empty, sent without one: no client can be made of it."""
    text = (
        "Über das Kontaktformular Ihrer Webseite ist eine Anfrage eingegangen.\n\n"
        "Name:\nE-Mail: ohne.namen@example.org\nNachricht: Was kostet es, ein Treppenhaus zu streichen?\n"
    )
    return Letter("", f"kontaktformular@{SITE}", "Anfrage über Ihr Kontaktformular", text)


READY = {"form_en": form_en, "form_de": form_de, "newsletter": newsletter, "nameless": nameless}


def _address(name: str) -> str:
    return f"{name.lower().translate(_PLAIN_LETTERS)}@example.org"
