"""Measures the main job: mail delivered → client in the sandbox, and the memory that a burst of mails takes.

    python -m benchmarks.mail [--single 200] [--burst 5000] [--json]

Real processes: Dovecot with TLS where it is installed (else the demo mailbox), the Invoice2go sandbox, and
`zapwerk serve`. The time of a client is when the sandbox stored it; the time of a mail is just before its delivery.
"""

import argparse
import json
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
from imapclient import IMAPClient

from benchmarks.figures import table
from tests.connectors.mail import dovecot
from tests.processes import Books, Installation, form_mail, sandbox, send_by_smtp
from tests.waiting import wait_until

NOTICES = 10  # mails that only a bare IMAP client is told of
WARM_UP = 5  # mails before the measured ones
DEADLINE = 30.0  # seconds for one mail
BURST_DEADLINE = 900.0

ZAP = """
zapwerk: 1
name: bench
flood_limit: null
trigger: {use: imap.new_email, connection: mailbox}
steps:
  - key: client
    use: invoice2go.create_client
    connection: books
    with:
      name: "{{ trigger.labelled['Name'] }}"
      email: "{{ trigger.labelled['E-Mail'] }}"
      notes: "{{ trigger.labelled['Nachricht'] }}"
"""

TEXT = "Bitte machen Sie mir ein Angebot für den Anstrich. " * 40  # about 2 KB, as contact forms are


@dataclass(frozen=True)
class Mailbox:
    """Where mail goes in, and what a connection to it needs."""

    kind: str
    deliver: Callable[[bytes], None]
    settings: dict[str, str]
    environ: dict[str, str]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--single", type=int, default=200)
    options.add_argument("--burst", type=int, default=5000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="zapwerk-bench-") as base, ExitStack() as stack:
        os.chmod(base, 0o755)  # (Dovecot reads it as another user)
        figures = _measured(Path(base), stack, given.single, given.burst)
    print(json.dumps(figures, indent=1) if given.json else table(figures))


def _measured(base: Path, stack: ExitStack, single: int, burst: int) -> dict[str, Any]:
    mailbox = stack.enter_context(_mailbox(base))
    notice = _notice(mailbox, min(NOTICES, single))
    told = stack.enter_context(sandbox("invoice2go", base / "books"))
    installation = Installation(base / "data", {**mailbox.environ, "ZAPWERK_LOG_LEVEL": "WARNING"}, forked=False)
    installation.fill_in("invoice2go", "sandbox", told["profile"])
    installation.connect("invoice2go", "books", told["credentials"], "--profile", "sandbox")
    installation.connect("imap", "mailbox", mailbox.settings)
    installation.switch_on(ZAP)
    serve = stack.enter_context(installation.serving())
    assert serve.process is not None
    process = psutil.Process(serve.process.pid)
    books = Books(told["url"])
    warm_up = min(WARM_UP, single)
    for number in range(warm_up):
        _one(mailbox, books, f"w{number}")
    seconds = [_one(mailbox, books, f"s{number}") for number in range(single)]
    before = process.memory_info().rss
    started, peak = time.monotonic(), before
    for number in range(burst):
        mailbox.deliver(_mail(f"b{number}"))
    until = time.monotonic() + BURST_DEADLINE
    while (count := len(books.clients())) < warm_up + single + burst:
        assert time.monotonic() < until, f"only {count} clients came"
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.5)
    return {
        "mailbox": mailbox.kind,
        "mailbox alone, ms": notice,
        "single mails": single,
        "mail to client, ms": _spread(seconds),
        "burst, mails": burst,
        "burst, seconds": round(time.monotonic() - started, 1),
        "memory before, MB": round(before / 1e6, 1),
        "memory growth, MB": round((max(peak, process.memory_info().rss) - before) / 1e6, 1),
        "clients": len(books.names()),
        "different clients": len(set(books.names())),
    }


def _notice(mailbox: Mailbox, notices: int) -> dict[str, int]:
    """How long the mail server itself takes to tell a bare IMAP client in IDLE of a new mail."""
    settings = mailbox.settings
    tls = ssl.create_default_context(cafile=mailbox.environ.get("SSL_CERT_FILE"))
    encrypted = settings.get("security", "tls") == "tls"
    client = IMAPClient(settings["host"], int(settings["port"]), ssl=encrypted, ssl_context=tls, timeout=DEADLINE)
    client.login(settings["username"], settings["password"])
    client.select_folder("INBOX", readonly=True)
    client.idle()
    seconds = []
    for number in range(notices):
        sent = time.monotonic()
        mailbox.deliver(_mail(f"n{number}"))
        while not any(b"EXISTS" in told for told in client.idle_check(timeout=DEADLINE)):
            pass
        seconds.append(time.monotonic() - sent)
    client.idle_done()
    client.logout()
    return _spread(seconds)


def _one(mailbox: Mailbox, books: Books, number: str) -> float:
    sent = time.time()
    mailbox.deliver(_mail(number))

    def created() -> float | None:
        time.sleep(0.1)  # looking more often would slow down what is measured
        return books.created(f"Kunde {number}")

    return wait_until(created, DEADLINE, what=f"client {number}") - sent


def _mail(number: str) -> bytes:
    return form_mail(f"Kunde {number}", f"kunde-{number}@example.org", text=TEXT)


@contextmanager
def _mailbox(base: Path) -> Iterator[Mailbox]:
    if not dovecot.installed():
        yield from _demo_mailbox(base)
        return
    folder = base / "dovecot"
    folder.mkdir(mode=0o755)
    with dovecot.running(folder) as server:
        settings = {
            "host": "127.0.0.1",
            "port": str(server.port),
            "username": dovecot.USER,
            "password": dovecot.PASSWORD,
        }
        yield Mailbox("Dovecot, TLS", server.deliver, settings, {"SSL_CERT_FILE": server.ca_file})


def _demo_mailbox(base: Path) -> Iterator[Mailbox]:
    with sandbox("imap", base / "mailbox") as told:
        yield Mailbox("demo mailbox (pymap)", lambda raw: send_by_smtp(told, raw), told["credentials"], {})


def _spread(seconds: list[float]) -> dict[str, int]:
    cuts = quantiles(seconds, n=100)
    spread = {"median": median(seconds), "p95": cuts[94], "p99": cuts[98], "max": max(seconds)}
    return {name: round(value * 1000) for name, value in spread.items()}


if __name__ == "__main__":
    main()
