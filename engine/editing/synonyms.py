"""What is meant by the names of fields and of entries of web forms, in German and English. Pure; for `proposals`."""

import re
from functools import lru_cache
from types import MappingProxyType

from engine.zaps.lookups import folded

_MEANINGS = MappingProxyType(
    {
        "email": ("e-mail", "email", "mail", "e-mail-adresse", "e-mail address", "email address", "mailadresse"),
        "phone": ("telefon", "telefonnummer", "tel", "telefon-nr", "rufnummer", "phone", "phone number", "telephone"),
        "mobile": ("mobil", "mobiltelefon", "mobilnummer", "handy", "handynummer", "mobile", "mobile phone", "cell"),
        "company": ("firma", "firmenname", "unternehmen", "company", "company name", "organisation", "organization"),
        "first_name": ("vorname", "first name", "firstname", "given name"),
        "last_name": ("nachname", "familienname", "zuname", "last name", "lastname", "surname", "family name"),
        "name": ("name", "ihr name", "your name", "full name", "vollständiger name", "vor- und nachname",
                 "kundenname", "kunde", "client name", "client", "customer", "customer name"),
        "contact": ("ansprechpartner", "ansprechpartnerin", "kontakt", "kontaktname", "kontaktperson",
                    "contact", "contact name", "contact person"),
        "street": ("straße", "strasse", "straße und hausnummer", "straße, hausnummer", "straße/nr", "adresse",
                   "anschrift", "rechnungsadresse", "street", "street address", "address", "address line 1",
                   "billing address"),
        "address2": ("adresszusatz", "adresszeile 2", "zusatz", "address line 2", "address 2", "address2"),
        "postal_code": ("plz", "postleitzahl", "zip", "zip code", "zipcode", "postcode", "postal code"),
        "city": ("ort", "stadt", "wohnort", "city", "town"),
        "state": ("bundesland", "kanton", "state", "province"),
        "country": ("land", "staat", "country"),
        "amount": ("betrag", "summe", "preis", "gesamtbetrag", "amount", "price", "rate", "total"),
        "cost": ("kosten", "einkaufspreis", "cost"),
        "quantity": ("menge", "anzahl", "stückzahl", "quantity", "qty"),
        "description": ("beschreibung", "details", "description"),
        "notes": ("notiz", "notizen", "anmerkung", "anmerkungen", "bemerkung", "bemerkungen", "kommentar",
                  "nachricht", "ihre nachricht", "mitteilung", "note", "notes", "comment", "comments", "message",
                  "your message"),
        "website": ("website", "webseite", "homepage", "internet", "internetadresse", "web site", "web"),
        "tax_number": ("steuernummer", "steuernr", "steuer-nr", "ust-id", "ust-idnr", "ust-id-nr", "vat", "vat id",
                       "vat number", "tax no", "tax number", "tax id"),
        "subject": ("betreff", "subject"),
        "title": ("titel", "title", "überschrift", "headline"),
        "date": ("datum", "date"),
        "item": ("position", "positionsname", "artikel", "artikelname", "produkt", "produktname", "leistung",
                 "item", "item name", "product", "product name", "service"),
        "item_code": ("artikelnummer", "artikelnr", "artikel-nr", "positionscode", "sku", "item code", "item number"),
    }
)  # fmt: skip

_BY_WORD = {folded(word): meaning for meaning, words in _MEANINGS.items() for word in words}
_END = re.compile(r"[\s.:*?!]+$")
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")


@lru_cache(maxsize=2048)
def meaning_of(name: str) -> str:
    """One word for what a name means: `phone` for “Telefon-Nr.:”. For a name nobody knows, the name itself, tidied."""
    bare = _END.sub("", _BRACKETS.sub("", folded(name.replace("_", " "))))
    return _BY_WORD.get(bare, bare)


def is_known(meaning: str) -> bool:
    """Whether a name with this meaning says what belongs there, so that its kind has no say."""
    return meaning in _MEANINGS
