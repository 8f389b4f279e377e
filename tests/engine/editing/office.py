"""Drafts with the shipped connectors: a mail from a contact form becomes a client."""

from datetime import UTC, datetime
from typing import Any

from connectors.invoice2go.connector import invoice2go
from connectors.mail.imap import imap
from engine.editing.draft import Draft
from engine.editing.samples import Sample
from engine.registry import Registry
from engine.store.states import ZapState
from engine.store.zaps import StoredZap
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, TriggerUse, Zap
from tests.engine.zaps.apps import REGISTRY as APPS

NOW = datetime(2026, 2, 1, tzinfo=UTC)

OFFICE = Registry.of(imap, invoice2go, *APPS.connectors.values())

FORM = {
    "Name": "Ada Lovelace",
    "Firma": "Engines GmbH",
    "E-Mail": "ada@engines.example",
    "Telefon": "030 1234567",
    "Straße": "Hauptstr. 1",
    "PLZ": "10115",
    "Ort": "Berlin",
    "Land": "Deutschland",
    "Nachricht": "Bitte ein Angebot.",
}

MAIL: dict[str, Any] = {
    "id": "1",
    "subject": "Anfrage",
    "from": {"name": "Web site", "address": "web@site.example"},
    "sender": {"name": "Ada L.", "address": "ada@home.example"},
    "to": [{"name": "Office", "address": "office@site.example"}],
    "date": "2026-01-31T09:30:00+00:00",
    "text": "Guten Tag",
    "labelled": FORM,
    "attachments": [],
    "size": 1234,
    "cut": False,
    "mood": "calm",
}


def office(
    *steps: ActionStep | FilterStep,
    mail: dict[str, Any] | None = MAIL,
    samples: dict[str, Sample] | None = None,
    trigger: str = "imap.new_email",
    language: str = "de",
) -> Draft:
    """A draft with a mail as its sample; its only step creates a client, with nothing filled in."""
    zap = Zap(
        name="Office",
        language=language,
        timezone="Europe/Berlin",
        trigger=TriggerUse(use=trigger),
        steps=steps or (ActionStep(key="client", use="invoice2go.create_client"),),
    )
    stored = StoredZap("z", "Office", ZapState.DRAFT, "", zap, None, 1, NOW, NOW)
    kept = {} if mail is None else {TRIGGER: sample(TRIGGER, trigger, mail)}
    return Draft(stored, (), {**kept, **(samples or {})})


def sample(step: str, use: str, record: Any, *, real: bool = True) -> Sample:
    return Sample(step, use, record, real, "", NOW)
