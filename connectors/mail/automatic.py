"""Tells mails that no customer is behind: `reason(headers, from_address)`. Pure.

Called by the triggers of `imap` and `gmail` for their input “leave out automatic mail”. That a program sent a mail
says nothing: contact forms are sent by programs too, some with “Auto-Submitted: auto-generated”. What counts is
whether an answer would reach a person: a form puts the customer into Reply-To and sends from the web site.
"""

from collections.abc import Mapping

from connectors.mail import addresses

_LIST_FIELDS = ("list-unsubscribe", "list-id", "list-post", "list-help")
_BULK = {"bulk", "list", "junk"}
_BOUNCING = {"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"}
_AUTO_REPLY_FIELDS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-vacation")
_ABSENT = (
    "automatische antwort:", "automatic reply:", "out of office:", "abwesenheitsnotiz", "auto-reply:", "autoreply:",
)  # fmt: skip
_WEB_SITES = ("phpmailer", "wordpress", "contact form", "wpforms", "gravity", "drupal", "typo3", "joomla", "php/")
_NO = {"", "no", "none", "false", "0"}


def reason(headers: Mapping[str, str], from_address: str) -> str | None:
    """Why this is no mail of a customer, as a code; None if it may be one.

    `headers` have lower-case names. Codes: “own_notice”, “bounce”, “auto_reply”, “newsletter”, “auto_generated”.
    """
    if is_own_notice(headers):
        return "own_notice"
    if _is_bounce(headers, from_address):
        return "bounce"
    if _is_auto_reply(headers):
        return "auto_reply"
    if _is_for_many(headers):
        return "newsletter"
    return _generated(headers, from_address)


def is_own_notice(headers: Mapping[str, str]) -> bool:
    """Whether Zapwerk itself sent it, to tell people about zaps. Such a mail never fires."""
    return "x-zapwerk-notice" in headers


def _is_bounce(headers: Mapping[str, str], from_address: str) -> bool:
    content_type = _value(headers, "content-type")
    if content_type.startswith("multipart/report") and "disposition-notification" not in content_type:
        return True
    return from_address.partition("@")[0].strip().lower() in _BOUNCING or "x-failed-recipients" in headers


def _is_auto_reply(headers: Mapping[str, str]) -> bool:
    if _value(headers, "auto-submitted").startswith("auto-replied"):
        return True
    if any(_value(headers, name) not in _NO for name in _AUTO_REPLY_FIELDS):
        return True
    if _value(headers, "content-type").startswith("multipart/report"):  # a receipt that somebody read a mail
        return True
    return _value(headers, "precedence") == "auto_reply" or _value(headers, "subject").startswith(_ABSENT)


def _is_for_many(headers: Mapping[str, str]) -> bool:
    if _is_own_group(headers):
        return False
    return any(name in headers for name in _LIST_FIELDS) or _value(headers, "precedence") in _BULK


def _is_own_group(headers: Mapping[str, str]) -> bool:
    """A company's info@ may be a Google group of its own: then every customer's mail has the marks of a list."""
    return "x-google-group-id" in headers and "googlegroups.com" not in _value(headers, "list-id")


def _generated(headers: Mapping[str, str], from_address: str) -> str | None:
    """Weaker signs, which a form's mail may carry as well."""
    if _is_of_form(headers, from_address):
        return None
    if _value(headers, "return-path") == "<>":
        return "bounce"
    if _value(headers, "x-auto-response-suppress") not in _NO:
        return "auto_reply"
    return "auto_generated" if _value(headers, "auto-submitted").partition(";")[0].strip() not in _NO else None


def _is_of_form(headers: Mapping[str, str], from_address: str) -> bool:
    """Whether the answer goes to somebody else than the sender, or a web site's program sent it."""
    replies = {one.address.lower() for one in addresses.read([headers.get("reply-to", "")]) if "@" in one.address}
    if replies and from_address.lower() not in replies:
        return True
    program = _value(headers, "x-mailer")
    return "x-php-originating-script" in headers or any(name in program for name in _WEB_SITES)


def _value(headers: Mapping[str, str], name: str) -> str:
    """The first value of a field, in lower case."""
    return headers.get(name, "").partition("\n")[0].strip().lower()
