"""What the roles are called. Used wherever a page names one."""

from typing import Any

from engine.people.roles import Role
from web.languages import words


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


ROLES = {Role.VIEWER: _("Viewer"), Role.EDITOR: _("Editor"), Role.OWNER: _("Owner")}


def of(role: Any, language: str) -> str:
    """“–” for what is no role."""
    return words(language).gettext(ROLES[Role(role)]) if role in tuple(Role) else "–"
