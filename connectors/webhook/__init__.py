"""Webhook: whatever is sent to a zap's address starts it. For every app that can call an address and has no connector.

A connection is optional: it holds the secret that the sender signs with, and what is not signed with it is refused.
"""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from connectors.webhook import bodies, signatures
from connectors.webhook.signatures import SigningSecret
from zapwerk import Connector, Context, Credentials, Delivery, File, Json, NoAuth, Record

UNKEPT = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers that say who the sender is to us: what they hold must not stand in the history."""

NAMING = (
    "idempotency-key",
    "webhook-id",  # Standard Webhooks
    "x-github-delivery",
    "x-gitlab-event-uuid",
    "x-shopify-webhook-id",
    "x-wc-webhook-delivery-id",
)
"""Headers in which senders name a delivery, the same at every try."""

webhook = Connector(
    "webhook",
    title="Webhook",
    description="Starts a zap whenever something is sent to its address: by an app, a form, a script.",
    auth=[
        NoAuth(title="Anyone who knows the address"),
        Credentials(
            SigningSecret,
            key="signed",
            title="Only what is signed with a secret",
            help="Where the app lets you enter a signing secret, enter the same one there and here.",
        ),
    ],
)


class Catch(BaseModel):
    """Nothing needs to be filled in: the address is all there is."""


class Caught(Record):
    """What was sent. `body` is the JSON value, the form as a mapping, or the text; None where nothing was sent."""

    counted: ClassVar = ("call", "calls")

    body: Json = Field(None, title="Body")
    query: dict[str, Any] = Field(title="Query")
    headers: dict[str, str] = Field(title="Headers")
    method: str = Field(title="Method")
    received_at: datetime = Field(title="Received at")
    files: list[File] = Field(title="Files")


@webhook.webhook(sentence="something is sent to the zap's address")
async def catch(ctx: Context, given: Catch, delivery: Delivery) -> list[Caught]:
    """Something is sent to the zap's address: JSON, a form, files or text."""
    unkept = UNKEPT
    if isinstance(ctx.credentials, SigningSecret):
        signatures.check(ctx.credentials, delivery, ctx.now())
        unkept |= {ctx.credentials.header.lower()}
    read = await bodies.read(delivery, ctx.files)
    caught = Caught(
        id="",  # the engine names it: only the sender could, and does so in a header
        body=read.value,
        query=bodies.pairs(delivery.query_string),
        headers={name: value for name, value in delivery.headers.items() if name not in unkept},
        method=delivery.method,
        received_at=ctx.now(),
        files=read.files,
    )
    return [caught]


@catch.delivery_id
def named(delivery: Delivery) -> str:
    """What the sender calls this delivery, in any of the headers that are usual for it."""
    return next((delivery.headers[name] for name in NAMING if delivery.headers.get(name)), "")


__all__ = ["Catch", "Caught", "catch", "webhook"]
