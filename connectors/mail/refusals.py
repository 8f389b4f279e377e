"""What went wrong with a mail server, as the errors of the SDK. The only place that reads a server's refusals.

Two of them are told apart by who is asking. While a zap polls, `Unreachable` and `SignInRefused` are temporary
failures: servers restart, networks blink, and a login is refused for many reasons. While a person is making the
connection (`while_checking`), the same trouble is a wrong value in a field, or a wrong password.
"""

import imaplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.mail.wire import Endpoint, Said, Witness
from zapwerk import AuthFailed, ConnectorError, InvalidInput, TemporaryFailure

# RFC 5530 and Gmail: these say “not now”, whatever else the line says.
WAIT = frozenset({"ALERT", "UNAVAILABLE", "THROTTLED", "LIMIT", "INUSE", "SERVERBUG", "CONTACTADMIN", "WEBALERT"})
# For a mail or a search: the rest of those may be about this one mail, and waiting for it would be for ever.
WAIT_WHILE_READING = frozenset({"ALERT", "UNAVAILABLE", "THROTTLED", "LIMIT", "INUSE", "OVERQUOTA"})
NO_LONGER_ACCEPTED = frozenset({"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"})

# What a connection may raise when it is gone: use none of it again.
LOST = (imaplib.IMAP4.abort, OSError)

_CERTIFICATE = {
    10: "has expired",
    9: "is not valid yet",
    18: "is self-signed",
    19: "is self-signed",
    62: "is made out to another name",
    64: "is made out to another name",
}


class Unreachable(TemporaryFailure):
    """The mail server could not be reached as described; `field` is what may be wrong in the description."""

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.field = field


class SignInRefused(TemporaryFailure):
    """The mail server refused the sign-in without saying that the password is wrong."""


@contextmanager
def while_checking() -> Iterator[None]:
    """Inside, trouble with the server is put down to what the person just typed."""
    try:
        yield
    except Unreachable as trouble:
        if trouble.field is None:
            raise
        raise InvalidInput(trouble.sentence, field=trouble.field) from trouble
    except SignInRefused as trouble:
        raise AuthFailed(trouble.sentence) from trouble


def of_opening(error: Exception, endpoint: Endpoint, witness: Witness) -> ConnectorError:
    """Why no connection came about, up to the point where we would sign in."""
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, ssl.SSLError):
        return _of_tls(error, endpoint)
    if isinstance(error, socket.gaierror):
        return _of_name(error, endpoint)
    if not witness.heard:
        return _of_silence(error, endpoint)
    if witness.said is not None and witness.said.kind == "BYE":
        return TemporaryFailure(f"The mail server {endpoint.host} does not want us just now{quoted(witness.said)}.")
    if witness.greeted:
        return of_loss(endpoint)
    return Unreachable(
        f"What answers at {endpoint.host}, port {endpoint.port} is not an IMAP mail server. "
        "Please check server and port (usually 993).",
        "port",
    )


def _of_tls(error: ssl.SSLError, endpoint: Endpoint) -> ConnectorError:
    if isinstance(error, ssl.SSLCertVerificationError):
        what = _CERTIFICATE.get(error.verify_code, "is not signed by an authority that this computer trusts")
        return Unreachable(
            f"The certificate of {endpoint.host} {what}, so it is not certain who answers there. "
            "Please ask the provider for the right server name, or have the certificate put in order.",
            "security",
        )
    return Unreachable(
        f"{endpoint.host} does not speak TLS on port {endpoint.port}. "
        "Please choose STARTTLS (usually port 143), or TLS with port 993.",
        "security",
    )


def _of_name(error: socket.gaierror, endpoint: Endpoint) -> ConnectorError:
    if error.errno == socket.EAI_AGAIN:
        return Unreachable(f"The name {endpoint.host} could not be looked up just now.", None)
    return Unreachable(f"There is no server called “{endpoint.host}”. Please check the server name.", "host")


def _of_silence(error: Exception, endpoint: Endpoint) -> ConnectorError:
    where = f"{endpoint.host}, port {endpoint.port}"
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"No mail server answers at {where}. Please check server and port.", "host")
    if isinstance(error, imaplib.IMAP4.abort) and endpoint.security == "tls":
        return Unreachable(f"The mail server at {where} closed the connection at once.", None)
    if endpoint.security != "tls" and endpoint.port == 993:
        return Unreachable(f"{where} said nothing. This port wants TLS from the start: please choose TLS.", "security")
    return Unreachable(f"No mail server answered at {where}. Please check server, port and security.", "host")


def of_sign_in(said: Said | None, explanation: str = "") -> ConnectorError:
    """Why the server did not let us in. `explanation` is what the owner of such a mailbox should know."""
    known = f" {explanation}" if explanation else ""
    if said is None:
        return SignInRefused(f"The mail server refused the sign-in.{known}")
    if said.code in NO_LONGER_ACCEPTED:
        return AuthFailed(f"The mail server does not accept user name and password{quoted(said)}.{known}")
    if said.code in WAIT:
        return TemporaryFailure(f"The mail server does not let us in just now{quoted(said)}.{known}")
    return SignInRefused(f"The mail server refused the sign-in{quoted(said)}. Please check the password.{known}")


def of_loss(endpoint: Endpoint) -> TemporaryFailure:
    """An open connection that died under our hands."""
    return TemporaryFailure(f"The connection to {endpoint.host} was lost.")


def of_refusal(said: Said | None, what: str) -> TemporaryFailure:
    """A command that was refused although nothing seems wrong with it."""
    return TemporaryFailure(f"The mail server could not {what}{quoted(said)}.")


def of_search(said: Said | None) -> ConnectorError:
    """A search that was refused: the person's fault only if the server says that it does not understand it."""
    if said is not None and (said.kind == "BAD" or said.code in ("BADCHARSET", "CANNOT")):
        return InvalidInput(f"The mail server does not understand the search{quoted(said)}.", field="search")
    return of_refusal(said, "search the folder")


def quoted(said: Said | None) -> str:
    """The server's words as an aside; empty if it had none."""
    return f" (“{said.text}”)" if said is not None and said.text else ""
