"""What is kept about a person: finding it and erasing it, for owners.

Whom it is about stands in the body, never in an address, so that it stands in no log; and the audit log says that
something was erased, not about whom.
"""

from typing import Annotated, Literal

from pydantic import Field

from engine.people.audit import Action
from web.api.doing import tell
from web.api.routing import router as new_router
from web.api.run_schemas import RunLine
from web.api.schemas import LONGEST_TEXT, Sent, Shown
from web.site import By, Here

router = new_router("/persons", "Keeping")

MOST_SHOWN = 100

About = Annotated[str, Field(max_length=LONGEST_TEXT, examples=["anna@example.org"])]


class PersonSent(Sent):
    """Whom it is about: best a whole e-mail address."""

    text: About


class PersonErased(PersonSent):
    """The same, and what becomes of runs that have not ended: they keep their data, unless they are cancelled."""

    cancel: bool = False


class SampleAbout(Shown):
    """A sample of a draft that names the person."""

    zap_id: str
    step: str


class TypedAbout(Shown):
    """A zap in which somebody typed it: in its draft, in published versions. It is not erased there. `deleted`: runs of
    a deleted zap that have not ended still need it."""

    zap_id: str
    in_draft: bool
    versions: list[int]
    deleted: bool


class NamedAbout(Shown):
    """An account in use that is called so: a `connection`, or a `person` who may sign in. It is not erased there."""

    kind: Literal["connection", "person"]
    id: str
    name: str


class KeptShown(Shown):
    """What is kept. `items` are the newest of the `runs`, at most a hundred; `going_on` of them have not ended.
    `dispatches` are mails and calls that quote a notice, `troubles` what triggers, calls and accounts said last,
    `audit` entries of the audit log, `bygone` what was deleted and notes about who was here; `undoable` counts drafts
    whose earlier changes have it. Not erased: `typed`, `named`, and `ids` of records, which stop a second run.
    """

    runs: int
    going_on: int
    items: list[RunLine]
    samples: list[SampleAbout]
    notices: int
    files: int
    dispatches: int
    troubles: int
    audit: int
    bygone: int
    undoable: int
    typed: list[TypedAbout]
    named: list[NamedAbout]
    ids: int


class ErasedShown(Shown):
    """What was erased. `left` runs go on and keep their data until they end; `typed` zaps have it in their own text,
    `named` accounts are called so, and `ids` of records keep it. Backups and other services keep what they have."""

    runs: int
    cancelled: int
    samples: int
    notices: int
    left: int
    dispatches: int
    troubles: int
    audit: int
    bygone: int
    undoable: int
    typed: int
    named: int
    ids: int


@router.post("/find")
def find(here: Here, sent: PersonSent) -> KeptShown:
    """Find what is kept about a person. Everything is read for it, which may take seconds."""
    kept = here.runtime.persons.find(sent.text)
    return KeptShown(
        runs=len(kept.runs),
        going_on=len(kept.going_on),
        items=[RunLine.model_validate(one) for one in kept.runs[:MOST_SHOWN]],
        samples=[SampleAbout.model_validate(one) for one in kept.samples],
        notices=kept.notices,
        files=kept.files,
        dispatches=kept.dispatches,
        troubles=kept.troubles,
        audit=kept.audit,
        bygone=kept.bygone,
        undoable=kept.undoable,
        typed=[TypedAbout.model_validate(one) for one in kept.typed],
        named=[NamedAbout.model_validate(one) for one in kept.named],
        ids=kept.ids,
    )


@router.post("/erase")
def erase(here: Here, by: By, sent: PersonErased) -> ErasedShown:
    """Erase what is kept about a person. That runs were, when and how they ended, stays."""
    done = here.runtime.persons.erase(sent.text, cancel=sent.cancel)
    here.engine.keeping.soon(thorough=True)
    erased = ErasedShown.model_validate(done)
    tell(here, by, Action.RUN_ERASED, **erased.model_dump())
    return erased
