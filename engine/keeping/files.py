"""Files that nothing names any more. Marks all that is named, in slices, and then sweeps.

A file that was saved within the last day stays whatever is found: it may belong to a record that is being taken in just
now. What names a file is read in the order in which it was written, samples and drafts last: what is copied meanwhile
was either read at its old place or is read at its new one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.store import records
from engine.store.blobs import Blobs
from engine.store.database import Database

READ_AT_ONCE = 200

_REF = re.compile(rb"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Gone:
    """What was deleted."""

    files: int = 0
    bytes: int = 0


def collected(database: Database, blobs: Blobs) -> Iterator[Gone]:
    """Deletes what nothing names; a slice each time it is asked for the next."""
    if next(blobs.refs(), None) is None:
        blobs.sweep(set())
        return
    named: set[str] = set()
    for some in _everything(database):
        for data in some:
            named |= named_in(data)
        yield Gone()
    before = kept(blobs)
    count = blobs.sweep(named)
    yield Gone(count, before.bytes - kept(blobs).bytes if count else 0)


def named_in(data: bytes) -> set[str]:
    """The files that some data name."""
    return {found.decode() for found in _REF.findall(data)}


def kept(blobs: Blobs) -> Gone:
    """How many files there are, and how large they are together."""
    found = [blobs.size(ref) or 0 for ref in blobs.refs()]
    return Gone(len(found), sum(found))


def _everything(database: Database) -> Iterator[Sequence[bytes]]:
    after = ""
    while True:
        with database.read() as session:
            events = records.events(session.connection(), after, READ_AT_ONCE)
        if not events:
            break
        after = events[-1].id
        yield [one.data for one in events]
    line = 0
    while True:
        with database.read() as session:
            lines = records.lines(session.connection(), line, READ_AT_ONCE)
        if not lines:
            break
        line = int(lines[-1].id)
        yield [one.data for one in lines]
    with database.read() as session:
        samples, drawn = records.samples(session.connection()), records.drawn(session.connection())
    yield [*(one.data for one in samples), *drawn]
