"""An installation filled with one of everything, and what each operation of the API is called with so that it succeeds.

Used by the test that explores the API. What is consumed by being asked for is made anew for each call.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from engine.people.roles import Role
from engine.store import intake
from engine.store.encoding import encode
from engine.store.intake import Found
from tests.waiting import wait_until
from tests.web.api.desk import Desk
from tests.web.api.house_ground import Call, HouseGround
from tests.web.installation import PASSWORD, ZAP

HELD = 60  # runs to be released and cancelled


class Ground:
    """`call(operation)` is what succeeds; `scratch` are ids of things that may be spoiled."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._numbers = count(1)
        desk.installation.order("Ada", "Bob")
        self.zap = desk.on("Good")
        desk.editor.post(f"/zaps/{self.zap}/off")
        self.kiosk = self._kiosk()
        self.spoiled = {name: make() for name, make in self._scratch().items()}
        self._runs()

    def scratch(self, name: str) -> str:
        """An id for the place of this name in a path; what somebody already spoiled may not be there any more."""
        return self.spoiled.get(name, "1")

    def call(self, operation: str) -> Call:
        make = self._calls().get(operation)
        usual = {"zap_id": self.zap, "run_id": self.done, "connection_id": self.desk.shop, "ref": "sha256:0"}
        return make() if make else Call(usual)

    def _calls(self) -> dict[str, Callable[[], Call]]:
        return {
            **self._of_zaps(),
            **self._of_testing(),
            **self._of_runs(),
            **self._of_connections(),
            **self._of_people(),
            **HouseGround(self.desk, lambda: self.desk.on(self._name())).calls(),
        }

    def _of_zaps(self) -> dict[str, Callable[[], Call]]:
        return {
            "zaps.create": lambda: Call(body={"name": self._name(), "zap": self.desk.zap("Drawn")}),
            "zaps.change": lambda: Call({"zap_id": self._draft()}, body={"name": self._name(), "folder": "Shop"}),
            "zaps_many.many": lambda: Call(body={"do": "move", "zaps": [self._draft()], "folder": "Shop"}),
            "zaps.delete": lambda: Call({"zap_id": self._draft()}),
            "zaps.restore": lambda: Call({"zap_id": self._deleted()}),
            "zaps.address": lambda: Call({"zap_id": self.called}),
            "zaps.renew": lambda: Call({"zap_id": self.called}),
            "zap_drafts.put": self._put,
            "zap_drafts.undo": lambda: self._seen(self._changed()),
            "zap_drafts.redo": self._redo,
            "zap_drafts.discard": lambda: self._seen(self.zap),
            "zap_publishing.publish": lambda: Call({"zap_id": self._draft()}, body={"on": False}),
            "zap_publishing.on": lambda: Call({"zap_id": self.zap}, body={}),
            "zap_publishing.off": lambda: Call({"zap_id": self.zap}, body={}),
            "zap_versions.compare": lambda: Call({"zap_id": self.zap}, {"a": 1}),
            "zap_versions.one": lambda: Call({"zap_id": self.zap, "number": 1}),
            "zap_versions.restore": lambda: self._seen(self.zap, number=1),
            "zap_files.bring_in": lambda: Call(body=ZAP.format(name=self._name()).encode()),
        }

    def _of_testing(self) -> dict[str, Callable[[], Call]]:
        return {
            "zap_trying.choose": lambda: Call({"zap_id": self.zap}, body={"record": self._record()}),
            "zap_trying.make_up": lambda: Call({"zap_id": self.zap, "step": "parcel"}),
            "zap_trying.forget": lambda: Call({"zap_id": self.zap, "step": "parcel"}),
            "zap_trying.test": lambda: Call({"zap_id": self.zap, "step": "parcel"}),
            "zap_trying.choices": lambda: Call({"zap_id": self.choosing, "step": "order"}, {"field": "shelf"}),
            "zap_mapping.proposals": lambda: Call({"zap_id": self.zap, "step": "parcel"}),
            "zap_mapping.preview": lambda: Call(
                {"zap_id": self.zap, "step": "parcel"}, body={"field": "to", "template": "{{ trigger.who }}"}
            ),
            "rehearsals.begin": lambda: Call({"zap_id": self.zap}, body={"last": 5}),
            "rehearsals.get": self._rehearsal,
            "rehearsals.stop": self._rehearsal,
        }

    def _of_runs(self) -> dict[str, Callable[[], Call]]:
        return {
            "runs.every": lambda: Call(query={"zap": [self.orders], "state": ["failed"], "limit": 5}),
            "runs.many": lambda: Call(body={"do": "drop", "runs": [self._held()]}),
            "runs.replay": lambda: Call({"run_id": self.failed}, body={"whole": True}),
            "runs.release": lambda: Call({"run_id": self._held()}),
            "runs.cancel": lambda: Call({"run_id": self._held()}),
            "failed.rehearse": lambda: Call({"zap_id": self._mended()}, body={}),
            "runs.let_pass": lambda: Call({"run_id": self._jammed()}),
            "runs.decide": lambda: Call({"run_id": self.unknown}, body={"decision": "went_through"}),
        }

    def _of_connections(self) -> dict[str, Callable[[], Call]]:
        app = {"key": "shop", "name": "other"}
        return {
            "connections.create": lambda: Call(body=self._shop()),
            "connections.sign_in": lambda: Call(body={"app": "gmail"}),
            "connections.rename": lambda: Call({"connection_id": self.kiosk}, body={"name": self._name()}),
            "connections.reconnect": lambda: Call({"connection_id": self.desk.shop}, body={"values": {}}),
            "connections.replace": self._replaced,
            "connections.remove": lambda: Call({"connection_id": self._connection()}),
            "apps.one": lambda: Call({"key": "kiosk"}),
            "apps.profiles": lambda: Call({"key": "shop"}),
            "apps.profile": lambda: Call(app),
            "apps.configure": lambda: Call(app, body={"values": {"greeting": "Servus"}}),
            "apps.allow_host": lambda: Call(app, body={"host": "nas.local"}),
        }

    def _of_people(self) -> dict[str, Callable[[], Call]]:
        return {
            "people.one": lambda: Call({"person_id": self._person()}),
            "people.change": lambda: Call({"person_id": self._person()}, body={"role": "editor"}),
            "people.remove": lambda: Call({"person_id": self._person()}),
            "people.password_link": lambda: Call({"person_id": self._person()}),
            "people.invite": lambda: Call(body={"role": "viewer", "name": "Ina"}),
            "people.withdraw": lambda: Call({"invitation_id": self._invitation()}),
            "me.change": lambda: Call(body={"timezone": "Europe/Berlin"}),
            "me.make": lambda: Call(body={"name": "Report", "role": "viewer"}),
            "me.revoke": lambda: Call({"token_id": self._token()}),
            "notice_wishes.change": lambda: Call(body={"usual": "digest"}),
            "notice_wishes.put": lambda: Call({"zap_id": self.zap}, body={"wish": "never"}),
            "me.end": lambda: Call({"sign_in_id": self._sign_in()}),
        }

    def _scratch(self) -> dict[str, Callable[[], str]]:
        return {
            "zap_id": self._draft,
            "connection_id": self._connection,
            "person_id": self._person,
            "step": lambda: "parcel",
            "key": lambda: "shop",
            "name": lambda: "other",
            "number": lambda: "1",
        }

    def _runs(self) -> None:
        """A run of each outcome, and many on hold."""
        self.orders = self.desk.on("Orders")
        self.desk.installation.order("Eve", "Nobody", "Mystery")
        by_state = {one["state"]: one["id"] for one in self.desk.runs(self.orders, 3)}
        self.desk.editor.post(f"/zaps/{self.orders}/off")
        self.done, self.failed, self.unknown = (by_state[one] for one in ("succeeded", "failed", "needs_review"))
        self.waiting = self.desk.on("Waiting")
        self.desk.editor.post(f"/zaps/{self.waiting}/off")
        found = [Found(f"r{number:03}", encode({"id": f"r{number}", "who": "Eve"})) for number in range(HELD)]
        with self.desk.runtime() as runtime, runtime.database.write() as session:
            connection, now = session.connection(), datetime.now(UTC)
            intake.accept(connection, self.waiting, "test", found, flood_limit=1, now=now)
        self._on_hold = [
            one["id"] for one in self.desk.editor.get("/runs", zap=self.waiting, state="held", limit=100)["items"]
        ]
        self.spoiled["run_id"] = self._held()

    def _mended(self) -> str:
        """A zap with a run that failed, and a newer version."""
        zap = self.desk.on(self._name())
        self.desk.installation.order("Nobody")
        self.desk.runs(zap, 1)
        self.desk.editor.patch(f"/zaps/{zap}", name=self._name())
        self.desk.editor.post(f"/zaps/{zap}/publish", on=False)
        self.desk.editor.post(f"/zaps/{zap}/off")
        return zap

    def _jammed(self) -> str:
        """A run that must be checked, of a zap in order, with another behind it."""
        zap = self.desk.on(self._name(), concurrency=1)
        self.desk.installation.order("Mystery")
        [first] = self.desk.runs(zap, 1)
        self.desk.installation.order("Ada")
        wait_until(lambda: self.desk.editor.get(f"/runs/{first['id']}")["behind"], what="a run to wait")
        self.desk.editor.post(f"/zaps/{zap}/off")
        return str(first["id"])

    def _kiosk(self) -> str:
        post = self.desk.owner.post
        kiosk = post("/connections", app="kiosk", name="Kiosk", values={"key": "open-sesame-42"})["id"]
        trigger = {"use": "kiosk.paid", "connection": kiosk}
        self.called = post("/zaps", zap={"name": "Called", "trigger": trigger, "steps": []})["id"]
        order = {"key": "order", "use": "kiosk.order", "connection": kiosk, "with": {}}
        self.choosing = self.desk.draft("Choosing", order)
        return str(kiosk)

    def _name(self) -> str:
        return f"Number {next(self._numbers)}"

    def _held(self) -> str:
        return str(self._on_hold.pop())

    def _draft(self) -> str:
        return self.desk.draft(self._name())

    def _deleted(self) -> str:
        zap = self._draft()
        self.desk.editor.delete(f"/zaps/{zap}")
        return zap

    def _changed(self) -> str:
        zap = self._draft()
        self.desk.editor.patch(f"/zaps/{zap}", name=self._name())
        return zap

    def _revision(self, zap: str) -> int:
        return int(self.desk.editor.get(f"/zaps/{zap}/draft")["revision"])

    def _seen(self, zap: str, **path: Any) -> Call:
        return Call({"zap_id": zap, **path}, body={"revision": self._revision(zap)})

    def _put(self) -> Call:
        zap = self._draft()
        return Call({"zap_id": zap}, body={"revision": self._revision(zap), "zap": self.desk.zap(self._name())})

    def _redo(self) -> Call:
        zap = self._changed()
        self.desk.editor.post(f"/zaps/{zap}/draft/undo", revision=self._revision(zap))
        return self._seen(zap)

    def _record(self) -> str:
        return str(self.desk.editor.get(f"/zaps/{self.zap}/records")["records"][0]["id"])

    def _rehearsal(self) -> Call:
        begun = self.desk.owner.post(f"/zaps/{self.zap}/rehearsals", last=2)
        return Call({"zap_id": self.zap, "rehearsal_id": begun["id"]})

    def _shop(self) -> dict[str, Any]:
        values = {"folder": str(self.desk.installation.shop), "password": PASSWORD}
        return {"app": "shop", "name": self._name(), "values": values}

    def _connection(self) -> str:
        return str(self.desk.owner.post("/connections", **self._shop())["id"])

    def _replaced(self) -> Call:
        old, new = self._connection(), self._connection()
        self.desk.owner.delete(f"/connections/{old}")
        return Call({"connection_id": old}, body={"connection": new})

    def _person(self) -> str:
        name = self._name()
        with self.desk.runtime() as runtime:
            accounts = runtime.people.accounts
            invited = accounts.invite(Role.VIEWER, by=None)
            email = f"{name.split()[1]}@zapwerk.example"
            return accounts.accept(invited.token, name, email, "a calm sea at nine").id

    def _invitation(self) -> str:
        return str(self.desk.owner.post("/invitations", role="viewer")["id"])

    def _token(self) -> str:
        return str(self.desk.owner.post("/tokens", name="Short", role="viewer")["id"])

    def _sign_in(self) -> str:
        with self.desk.runtime() as runtime:
            owner = next(one for one in runtime.people.accounts.every() if one.role is Role.OWNER)
            return runtime.people.sign_ins.begin_for(owner, address="127.0.0.1", agent="tests").id
