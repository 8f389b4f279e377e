"""The list of zaps, as far as it changes them: folders, copies, and bringing back what was deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine import signs
from engine.editing.draft import Draft
from engine.editing.drafts import Drafts
from engine.errors import Problem, Problems
from engine.store import samples, zaps
from engine.store.database import Database
from engine.store.encoding import clean
from engine.store.zaps import StoredZap
from engine.zaps.remarks import remark

UNDELETED_WITHIN = timedelta(days=30)
MAX_FOLDER = 60  # characters


@dataclass(frozen=True)
class Listing:
    """Changes what the list of zaps shows."""

    database: Database
    drafts: Drafts
    now: Callable[[], datetime]

    def duplicate(self, zap_id: str, *, by: str = "") -> Draft:
        """A copy of the draft, with its samples and connections, in the same folder. It is off."""
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            name = zaps.free_name(session, stored.name)
            copy = stored.draft.model_copy(update={"name": name, "id": None})
            made = zaps.create(session, copy, now=self.now(), by=by, folder=stored.folder)
            samples.copy(session, stored.id, made.id)
        return self.drafts.get(made.id)

    def deleted(self) -> list[StoredZap]:
        """What can be brought back, the last one first."""
        with self.database.read() as session:
            return zaps.deleted(session, since=self.now() - UNDELETED_WITHIN)

    def undelete(self, zap_id: str, *, by: str = "") -> Draft:
        """Brings a zap back, switched off, with its history. Raises `NotFound` after 30 days."""
        now = self.now()
        with self.database.write() as session:
            stored = zaps.undelete(session, zap_id, since=now - UNDELETED_WITHIN, now=now, by=by)
        return self.drafts.get(stored.id)

    def set_folder(self, zap_id: str, folder: str) -> StoredZap:
        """Puts a zap into a folder, which is there from then on; “” for none. Raises `Problems`."""
        tidy = folder_name(folder)
        with self.database.write() as session:
            return zaps.set_folder(session, zap_id, tidy)

    def folders(self) -> list[str]:
        """The folders that hold any zaps, by name."""
        with self.database.read() as session:
            return zaps.folders(session)


def folder_name(typed: str) -> str:
    """A folder's name as it is kept. Raises `Problems`."""
    tidy = " ".join(clean(typed).split())
    if signs.hidden(tidy):
        raise Problems([Problem(remark("hides_something"), field="folder")])
    if len(tidy) > MAX_FOLDER:
        raise Problems([Problem(remark("setting_too_long", most=MAX_FOLDER), field="folder")])
    return tidy
