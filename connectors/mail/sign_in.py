"""Getting into a mailbox: connecting, encrypting, signing in. Used by `mailbox`.

A failure here is told by what is wrong with server, port, security or password: see `refusals`.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from connectors.mail import refusals
from connectors.mail.wire import Connect, Endpoint, MailClient, Tell, Timing, Witness, untold
from zapwerk import AuthFailed, ConnectorError


@dataclass(frozen=True)
class Way:
    """How to get into a mailbox. `secret` is a password, or with `oauth` an access token."""

    endpoint: Endpoint
    username: str
    secret: SecretStr
    oauth: bool = False
    timing: Timing = field(default_factory=Timing)
    explanation: str = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What must be the same for a kept session to be this mailbox's. (Access tokens change by the hour.)"""
        return (self.endpoint, self.username, None if self.oauth else self.secret.get_secret_value())


def sign_in(connect: Connect, way: Way, tell: Tell = untold) -> MailClient:
    """A signed-in connection. A password counts as wrong only when it was refused twice, on two connections.

    Raises `AuthFailed`, `Unreachable`, `SignInRefused`, `TemporaryFailure`.
    """
    try:
        return _once(connect, way, tell)
    except AuthFailed:
        time.sleep(way.timing.second_try)
        return _once(connect, way, tell)


def _once(connect: Connect, way: Way, tell: Tell) -> MailClient:
    client = _connected(connect, way, tell)
    try:
        if way.endpoint.security == "starttls":
            _encrypt(client, way.endpoint)
        tell("sign_in", "Sign-in as {user}", "begun", user=way.username)
        _authenticate(client, way)
        tell("sign_in", "Sign-in as {user}", user=way.username)
    except BaseException:
        client.close()
        raise
    return client


def _connected(connect: Connect, way: Way, tell: Tell) -> MailClient:
    witness = Witness(tell)
    try:
        return MailClient(connect, way.endpoint, way.timing, witness)
    except Exception as error:
        raise refusals.of_opening(error, way.endpoint, witness) from error


def _encrypt(client: MailClient, endpoint: Endpoint) -> None:
    try:
        if not client.has_capability("STARTTLS"):
            raise refusals.Unreachable(
                f"{endpoint.host} offers no STARTTLS on port {endpoint.port}. Please choose TLS (usually port 993).",
                "security",
            )
        client.starttls()
    except Exception as error:
        raise refusals.of_opening(error, endpoint, client.witness) from error


def _authenticate(client: MailClient, way: Way) -> None:
    client.witness.forget()
    try:
        _send_secret(client, way)
    except ConnectorError:
        raise
    except Exception as error:
        said = client.witness.said
        if said is None:
            raise refusals.of_loss(way.endpoint) from error
        raise refusals.of_sign_in(said, way.explanation) from error
    try:
        client.capabilities()  # asked once now, remembered for the session
    except Exception as error:
        raise refusals.of_loss(way.endpoint) from error


def _send_secret(client: MailClient, way: Way) -> None:
    secret = way.secret.get_secret_value()
    if way.oauth:
        answers = iter([f"user={way.username}\1auth=Bearer {secret}\1\1"])
        # A refused token is explained in a second challenge, which must be answered with nothing.
        client.sasl_login("XOAUTH2", lambda challenge: next(answers, ""))
        return
    if client.has_capability("LOGINDISABLED") and way.endpoint.security == "none":
        raise refusals.Unreachable(
            f"{way.endpoint.host} wants an encrypted connection before it takes a password. "
            "Please choose TLS or STARTTLS.",
            "security",
        )
    if client.has_capability("AUTH=PLAIN") or not (secret + way.username).isascii():
        client.plain_login(way.username, secret)
    else:
        client.login(_quoted(way.username), secret)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
