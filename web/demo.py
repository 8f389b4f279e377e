"""`zapwerk demo`: a mailbox, the Invoice2go sandbox and Zapwerk with a zap between them, all on this computer.

A mail of a contact form is delivered, and the terminal shows how it becomes a client. Everything lies in the demo's own
folder; no other installation is touched.
"""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine import folder as data_folder
from engine.errors import Refused
from engine.sdk import records as engine_records
from engine.settings import Settings, from_environment
from engine.store.database import Database
from engine.store.states import RunState
from web import demo_clients, demo_folder, demo_mail, opening, telling
from web.demo_children import HOST, STARTS_WITHIN, Child, Children, children, port_for
from web.demo_clients import Client, Sandbox
from web.demo_folder import State
from web.demo_watching import LOOK_EVERY, Watching, show

RESULT_WITHIN = 60.0  # seconds from the mail to the client
PREDECESSOR_ENDS_WITHIN = 30.0


@dataclass(frozen=True)
class Demo:
    """The demo, running."""

    state: State
    watching: Watching
    processes: list[Child]

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.state.base_url, self.state.key)

    def send(self, enquiry: demo_mail.Enquiry | None = None) -> tuple[str, demo_mail.Enquiry]:
        """Delivers a mail of somebody new; its Message-ID and what was written."""
        return send(self.state, enquiry)


def once(folder: Path, *, fresh: bool) -> None:
    """One mail, one client. Raises `Refused` with the reason when it does not come to that."""
    with running(folder, fresh=fresh) as demo:
        message_id, enquiry = demo.send()
        detail = demo.watching.result_of(message_id, RESULT_WITHIN)
        if detail.run.state != RunState.SUCCEEDED:
            raise Refused(f"The run ended as “{detail.run.state}”: {detail.run.problem or 'no reason given'}")
        found = demo.sandbox.clients(email=enquiry.email)
        _must_be_one(found, enquiry)
        telling.write("\nThe client, as the Invoice2go sandbox has it now:")
        telling.facts({name: value for name, value in found[0].items() if value not in (None, "")})


def keep_running(folder: Path, *, fresh: bool) -> None:
    """The first mail at once, then whatever comes, until Ctrl-C."""
    with running(folder, fresh=fresh) as demo:
        _introduce(demo.state, folder)
        demo.send()
        while True:
            for _, told in demo.watching.news():
                show(told)
            for child in demo.processes:
                child.must_live()
            time.sleep(LOOK_EVERY)


def send(state: State, enquiry: demo_mail.Enquiry | None, subject: str | None = None) -> tuple[str, demo_mail.Enquiry]:
    """Delivers a mail to the running demo: this enquiry, or that of somebody who is no client yet."""
    if enquiry is None:
        names = {str(one.get("name")) for one in Sandbox(state.base_url, state.key).clients()}
        enquiry = demo_mail.somebody(names)
    message = demo_mail.mail(enquiry, state.recipient, subject)
    host, _, port = state.smtp.rpartition(":")
    demo_mail.deliver(message, host, int(port))
    return str(message["Message-ID"]), enquiry


@contextmanager
def running(folder: Path, *, fresh: bool) -> Iterator[Demo]:
    """All of it runs during the block, and has ended after it. Raises `Refused` when something does not start."""
    folder = folder.absolute()
    with demo_folder.taken(folder, fresh=fresh) as state, children(folder / "logs") as kept:
        started = _started(folder, state, kept)
        demo_folder.write(folder, started.state)
        try:
            yield started
        finally:
            started.watching.database.close()
            demo_folder.write(folder, State(ports=started.state.ports))


def _started(folder: Path, state: State, kept: Children) -> Demo:
    ports = _ports(state.ports)
    settings = from_environment({}, data=folder / "zapwerk", port=ports["zapwerk"])
    with telling.waiting("Starting a mailbox, the Invoice2go sandbox and Zapwerk …"):
        mailbox = kept.start("Mailbox", _sandbox("imap", folder / "mailbox", ports["mailbox"]))
        invoices = kept.start("Invoice2go sandbox", _sandbox("invoice2go", folder / "invoice2go", ports["invoice2go"]))
        _predecessor_has_ended(settings)
        zapwerk, zap_id, state = asyncio.run(_set_up(settings, kept, mailbox, invoices))
        _must_get_ready(zapwerk, settings)
    watching = Watching(Database(settings.database), zap_id)
    watching.begin()
    with telling.waiting("Waiting until the zap listens for mail …"):
        watching.until_listening()
    return Demo(replace(state, ports=ports, address=settings.address), watching, [mailbox, invoices, zapwerk])


def _ports(known: dict[str, int]) -> dict[str, int]:
    """Those of the last time where they are still free: the mail programs of people know them."""
    mailbox = port_for(known.get("mailbox"), neighbours=3)  # IMAP, then SMTP and the mailbox's page
    taken = (mailbox, mailbox + 1, mailbox + 2)
    invoices = port_for(known.get("invoice2go"), taken=taken)
    zapwerk = port_for(known.get("zapwerk"), taken=(*taken, invoices))
    return {"mailbox": mailbox, "invoice2go": invoices, "zapwerk": zapwerk}


def _sandbox(app: str, folder: Path, port: int) -> list[str]:
    return ["sandbox", app, "--folder", str(folder), "--port", str(port)]


def _predecessor_has_ended(settings: Settings) -> None:
    """After a demo that was killed, its engine may still be finishing."""
    ends_at = time.monotonic() + PREDECESSOR_ENDS_WITHIN
    while settings.data.exists() and data_folder.owner(settings.data) is not None:
        if time.monotonic() > ends_at:
            raise Refused("Zapwerk still runs in the demo's folder. Stop it first, or choose another --folder.")
        time.sleep(LOOK_EVERY)


async def _set_up(settings: Settings, kept: Children, mailbox: Child, invoices: Child) -> tuple[Child, str, State]:
    """Zapwerk starts meanwhile; what is set up, the running engine takes up."""
    from engine.runtime import Runtime
    from web import demo_setup

    async def work(runtime: Runtime) -> tuple[Child, str, State]:
        serve = ["--data", str(settings.data), "serve", "--port", str(settings.port), "--with-parent"]
        zapwerk = kept.start("Zapwerk", serve)
        lines = [await asyncio.to_thread(child.ready_line) for child in (mailbox, invoices)]
        mails, clients = (demo_setup.sandbox_of(line) for line in lines)
        zap_id = await demo_setup.set_up(runtime, mails, clients)
        link = await asyncio.to_thread(demo_setup.sign_in_link, runtime)
        return zapwerk, zap_id, replace(_found(mails, clients), sign_in=link)

    return await opening.worked(settings, work)


def _found(mails: engine_records.Sandbox, clients: engine_records.Sandbox) -> State:
    return State(
        smtp=mails.facts["smtp"],
        recipient=mails.facts["address"],
        base_url=clients.profile["base_url"],
        key=clients.credentials["key"],
        page=clients.facts["page"],
        mailbox_page=mails.facts["page"],
    )


def _must_get_ready(zapwerk: Child, settings: Settings) -> None:
    ends_at = time.monotonic() + STARTS_WITHIN
    while demo_clients.ready(settings.address, within=1.0):
        zapwerk.must_live()
        if time.monotonic() > ends_at:
            raise Refused(f"Zapwerk did not start within {STARTS_WITHIN:.0f} s. {zapwerk.last_words()}")


def _must_be_one(found: list[Client], enquiry: demo_mail.Enquiry) -> None:
    if len(found) != 1:
        raise Refused(f"There should be one client with {enquiry.email}, but the sandbox has {len(found)}.")


def _introduce(state: State, folder: Path) -> None:
    telling.write("\nThe demo runs: an enquiry by mail becomes a client in Invoice2go (a sandbox to practise with).\n")
    telling.facts(
        {
            "Zapwerk": f"{state.sign_in}  (this link signs you in, once)",
            "Write a mail": state.mailbox_page,
            "See clients": state.page,
            "Mailbox": f"IMAP {HOST}:{state.ports['mailbox']}, user {state.recipient}, password demo, no encryption",
            "Mail in": f"SMTP {state.smtp}, to any address; the subject must hold “Anfrage”",
            "Data": folder,
        }
    )
    option = "" if folder == Path("demo-data") else f" --folder {folder}"
    telling.write(f"\nAnother mail, from another terminal: {_own_name()} demo send{option} --name 'Erika Beispiel'")
    telling.write("Ctrl-C ends everything; the next start goes on with what is there.")


def _own_name() -> str:
    """How this command is called from here: by its short name only where the shell finds it by that."""
    return "zapwerk" if shutil.which("zapwerk") else os.path.relpath(sys.argv[0])
