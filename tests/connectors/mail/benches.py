"""Connections of `imap` and `gmail` to a server of a test. Leaving one fails if a socket was left open."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from connectors.mail.gmail import AppPassword
from connectors.mail.imap import ImapAccount
from connectors.mail.profiles import GmailProfile, MailProfile
from tests.connectors.mail.contexts import Bench
from zapwerk import Token

QUICK = {"connect_timeout": 5.0, "read_timeout": 5.0, "second_try": 0.01}
DEADLINE = 10.0  # seconds a test waits for what must happen


@contextmanager
def using(bench: Bench) -> Iterator[Bench]:
    try:
        yield bench
    finally:
        bench.close()
    assert bench.connect.closed, "a connection was left open"


def account(server: Any, **changes: Any) -> ImapAccount:
    given = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "u", "password": "p"}
    return ImapAccount.model_validate({**given, **changes})


def at_imap(server: Any, **profile: Any) -> Any:
    return using(Bench(account(server), MailProfile.model_validate({**QUICK, **profile})))


def gmail_profile(server: Any, **profile: Any) -> GmailProfile:
    return GmailProfile.model_validate(
        {**QUICK, "imap_host": "127.0.0.1", "imap_port": server.port, "security": "none", **profile}
    )


def at_gmail(server: Any, password: str = "abcd efgh ijkl mnop", **profile: Any) -> Any:
    server.user, server.password = "anna@gmail.com", "abcdefghijklmnop"
    given = AppPassword(email="anna@gmail.com", password=SecretStr(password))
    return using(Bench(given, gmail_profile(server, **profile), auth="app_password"))


def at_gmail_by_oauth(server: Any, token: str = "ya29.token") -> Any:
    server.user = "anna@gmail.com"
    given = Token.model_validate({"access_token": token, "email": "anna@gmail.com"})
    return using(Bench(given, gmail_profile(server), auth="oauth2"))


def subjects(records: Iterable[Any]) -> list[str]:
    return [record.subject for record in records]


def wait_until(true: Callable[[], object]) -> None:
    """Waits for a condition; fails when it does not come true."""
    until = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


class Listening:
    """A listener in a thread of its own, as the engine runs it. `error` is what it raised."""

    def __init__(self, bench: Bench, listener: Any, given: Any) -> None:
        self.error: Exception | None = None
        self._call = lambda: listener(bench.context, given)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except Exception as error:
            self.error = error

    @property
    def returned(self) -> bool:
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Waits for its return."""
        self._thread.join(DEADLINE)
        assert self.returned, "the listener did not return"
