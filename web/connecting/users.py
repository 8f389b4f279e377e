"""The zaps that use a connection, for the pages about it."""

from dataclasses import dataclass

from sqlmodel import Session

from engine.store import zaps
from engine.store.states import ZapState
from web import states
from web.states import Look


@dataclass(frozen=True)
class User:
    """A zap that uses the connection."""

    id: str
    name: str
    look: Look
    works: bool


def users_of(session: Session, connection_id: str, language: str) -> tuple[User, ...]:
    """By name."""
    return tuple(
        User(one.id, one.name, states.of_zap(one.state, language), one.state is ZapState.ON)
        for one in zaps.using(session, connection_id)
    )
