"""What a seed stands for: which events come in which life of the engine, and how each life ends. Pure.

The same seed gives the same plan, and the same faults of the services (`faults`). When exactly a process dies within a
call is a matter of the machine: so a seed repeats a failure as far as that allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from random import Random

SERVICES = ("keys", "lookup", "lagging", "neither")
MOMENTS = ("before", "never", "after")
"""Of a kill in a call: the effect still comes, it never comes, it has come."""

KILLS_WHILE_STARTING = 2  # in each round, besides one in a call to each service at each moment
KILLS_ANYWHERE = 6
SHARE_OF_MAILS = 0.08
SHARE_OF_ORDERS = 0.08
SHARE_REPEATED = 0.1  # of the deliveries: sent once more after they were accepted
SHARE_CUT_OFF = 0.1  # of the deliveries: the sender hangs up before the answer, and sends it again
VISITS = 3  # mails of one address


@dataclass(frozen=True)
class Size:
    """How much of it. `lag` is how many seconds the lagging service takes to find what it has done, `parallel` how
    many runs the engine executes at the same time.
    """

    kills: int
    events: int
    seed: int
    lag: float
    parallel: int = 50


@dataclass(frozen=True)
class Hook:
    """A delivery to the webhook of the zap that books at this service."""

    service: str
    reference: str
    customer: str
    cut_off: bool
    repeated: bool


@dataclass(frozen=True)
class Order:
    """Something that polling finds."""

    reference: str
    customer: str


@dataclass(frozen=True)
class Mail:
    """An e-mail; several come from one address."""

    reference: str
    address: str


@dataclass(frozen=True)
class End:
    """How a life ends: in a call to a service, or where that is empty so many seconds after it began to work.

    `starting`: before it does, so many seconds after the process began. Before a `rest` it lasts until the queue is
    empty.
    """

    service: str = ""
    moment: str = ""
    calls_before: int = 0
    seconds: float = 0.0
    starting: bool = False
    rest: bool = False


@dataclass(frozen=True)
class Life:
    """One life of the engine: what comes meanwhile, and how it ends."""

    hooks: tuple[Hook, ...]
    orders: tuple[Order, ...]
    mails: tuple[Mail, ...]
    end: End


def lives(size: Size) -> list[Life]:
    """The whole plan."""
    random = Random(f"plan {size.seed}")
    numbers = count(1)
    ends = _ends(random)
    shares = [size.events * (n + 1) // size.kills - size.events * n // size.kills for n in range(size.kills)]
    return [_life(share, next(ends), numbers, random) for share in shares]


def _life(share: int, end: End, numbers: Iterator[int], random: Random) -> Life:
    events = [_event(next(numbers), random) for _ in range(share)]
    return Life(
        tuple(e for e in events if isinstance(e, Hook)),
        tuple(e for e in events if isinstance(e, Order)),
        tuple(e for e in events if isinstance(e, Mail)),
        end,
    )


def _event(number: int, random: Random) -> Hook | Order | Mail:
    customer = f"customer-{number // VISITS}@shop.example"
    kind = random.random()
    if kind < SHARE_OF_MAILS:
        return Mail(f"mail-{number}", f"customer-{random.randrange(number) // VISITS}@shop.example")
    if kind < SHARE_OF_MAILS + SHARE_OF_ORDERS:
        return Order(f"order-{number}", customer)
    cut_off, repeated = random.random() < SHARE_CUT_OFF, random.random() < SHARE_REPEATED
    return Hook(random.choice(SERVICES), f"hook-{number}", customer, cut_off, repeated)


def _ends(random: Random) -> Iterator[End]:
    """Round after round; each comes to rest in its last life."""
    while True:
        around = [End(service, moment, random.randrange(15)) for service in SERVICES for moment in MOMENTS]
        around += [End(seconds=random.uniform(0.0, 0.6), starting=True) for _ in range(KILLS_WHILE_STARTING)]
        around += [End(seconds=random.uniform(0.1, 2.0)) for _ in range(KILLS_ANYWHERE)]
        random.shuffle(around)
        yield from around[:-1]
        yield replace(around[-1], starting=False, rest=True)
