"""Kills the rotation of a data folder's key at many of its lines, each in a fork: `python -m tests.web.killing DATA N`.

After each death everything that is stored must open with the keys in the key file. Prints how many forks were killed.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from engine.connections.vault import Vault, load_keys
from engine.settings import Settings
from engine.store import connections, profiles
from engine.store.database import Database
from web import rotating

DIED = 9
WATCHED = ("web/rotating.py", "engine/connections/vault.py", "engine/store/connections.py", "engine/store/facts.py")


def rotate(data: Path) -> None:
    settings = Settings(data=data)
    database = Database(settings.database)
    rotating.rotate(settings, database)
    database.close()


def in_a_fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def dying_at(line: int, data: Path) -> Callable[[], None]:
    """A rotation that dies when the watched modules have executed so many lines."""
    passed = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal passed
        if not frame.f_code.co_filename.endswith(WATCHED):
            return None
        passed += event == "line"
        if passed == line:
            os._exit(DIED)
        return trace

    def work() -> None:
        sys.settrace(trace)
        rotate(data)

    return work


def check(data: Path) -> None:
    vault = Vault(load_keys(None, data))
    database = Database(f"sqlite:///{data / 'zapwerk.db'}")
    with database.read() as session:
        sealed = [one.sealed for one in connections.every(session)]
        sealed += [one.sealed for one in profiles.every(session).values()]
    database.close()
    assert sealed
    for one in sealed:
        assert one is not None
        vault.open(one)


def main(data: Path, points: int) -> None:
    killed, line, step = 0, 1, 1
    while in_a_fork(dying_at(line, data)) == DIED:
        check(data)
        killed += 1
        step = max(step, line // points)
        line += step
    check(data)
    sys.stdout.write(str(killed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
