"""The mailbox that mails are delivered to: Dovecot with TLS where it is installed, else the demo's, behind the relay
that cuts connections.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.connectors.mail import dovecot
from tests.processes import child, form_mail, sandbox, send_by_smtp


@dataclass(frozen=True)
class Mailbox:
    """Where mail goes in, and what a connection to it needs."""

    kind: str
    put: Callable[[bytes], None]
    settings: dict[str, str]
    environ: dict[str, str]
    relay: "subprocess.Popen[str]"

    def deliver(self, reference: str, address: str) -> None:
        self.put(form_mail(address.partition("@")[0], address, subject=reference))

    def calm_down(self) -> None:
        """Cuts no more connections."""
        assert self.relay.stdin is not None
        self.relay.stdin.write("calm\n")
        self.relay.stdin.flush()


@contextmanager
def opened(folder: Path, seed: int) -> Iterator[Mailbox]:
    """`folder` must be reachable by the user that Dovecot runs as."""
    with ExitStack() as stack:
        if dovecot.installed():
            server = stack.enter_context(dovecot.running(folder))
            settings = {"host": "127.0.0.1", "username": dovecot.USER, "password": dovecot.PASSWORD}
            relay, port = _relay(stack, server.port, seed)
            environ = {"SSL_CERT_FILE": server.ca_file}
            yield Mailbox("Dovecot, TLS", server.deliver, {**settings, "port": port}, environ, relay)
            return
        told = stack.enter_context(sandbox("imap", folder / "mailbox"))
        relay, port = _relay(stack, int(told["credentials"]["port"]), seed)
        put = lambda raw: send_by_smtp(told, raw)  # noqa: E731
        yield Mailbox("demo mailbox", put, {**told["credentials"], "port": port}, {}, relay)


def _relay(stack: ExitStack, port: int, seed: int) -> "tuple[subprocess.Popen[str], str]":
    relay = stack.enter_context(child([sys.executable, "-m", "tests.chaos.cutting", str(port), str(seed)]))
    assert relay.stdout is not None
    return relay, relay.stdout.readline().strip()
