"""How services misbehave: decided by seed, service, reference and the number of the call, whenever it comes. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Literal

SLOWEST = 1.0  # seconds before an effect
FAULTY_CALLS = 2  # with the same reference; after them the service behaves
FAULTY_LOOKUPS = 1

Answer = Literal["done", "500", "cut", "half", "silence", "429", "503", "page"]


@dataclass(frozen=True)
class Manner:
    """How one call is met: after so many seconds it has its effect, if it has one; later it is answered."""

    before: float = 0.0
    effect: bool = True
    after: float = 0.0
    answer: Answer = "done"


WELL = Manner()
FAULTS: tuple[tuple[float, Manner], ...] = (
    (4.0, Manner(before=SLOWEST)),
    (3.0, Manner(after=SLOWEST)),
    (3.0, Manner(answer="500")),
    (1.0, Manner(effect=False, answer="500")),
    (3.0, Manner(answer="cut")),
    (2.0, Manner(effect=False, answer="cut")),
    (1.0, Manner(before=SLOWEST, answer="cut")),
    (1.0, Manner(answer="half")),
    (1.0, Manner(answer="silence")),
    (0.5, Manner(effect=False, answer="silence")),
    (1.5, Manner(effect=False, answer="429")),
    (1.0, Manner(effect=False, answer="503")),
    (1.0, Manner(answer="page")),
)
"""Of a hundred calls. “page”: 200 with something that is no JSON."""

LOOKUP_FAULTS: tuple[tuple[float, Manner], ...] = (
    (2.0, Manner(answer="500")),
    (2.0, Manner(answer="cut")),
    (2.0, Manner(after=SLOWEST)),
)


def of_call(seed: int, service: str, reference: str, call: int) -> Manner:
    """The n-th call that is to have this effect, counted from 1."""
    return _drawn(f"{seed} {service} {reference} {call}", FAULTS) if call <= FAULTY_CALLS else WELL


def of_lookup(seed: int, service: str, reference: str, call: int) -> Manner:
    """The n-th question about this."""
    named = f"{seed} {service} {reference} {call} asked"
    return _drawn(named, LOOKUP_FAULTS) if call <= FAULTY_LOOKUPS else WELL


def _drawn(named: str, faults: tuple[tuple[float, Manner], ...]) -> Manner:
    random = Random(named)
    left = random.uniform(0, 100)
    for share, manner in faults:
        left -= share
        if left < 0:
            return Manner(
                random.uniform(0, manner.before), manner.effect, random.uniform(0, manner.after), manner.answer
            )
    return WELL
