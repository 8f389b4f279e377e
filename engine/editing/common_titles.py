"""German words for what fields of records are commonly called, where a connector's own file has none. Pure."""

from types import MappingProxyType

_GERMAN = MappingProxyType(
    {
        "id": "Kennung",
        "name": "Name",
        "first name": "Vorname",
        "last name": "Nachname",
        "company": "Firma",
        "e-mail": "E-Mail",
        "email": "E-Mail",
        "e-mail address": "E-Mail-Adresse",
        "address": "Adresse",
        "phone": "Telefon",
        "mobile": "Handy",
        "website": "Website",
        "street": "Straße",
        "city": "Ort",
        "postal code": "Postleitzahl",
        "country": "Land",
        "title": "Titel",
        "subject": "Betreff",
        "text": "Text",
        "description": "Beschreibung",
        "notes": "Notizen",
        "date": "Datum",
        "time": "Uhrzeit",
        "created at": "Angelegt am",
        "updated at": "Geändert am",
        "amount": "Betrag",
        "price": "Preis",
        "quantity": "Menge",
        "number": "Nummer",
        "status": "Status",
        "url": "Adresse der Seite",
        "page": "Seite",
        "size": "Größe",
        "ref": "Ablage",
        "content type": "Dateityp",
        "file name": "Dateiname",
    }
)

AS_SUBJECTS = MappingProxyType({title[:1].upper() + title[1:]: words for title, words in _GERMAN.items()})
"""The same as the subject of a sentence, like the reason of a filter: “Subject”."""


def german(title: str) -> str:
    """The German word for a common title, or the title as it is."""
    return _GERMAN.get(title.lower(), title)
