"""What the operations about the house and oneself are called with so that they succeed. Used by `ground`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyotp
from sqlmodel import delete

from engine.people.roles import Role
from engine.store import restorations
from engine.store.restorations import Stored
from engine.store.tables_people import ThrottleRow
from tests.web.api.desk import Desk
from tests.web.browser.house import PASSWORD

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Call:
    """What an operation is called with."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class HouseGround:
    """`new_zap` gives the id of a zap that is on."""

    desk: Desk
    new_zap: Callable[[], str]

    def calls(self) -> Mapping[str, Callable[[], Call]]:
        return {**self._of_house(), **self._of_oneself()}

    def _of_house(self) -> Mapping[str, Callable[[], Call]]:
        return {
            "keeping.change": lambda: Call(body={"audit_days": 800}),
            "persons.find": lambda: Call(body={"text": "nobody@zapwerk.example"}),
            "persons.erase": lambda: Call(body={"text": "nobody@zapwerk.example"}),
            "notice_ways.set_mail": lambda: Call(body={"host": "localhost", "sender": "us@zapwerk.example"}),
            "notice_ways.set_hook": lambda: Call(body={"address": "https://zapwerk.example/told"}),
            "notice_ways.test": lambda: Call({"way": "mail"}),
            "notice_ways.off": lambda: Call({"way": "mail"}),
            "backups.change": lambda: Call(body={"hour": 4}),
            "backups.file": lambda: Call({"name": self._backup()}),
            "restored.decide": lambda: Call({"zap_id": self._restored()}, body={"choice": "run"}),
            "restored.settle": lambda: Call(body={"this_is": "the_one"}),
            "zap_templates.begin": lambda: Call({"key": "schedule_to_http"}),
        }

    def _of_oneself(self) -> Mapping[str, Callable[[], Call]]:
        return {
            "account.change_password": lambda: self._proven(old=PASSWORD, new=PASSWORD),
            "account.change_email": lambda: self._proven(email="olga@zapwerk.example", password=PASSWORD),
            "account.renew": self._with_second_factor,
            "account.switch_off": lambda: self._proven(password=PASSWORD),
        }

    def _backup(self) -> str:
        with self.desk.runtime() as runtime:
            return runtime.backups.make(with_key=False).file.name

    def _restored(self) -> str:
        """A zap that waits for a decision."""
        zap = self.new_zap()
        self.desk.editor.put(f"/zaps/{zap}/pausing")
        with self.desk.runtime() as runtime, runtime.database.write() as session:
            restorations.put(session, Stored(LONG_AGO, LONG_AGO, "zapwerk.zip", {zap: "on"}))
        return zap

    def _proven(self, **body: str) -> Call:
        """With nothing in the way from passwords that were wrong before."""
        with self.desk.runtime() as runtime, runtime.database.write() as session:
            session.exec(delete(ThrottleRow))
        return Call(body=body)

    def _with_second_factor(self) -> Call:
        with self.desk.runtime() as runtime:
            owner = next(one for one in runtime.people.accounts.every() if one.role is Role.OWNER)
            begun = runtime.people.second_factor.begin(owner)
            runtime.people.second_factor.confirm(owner, begun.pending, pyotp.TOTP(begun.secret).now())
        return self._proven(password=PASSWORD)
