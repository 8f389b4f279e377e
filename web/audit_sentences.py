"""What the audit log's actions say in words, and the kinds that it can be filtered by. Used by its page.

Each sentence begins with who did it. A person who did something with their own account reads otherwise than one who
did it for somebody else.
"""

from engine.people.audit import COMMAND_LINE, Action
from engine.store.audit import Entry
from web import role_names
from web.languages import words


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


KINDS = {
    "zap.": _("Zaps"),
    "connection.": _("Connections"),
    "app.": _("Apps"),
    "run.": _("Runs"),
    "person.": _("People"),
    "token.": _("API tokens"),
    "sign": _("Signing in and out"),
    "backup.": _("Backups"),
    "settings.": _("Settings"),
}
"""How their actions begin, and what they are called."""

SENTENCES: dict[Action, str] = {
    Action.ZAP_CREATED: _("%(person)s made the zap “%(subject)s”."),
    Action.ZAP_EDITED: _("%(person)s edited the zap “%(subject)s”."),
    Action.ZAP_RENAMED: _("%(person)s renamed the zap “%(subject)s”."),
    Action.ZAP_MOVED: _("%(person)s moved the zap “%(subject)s” to another folder."),
    Action.ZAP_PUBLISHED: _("%(person)s published the zap “%(subject)s”."),
    Action.ZAP_SWITCHED_ON: _("%(person)s switched the zap “%(subject)s” on."),
    Action.ZAP_SWITCHED_OFF: _("%(person)s switched the zap “%(subject)s” off."),
    Action.ZAP_PAUSED: _("%(person)s paused the zap “%(subject)s”."),
    Action.ZAP_DELETED: _("%(person)s deleted the zap “%(subject)s”."),
    Action.ZAP_RESTORED: _("%(person)s restored the zap “%(subject)s”."),
    Action.ZAP_COPIED: _("%(person)s copied the zap “%(subject)s”."),
    Action.ZAP_IMPORTED: _("%(person)s imported the zap “%(subject)s”."),
    Action.ZAP_EXPORTED: _("%(person)s exported the zap “%(subject)s”."),
    Action.ZAP_TESTED: _("%(person)s tested the zap “%(subject)s”."),
    Action.ZAP_REHEARSED: _("%(person)s rehearsed the zap “%(subject)s”."),
    Action.ZAP_ADDRESS_RENEWED: _("%(person)s gave the zap “%(subject)s” a new address."),
    Action.ALL_PAUSED: _("%(person)s paused all zaps."),
    Action.ALL_RESUMED: _("%(person)s let all zaps go on."),
    Action.CONNECTION_ADDED: _("%(person)s added the connection “%(subject)s”."),
    Action.CONNECTION_RENAMED: _("%(person)s renamed the connection “%(subject)s”."),
    Action.CONNECTION_RECONNECTED: _("%(person)s reconnected “%(subject)s”."),
    Action.CONNECTION_REMOVED: _("%(person)s disconnected “%(subject)s”."),
    Action.CONNECTION_REPLACED: _("%(person)s put “%(subject)s” in the place of an account that was disconnected."),
    Action.APP_CONFIGURED: _("%(person)s changed how this installation reaches the app “%(subject)s”."),
    Action.RUN_REPLAYED: _("%(person)s ran a run of “%(subject)s” again."),
    Action.RUN_RELEASED: _("%(person)s released a run of “%(subject)s”."),
    Action.RUN_CANCELLED: _("%(person)s cancelled a run of “%(subject)s”."),
    Action.RUN_DECIDED: _("%(person)s decided what became of a run of “%(subject)s”."),
    Action.RUN_PASSED: _("%(person)s let runs of “%(subject)s” pass an earlier one."),
    Action.RUN_ERASED: _("%(person)s erased what was kept about somebody."),
    Action.ZAP_DECIDED: _("%(person)s decided how the restored zap “%(subject)s” goes on."),
    Action.BACKUP_MADE: _("%(person)s asked for a backup."),
    Action.BACKUP_DOWNLOADED: _("%(person)s downloaded the backup “%(subject)s”."),
    Action.BACKUP_CODE_MADE: _("%(person)s made a new recovery code for backups."),
    Action.SETTINGS_ADOPTED: _("%(person)s said that this data folder is the one."),
    Action.SETTINGS_PARTED: _("%(person)s said that this data folder is a copy; all zaps were switched off."),
    Action.SETTINGS_CHANGED: _("%(person)s changed the settings of this installation."),
    Action.PERSON_SET_UP: _("%(person)s set up this installation and became its owner."),
    Action.PERSON_INVITED: _("%(person)s invited “%(subject)s” as %(role)s."),
    Action.PERSON_INVITATION_WITHDRAWN: _("%(person)s withdrew the invitation of “%(subject)s”."),
    Action.PERSON_JOINED: _("%(person)s joined as %(role)s."),
    Action.PERSON_CHANGED: _("%(person)s changed their own profile."),
    Action.PERSON_EMAIL_CHANGED: _("%(person)s changed their own e-mail address."),
    Action.PERSON_ROLE_CHANGED: _("%(person)s changed the role of %(subject)s from %(before)s to %(after)s."),
    Action.PERSON_REMOVED: _("%(person)s removed %(subject)s."),
    Action.PERSON_PASSWORD_CHANGED: _("%(person)s changed their own password."),
    Action.PERSON_PASSWORD_LINK_MADE: _("%(person)s made a link with which %(subject)s sets a new password."),
    Action.PERSON_SECOND_FACTOR_ON: _("%(person)s switched two-step sign-in on."),
    Action.PERSON_SECOND_FACTOR_OFF: _("%(person)s switched two-step sign-in off."),
    Action.PERSON_RECOVERY_RENEWED: _("%(person)s made new recovery codes."),
    Action.TOKEN_MADE: _("%(person)s made the API token “%(subject)s” with the role %(role)s."),
    Action.TOKEN_REVOKED: _("%(person)s revoked the API token “%(subject)s”."),
    Action.SIGNED_IN: _("%(person)s signed in."),
    Action.SIGNED_OUT: _("%(person)s signed out."),
    Action.SIGN_INS_ENDED: _("%(person)s signed out all other browsers."),
    Action.SIGN_IN_FAILED: _("A sign-in as %(subject)s failed."),
}
FOR_OTHERS: dict[Action, str] = {
    Action.PERSON_SECOND_FACTOR_OFF: _("%(person)s switched two-step sign-in off for %(subject)s."),
    Action.SIGN_INS_ENDED: _("%(person)s signed %(subject)s out everywhere."),
}
NOBODY_KNOWN = _("A sign-in with an e-mail address that is not known here failed.")
THE_COMMAND_LINE = _("The command line")
SOMETHING_ELSE = _("%(person)s: %(action)s")


def said(entry: Entry, language: str) -> str:
    """An entry as a sentence; the name of an action that this version does not know stands for itself."""
    translate = words(language).gettext
    return translate(_sentence(entry)) % {
        "person": entry.person if entry.person_id or entry.person != COMMAND_LINE else translate(THE_COMMAND_LINE),
        "subject": entry.subject or entry.subject_id or "–",
        "action": entry.action,
        **{name: role_names.of(entry.details.get(name), language) for name in ("role", "before", "after")},
    }


def _sentence(entry: Entry) -> str:
    try:
        action = Action(entry.action)
    except ValueError:
        return SOMETHING_ELSE
    if action is Action.SIGN_IN_FAILED and not entry.subject:
        return NOBODY_KNOWN
    if action in FOR_OTHERS and entry.subject_id != entry.person_id:
        return FOR_OTHERS[action]
    return SENTENCES[action]
