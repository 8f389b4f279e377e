"""How mail is sent as a connected mailbox: what `imap` and `gmail` answer to `sends_mail`. Pure; the engine sends.

The mail server for sending is the provider's, or what the profile names; for another provider it is guessed from the
name of the server that mail is read from, as most name them (imap.firma.example, smtp.firma.example).
"""

from typing import Any

from connectors.mail import providers
from connectors.mail.profiles import MailProfile
from connectors.mail.providers import Outgoing
from connectors.mail.sign_in import Way
from zapwerk import SmtpAccount

READS_AT = ("imap.", "imaps.")


def account(way: Way, profile: MailProfile, sender: str) -> SmtpAccount:
    """Of a mailbox that is got into by `way`."""
    outgoing = _outgoing(way.endpoint.host, profile)
    return SmtpAccount(
        host=outgoing.host,
        port=outgoing.port,
        security=outgoing.security,
        sender=sender,
        username=way.username,
        secret=way.secret,
        oauth=way.oauth,
        ca_file=way.endpoint.ca_file,
    )


def _outgoing(reads_at: str, profile: MailProfile) -> Outgoing:
    preset = providers.preset_of_host(reads_at)
    found = preset.outgoing if preset is not None and preset.outgoing.host else Outgoing(_guessed(reads_at.lower()))
    named: dict[str, Any] = {
        "host": profile.smtp_host.strip() or found.host,
        "port": profile.smtp_port or found.port,
        "security": profile.smtp_security or found.security,
    }
    return Outgoing(**named)


def _guessed(reads_at: str) -> str:
    begins = next((one for one in READS_AT if reads_at.startswith(one)), None)
    return f"smtp.{reads_at.removeprefix(begins)}" if begins else reads_at
