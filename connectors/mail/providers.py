"""What the address tells about the mailbox: server, port, and what its owner must know. Pure; asked by `imap`.

An unknown domain gets `imap.DOMAIN`, the name most providers use.
"""

from dataclasses import dataclass
from typing import Literal

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True)
class Outgoing:
    """Where mail is handed in."""

    host: str = ""
    port: int = 465
    security: Security = "tls"


@dataclass(frozen=True)
class Preset:
    """Where a provider's mail server is. `refused` says why a password cannot work there at all.

    `outgoing` is where it takes mail to send, with the same name and password.
    """

    host: str
    port: int = 993
    security: Security = "tls"
    note: str = ""
    link: str = ""
    refused: bool = False
    outgoing: Outgoing = Outgoing()


_GMAIL = Preset(
    "imap.gmail.com",
    note="Google wants an app password here: 16 letters, made in the Google account.",
    link="https://myaccount.google.com/apppasswords",
    outgoing=Outgoing("smtp.gmail.com"),
)
_IONOS = Preset("imap.ionos.de", outgoing=Outgoing("smtp.ionos.de"))
_STRATO = Preset("imap.strato.de", outgoing=Outgoing("smtp.strato.de"))
_GMX = Preset(
    "imap.gmx.net",
    note="At GMX, first switch on “POP3/IMAP retrieval” in the web mailer: E-Mail → Settings → POP3/IMAP.",
    link="https://hilfe.gmx.net/pop-imap/einschalten.html",
    outgoing=Outgoing("mail.gmx.net"),
)
_WEB_DE = Preset(
    "imap.web.de",
    note="At WEB.DE, first switch on “POP3/IMAP retrieval” in the web mailer: E-Mail → Settings → POP3/IMAP.",
    link="https://hilfe.web.de/pop-imap/einschalten.html",
    outgoing=Outgoing("smtp.web.de", 587, "starttls"),
)
_T_ONLINE = Preset(
    "secureimap.t-online.de",
    note="T-Online wants the “password for e-mail programs”, which is set in the customer centre.",
    link="https://www.telekom.de/hilfe/apps-dienste/e-mail",
    outgoing=Outgoing("securesmtp.t-online.de"),
)
_ICLOUD = Preset(
    "imap.mail.me.com",
    note="Apple wants an app-specific password, made in the Apple account.",
    link="https://account.apple.com",
    outgoing=Outgoing("smtp.mail.me.com", 587, "starttls"),
)
_FASTMAIL = Preset(
    "imap.fastmail.com",
    note="Fastmail wants an app password: Settings → Privacy & Security → App passwords.",
    link="https://app.fastmail.com/settings/security",
    outgoing=Outgoing("smtp.fastmail.com"),
)
_YAHOO = Preset(
    "imap.mail.yahoo.com",
    note="Yahoo wants an app password, made under Account security.",
    link="https://login.yahoo.com/account/security",
    outgoing=Outgoing("smtp.mail.yahoo.com"),
)
_MICROSOFT = Preset(
    "outlook.office365.com",
    note="Microsoft mailboxes no longer accept a password over IMAP, only sign-in by Microsoft, which this "
    "connector does not offer yet. Forwarding to another mailbox works.",
    link="https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online",
    refused=True,
)

_POSTEO = Preset("posteo.de", outgoing=Outgoing("posteo.de"))
_MAILBOX_ORG = Preset("imap.mailbox.org", outgoing=Outgoing("smtp.mailbox.org"))

_BY_DOMAIN: dict[str, Preset] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
    **dict.fromkeys(("ionos.de", "1und1.de", "online.de", "onlinehome.de", "ionos.com"), _IONOS),
    **dict.fromkeys(("strato.de",), _STRATO),
    **dict.fromkeys(("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com"), _GMX),
    **dict.fromkeys(("web.de", "email.de"), _WEB_DE),
    **dict.fromkeys(("t-online.de", "magenta.de"), _T_ONLINE),
    **dict.fromkeys(("posteo.de", "posteo.net", "posteo.at", "posteo.ch"), _POSTEO),
    **dict.fromkeys(("mailbox.org",), _MAILBOX_ORG),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
    **dict.fromkeys(("fastmail.com", "fastmail.fm"), _FASTMAIL),
    **dict.fromkeys(("yahoo.com", "yahoo.de", "ymail.com"), _YAHOO),
    **dict.fromkeys(
        ("outlook.com", "outlook.de", "hotmail.com", "hotmail.de", "live.com", "live.de", "msn.com"), _MICROSOFT
    ),
}
_MICROSOFT_HOSTS = (".office365.com", ".outlook.com")


def domain_of(address: str) -> str:
    """The part behind the @, in the form DNS wants it; empty if there is none."""
    _, _, domain = address.strip().rpartition("@")
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def preset_for(address: str) -> Preset | None:
    """What is known about the mailbox of this address; None if it is no address."""
    domain = domain_of(address)
    if "." not in domain or "@" not in address:
        return None
    return _BY_DOMAIN.get(domain) or Preset(f"imap.{domain}")


def is_known(address: str) -> bool:
    """Whether the provider of this address is one of those above, and nothing is guessed."""
    return domain_of(address) in _BY_DOMAIN


def preset_of_host(host: str) -> Preset | None:
    """What is known about a server that was named itself."""
    if host.lower().endswith(_MICROSOFT_HOSTS):
        return _MICROSOFT
    return next((preset for preset in _BY_DOMAIN.values() if preset.host == host.lower()), None)
