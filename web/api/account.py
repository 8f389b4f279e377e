"""What keeps one's own account safe: password, e-mail address, recovery codes. Each asks for the password, of programs
as of pages: a token that got into wrong hands does not take the account with it.

The second factor is switched on only on the page: the proof that a phone has its secret is a person who looks at both.
"""

from typing import Annotated, Any

from pydantic import Field

from web.api.me import MeShown, me_shown
from web.api.routing import router as new_router
from web.api.schemas import Language, Sent, Shown
from web.forms.typed import must_be_readable
from web.site import By, Here

router = new_router("/me", "Oneself")

OFTEN: dict[int | str, dict[str, Any]] = {429: {}}  # the password was wrong too often
Password = Annotated[str, Field(min_length=1, max_length=1_000, description="Your password as it is now.")]


class PasswordSent(Sent):
    """Your password."""

    password: Password


class NewPassword(Sent):
    """Your password, and the new one."""

    old: Password
    new: Annotated[str, Field(max_length=1_000)]


class NewEmail(PasswordSent):
    """Another e-mail address, with which you sign in from then on."""

    email: Annotated[str, Field(max_length=500, examples=["anna@example.org"])]


class RecoveryCodes(Shown):
    """The new recovery codes; the old ones are worth nothing any more. They are not shown again."""

    codes: list[str]


@router.put("/password", status_code=204, responses=OFTEN)
def change_password(here: Here, by: By, sent: NewPassword) -> None:
    """Change your password. All browsers but the one that asks are signed out; tokens stay."""
    here.runtime.people.accounts.change_password(
        by.somebody, sent.old, sent.new, keep=by.sign_in_id, address=by.address
    )


@router.put("/email", responses=OFTEN)
def change_email(here: Here, by: By, language: Language, sent: NewEmail) -> MeShown:
    """Change your e-mail address."""
    must_be_readable({"email": sent.email}, language)
    changed = here.runtime.people.accounts.change_email(by.somebody, sent.email, sent.password, address=by.address)
    return me_shown(changed, by)


@router.post("/recovery-codes", status_code=201, responses=OFTEN)
def renew(here: Here, by: By, sent: PasswordSent) -> RecoveryCodes:
    """Make new recovery codes for two-step sign-in."""
    factor = here.runtime.people.second_factor
    codes = factor.renew_recovery(by.somebody, password=sent.password, address=by.address)
    return RecoveryCodes(codes=list(codes))


@router.post("/second-factor/off", status_code=204, responses=OFTEN)
def switch_off(here: Here, by: By, sent: PasswordSent) -> None:
    """Switch two-step sign-in off."""
    here.runtime.people.second_factor.off(by.somebody, password=sent.password, address=by.address)
