"""The kinds of triggers: polled, called by the service, or due at times. `Connector` makes them of functions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from engine.sdk import signatures
from engine.sdk.operations import FunctionT, GivenT, Operation, ReturnedT
from engine.sdk.records import Delivery, Hook
from engine.sdk.schedules import Schedule


class Trigger(Operation[GivenT, ReturnedT]):
    """A polling trigger: `async (ctx: Context, given) -> AsyncIterator[Record]`, or of `Page[Record]`; blocking:
    `(ctx: BlockingContext, given) -> Iterator[…]`.

    One that yields pages keeps a cursor; otherwise new records are told from known ones by their ids.
    `every` is the time between two checks, `timeout` what one record or page may take.
    `order` says how records without a cursor come: “newest” first (reading ends at a known one), or “any”.
    """

    def __init__(
        self,
        connector: str,
        function: Callable[..., ReturnedT],
        *,
        every: timedelta,
        order: Literal["newest", "any"],
        sentence: str,
        title: str,
        timeout: timedelta,
    ) -> None:
        signature = signatures.of_trigger(connector, function)
        super().__init__(connector, function, signature, sentence=sentence, title=title)
        self.every = every
        self.order = order
        self.timeout = timeout
        self.paged = signature.paged
        self.listen: Callable[..., Any] | None = None
        self.listen_blocking = False
        self.counted_by: Callable[..., Any] | None = None
        self.count_blocking = False

    def count(self, function: FunctionT) -> FunctionT:
        """Registers `(ctx, given) -> int`: how many records are there already, before anything is chosen among them.

        People are told the number when they switch a zap on: “What is there already (12 e-mails) is ignored.” Only for
        what the service tells at once, in one or two calls: who waits for it sees the page without the number.
        """
        self.count_blocking = signatures.of_check(self.connector, function).blocking
        self.counted_by = function
        return function

    def listener(self, function: FunctionT) -> FunctionT:
        """Registers the function that returns when it is worth polling. It carries no data.

        It looks at `ctx.stopping()` every few seconds, and returns when that is true: after an hour without news it is
        asked to, and begun again. One that has not returned after another hour counts as hanging, and another one is
        begun beside it.
        """
        self.listen_blocking = signatures.of_check(self.connector, function).blocking
        self.listen = function
        return function


DELIVERY_ID_HEADERS = ("idempotency-key", "webhook-id")


def standard_delivery_id(delivery: Delivery) -> str:
    """What senders call a delivery by the standards: `Idempotency-Key`, or `Webhook-Id` of Standard Webhooks."""
    return next((delivery.headers[name] for name in DELIVERY_ID_HEADERS if delivery.headers.get(name)), "")


class Webhook(Operation[GivenT, ReturnedT]):
    """A trigger that the service calls: `async (ctx, given, delivery: Delivery) -> list[Record]` tells what one
    delivery holds.

    A record with an id of its own fires once, however often it is delivered. One with an empty id is named by the
    engine: then only the delivery's own name (`delivery_id`) tells whether it came before.
    """

    def __init__(self, connector: str, function: Callable[..., ReturnedT], *, sentence: str, title: str) -> None:
        signature = signatures.of_webhook(connector, function)
        super().__init__(connector, function, signature, sentence=sentence, title=title)
        self.verified_by: Callable[[Hook, Delivery], Any] | None = None
        self.delivery_id_of: Callable[[Delivery], str] = standard_delivery_id

    def verify(self, function: FunctionT) -> FunctionT:
        """Registers the check of a delivery's raw body and headers: raise `PermanentFailure` to refuse it."""
        self.verified_by = function
        return function

    def delivery_id(self, function: FunctionT) -> FunctionT:
        """Registers `(delivery) -> str`: what the sender calls this delivery at every try, “” for nothing.

        The same name with the same content is answered as the first time; with other content it is refused. Without
        such a function: the headers `Idempotency-Key` and `Webhook-Id`.
        """
        self.delivery_id_of = function
        return function


class Scheduled(Operation[GivenT, Schedule]):
    """A trigger that is due at times: `(given) -> Schedule` says by its input when, and the engine does the counting.

    Its records are `FireTime`s.
    """

    def __init__(self, connector: str, function: Callable[..., Schedule], *, sentence: str, title: str) -> None:
        signature = signatures.of_schedule(connector, function)
        super().__init__(connector, function, signature, sentence=sentence, title=title)
        self._takes_input = signature.given is not signatures.NoInput

    def __call__(self, given: GivenT | None = None) -> Schedule:  # type: ignore[override]  # no service is asked
        return self.function(given) if self._takes_input else self.function()


AnyTrigger = Trigger[Any, Any] | Webhook[Any, Any] | Scheduled[Any]
