"""What every change has in common: it is written down who made it, by which program. Called by the nouns."""

from typing import Any

from engine.editing.draft import Draft
from engine.people.audit import Action
from web.site import Site
from web.visitors import Visitor


def tell(here: Site, by: Visitor, action: Action, subject_id: str = "", subject: str = "", **details: Any) -> None:
    """Into the audit log. Blocks."""
    here.runtime.people.audit.tell(
        action,
        person=by.person,
        subject_id=subject_id,
        subject=subject,
        address=by.address,
        details=details if by.sign_in_id else {**details, "through": "API"},
    )


def tell_of(here: Site, by: Visitor, action: Action, draft: Draft, **details: Any) -> None:
    """The same about a zap."""
    tell(here, by, action, draft.id, draft.name, **details)
