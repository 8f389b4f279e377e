"""Sends a mail, by SMTP: builds it, connects to a checked address, says what went wrong as a sentence. Blocking.

Called by `delivering`, in a thread. When the connection breaks after the mail was handed in and before the server said
so, nobody can know whether it arrived: it is sent again, with the same Message-ID, by which mailboxes can tell.
"""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import Any

from engine.connections import addresses
from engine.connections.addresses import AddressRefused, Guard
from engine.connections.wire import tls_context
from engine.errors import Sentence
from engine.notices.refusals import PRIVATE, NotSent, filled
from engine.sdk.connecting import SmtpAccount

ANSWERS_WITHIN = 20.0  # seconds, for each command
WE_ARE = "[127.0.0.1]"  # as mail programs say it; the name of this computer is nobody's business
OURS = "X-Zapwerk-Notice"  # by which mail triggers leave it out
PERMANENT = 500  # from here on a server's answer is final
LONGEST_ANSWER = 200  # characters of a server's words


def built(dispatch_id: str, about: str, letter: Mapping[str, Any], at: datetime, sender: str, to: str) -> EmailMessage:
    """The mail. The same dispatch has the same Message-ID however often it is sent. Raises `NotSent`."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address("Zapwerk", addr_spec=sender)
        message["To"] = Address(addr_spec=to)
    except (ValueError, IndexError) as error:
        raise NotSent(_no_address(to), final=True) from error
    message["Subject"] = letter["subject"]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{dispatch_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message[OURS] = about
    message.set_content(letter["text"])
    message.add_alternative(letter["html"], subtype="html")
    return message


def send(message: EmailMessage, account: SmtpAccount, to: str, guard: Guard) -> None:
    """Raises `NotSent`."""
    client = _Client(account, guard)
    try:
        client.open()
        client.send_message(message, from_addr=account.sender, to_addrs=[to])
    except AddressRefused as error:
        raise NotSent(_private(error), host=error.host if error.may_be_allowed else "") from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise _meaning(error, account, to) from error
    finally:
        client.leave()


class _Client(smtplib.SMTP):
    """smtplib's, whose socket goes to an address that was checked."""

    def __init__(self, account: SmtpAccount, guard: Guard) -> None:
        self._account, self._guard = account, guard
        super().__init__(timeout=ANSWERS_WITHIN, local_hostname=WE_ARE)
        self._host = account.host  # whose certificate STARTTLS asks for

    def open(self) -> None:
        """Connects, encrypts and signs in, as the account says."""
        account = self._account
        code, said = self.connect(account.host, account.port)
        if code != 220:  # “ready”
            raise smtplib.SMTPConnectError(code, said)
        if account.security == "starttls":
            self.starttls(context=_context(account.ca_file))
        self.ehlo()
        if account.username:
            self._sign_in()

    def leave(self) -> None:
        """The mail was taken already, or was not: what happens now changes nothing."""
        with suppress(smtplib.SMTPException, OSError):
            self.quit()
        self.close()

    def _sign_in(self) -> None:
        account, secret = self._account, self._account.secret.get_secret_value()
        if not account.oauth:
            self.login(account.username, secret)
            return
        answers = iter([f"user={account.username}\1auth=Bearer {secret}\1\1"])
        # A refused token is explained in a second challenge, which must be answered with nothing.
        self.auth("XOAUTH2", lambda challenge=None: next(answers, ""))

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = addresses.connect(host, port, timeout=timeout, guard=self._guard)
        if self._account.security != "tls":
            return sock
        try:
            return _context(self._account.ca_file).wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise


@cache
def _context(ca_file: str) -> ssl.SSLContext:
    context = tls_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def _meaning(error: Exception, account: SmtpAccount, to: str) -> NotSent:
    where = {"host": account.host, "port": account.port}
    match error:
        case smtplib.SMTPAuthenticationError():
            return NotSent(filled(PASSWORD, **where, said=_said(error.smtp_error)))
        case smtplib.SMTPRecipientsRefused():
            code, said = error.recipients.get(to, (0, b""))
            return NotSent(filled(RECIPIENT, to=to, said=_said(said)), final=code >= PERMANENT)
        case smtplib.SMTPNotSupportedError():
            return NotSent(filled(STARTTLS if account.security == "starttls" else SIGN_IN, **where))
        case smtplib.SMTPResponseException():
            return NotSent(filled(REFUSED, **where, said=_said(error.smtp_error)))
        case ssl.SSLCertVerificationError():
            return NotSent(filled(CERTIFICATE, **where, said=error.verify_message))
        case ssl.SSLError():
            return NotSent(filled(NO_TLS, **where))
        case socket.gaierror() | UnicodeError():
            return NotSent(filled(NO_SERVER, **where))
        case smtplib.SMTPException():
            return NotSent(filled(LOST, **where))
        case _:
            return NotSent(filled(SILENT, **where))


def _said(answer: object) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_ANSWER]


def _private(error: AddressRefused) -> Sentence:
    if not error.may_be_allowed:
        return Sentence(error.sentence, f"„{error.host}“ gibt die Geheimnisse dieses Rechners heraus und ist gesperrt.")
    return filled(PRIVATE, host=error.host)


def _no_address(to: str) -> Sentence:
    return filled(RECIPIENT, to=to, said="–")


PASSWORD = Sentence(
    "{host} does not accept user name and password (“{said}”).",
    "{host} nimmt Benutzername und Passwort nicht an („{said}“).",
)
RECIPIENT = Sentence(
    "The mail server does not take mail for {to} (“{said}”).", "Der Mailserver nimmt keine Mail für {to} an („{said}“)."
)
STARTTLS = Sentence(
    "{host} offers no STARTTLS on port {port}. Please choose TLS (usually port 465).",
    "{host} bietet auf Port {port} kein STARTTLS. Bitte wählen Sie TLS (meist Port 465).",
)
SIGN_IN = Sentence(
    "{host} does not let anybody sign in on port {port} like this. Please choose TLS or STARTTLS.",
    "{host} lässt auf Port {port} so keine Anmeldung zu. Bitte wählen Sie TLS oder STARTTLS.",
)
REFUSED = Sentence("{host} refused the mail (“{said}”).", "{host} hat die Mail abgelehnt („{said}“).")
CERTIFICATE = Sentence(
    "The certificate of {host} is not trusted ({said}).", "Dem Zertifikat von {host} wird nicht vertraut ({said})."
)
NO_TLS = Sentence(
    "{host} does not speak TLS on port {port}. Please choose STARTTLS (usually port 587).",
    "{host} spricht auf Port {port} kein TLS. Bitte wählen Sie STARTTLS (meist Port 587).",
)
NO_SERVER = Sentence(
    "There is no server called “{host}”. Please check the name.",
    "Einen Server „{host}“ gibt es nicht. Bitte prüfen Sie den Namen.",
)
LOST = Sentence("The connection to {host} was lost.", "Die Verbindung zu {host} ist abgebrochen.")
SILENT = Sentence(
    "No mail server answers at {host}, port {port}.", "Unter {host}, Port {port} antwortet kein Mailserver."
)
