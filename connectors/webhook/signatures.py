"""Whether a delivery was signed with the secret that was agreed on. Three ways that services use; compared in constant
time.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from zapwerk import Delivery, Labels, PermanentFailure, Secret

TOLERANCE = 300  # seconds by which the sender's clock may differ
REFUSED = "The signature is missing or wrong."

WAYS = Labels(
    {
        "body": "the body (GitHub, Shopify and most others)",
        "timestamped": "time and body (Stripe: “t=…,v1=…”)",
        "token": "nothing: the secret itself is sent in the header",
    }
)


class SigningSecret(BaseModel):
    """The secret that the sender signs with, and how."""

    secret: Secret = Field(title="Secret", min_length=1)
    header: str = Field(
        "X-Hub-Signature-256",
        title="Header",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The header that holds the signature. GitHub: X-Hub-Signature-256; Shopify: X-Shopify-Hmac-Sha256; "
        "Stripe: Stripe-Signature.",
    )
    way: Annotated[Literal["body", "timestamped", "token"], WAYS] = Field("body", title="What is signed")
    algorithm: Literal["sha256", "sha1", "sha512"] = Field("sha256", title="Hash")


def check(agreed: SigningSecret, delivery: Delivery, now: datetime) -> None:
    """Returns if the delivery comes from somebody who knows the secret. Raises `PermanentFailure`."""
    sent = delivery.headers.get(agreed.header.lower(), "")
    if agreed.way == "token":
        fits = _same(sent, [agreed.secret.get_secret_value()])
    elif agreed.way == "timestamped":
        fits = _fits_timestamped(agreed, sent, delivery.body, now)
    else:
        fits = _same(sent.rpartition("=")[2] if _is_prefixed(sent) else sent, _signatures(agreed, delivery.body))
    if not fits:
        raise PermanentFailure(REFUSED)


def _fits_timestamped(agreed: SigningSecret, sent: str, body: bytes, now: datetime) -> bool:
    pairs = [part.strip().partition("=") for part in sent.split(",")]
    moments = [value for name, _, value in pairs if name == "t" and re.fullmatch(r"[0-9]{1,12}", value)]
    if len(moments) != 1:
        return False
    if abs(now.timestamp() - int(moments[0])) > TOLERANCE:
        raise PermanentFailure("The signature is too old, or the sender's clock is wrong.")
    expected = _signatures(agreed, moments[0].encode() + b"." + body)
    return any(_same(value, expected) for name, _, value in pairs if name.startswith("v"))


def _is_prefixed(sent: str) -> bool:
    """Whether the algorithm stands before it: “sha256=…”."""
    return sent.startswith(("sha1=", "sha256=", "sha512="))


def _signatures(agreed: SigningSecret, signed: bytes) -> list[str]:
    """The signature in hexadecimal, and in Base64."""
    digest = hmac.digest(agreed.secret.get_secret_value().encode(), signed, agreed.algorithm)
    return [binascii.hexlify(digest).decode(), base64.b64encode(digest).decode()]


def _same(sent: str, expected: Iterable[str]) -> bool:
    return any(hmac.compare_digest(sent.encode("utf-8", "replace"), one.encode()) for one in expected)
