"""The demo's folder: its own, marked, and used by one demo at a time. It remembers the ports for the next start, and
tells `zapwerk demo send` where the running demo is.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.errors import Refused

STATE = "demo.json"
LOCK = "demo.lock"


@dataclass(frozen=True)
class State:
    """What `demo.json` holds. `smtp` is host and port; `base_url` and `key` lead to the sandbox's API; `page` and
    `mailbox_page` are for people: the Invoice2go sandbox's clients, and the mailbox with a form to write a mail;
    `sign_in` signs a browser in, once.
    """

    ports: dict[str, int] = field(default_factory=dict)
    address: str = ""
    smtp: str = ""
    recipient: str = ""
    base_url: str = ""
    key: str = ""
    page: str = ""
    mailbox_page: str = ""
    sign_in: str = ""


@contextmanager
def taken(folder: Path, *, fresh: bool) -> Iterator[State]:
    """The folder, for this process alone; its state as it was left. Raises `Refused`."""
    _must_be_ours(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(
                f"The demo runs already in {folder}. Send it a mail with: zapwerk demo send --folder {folder}"
            ) from error
        state = read(folder)
        if fresh:
            _empty(folder)
            state = State(ports=state.ports)
        write(folder, state)
        yield state
    finally:
        os.close(lock)


def running(folder: Path) -> State:
    """Where the demo that runs in this folder is. Raises `Refused` if none does."""
    state = read(folder)
    if not state.smtp or not _is_locked(folder):
        raise Refused(f"No demo runs in {folder}. Start it with: zapwerk demo --folder {folder}")
    return state


def read(folder: Path) -> State:
    """The state; an empty one if there is none, or none that can be read."""
    try:
        return State(**json.loads((folder / STATE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return State()


def write(folder: Path, state: State) -> None:
    """Readable by its owner alone: the key is in it."""
    draft = folder / f".{STATE}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=2)
    draft.replace(folder / STATE)


def _must_be_ours(folder: Path) -> None:
    """A folder that is somebody else's is never written to, let alone emptied."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Refused(f"{folder} is not a folder. Choose another one with --folder.")
    known = (STATE, LOCK)
    if any(folder.iterdir()) and not any((folder / name).is_file() for name in known):
        raise Refused(f"{folder} holds something else than a demo. Choose another folder with --folder.")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_locked(folder: Path) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)
