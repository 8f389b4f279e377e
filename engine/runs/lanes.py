"""Lanes: calls that must not overtake each other between “is there one already?” and “make one”.

One lane per connection and action. A lane belongs to a run, which may take it again; others wait in line. Runs that
were interrupted reserve theirs before the queue opens, so that nobody asks what exists while that is being found out.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    """All lanes of one process."""

    def __init__(self) -> None:
        self._holder: dict[str, str] = {}
        self._line: dict[str, deque[tuple[str, asyncio.Event]]] = {}

    def reserve(self, lane: str, run_id: str) -> None:
        """Puts a run at the end of the line without waiting; its `hold` later only takes what is reserved."""
        if self._holder.setdefault(lane, run_id) != run_id:
            self._line.setdefault(lane, deque()).append((run_id, asyncio.Event()))

    @asynccontextmanager
    async def hold(self, lane: str, run_id: str) -> AsyncIterator[None]:
        """Waits for the lane and frees it at the end of the block."""
        await self._take(lane, run_id)
        try:
            yield
        finally:
            self.free(lane, run_id)

    def free(self, lane: str, run_id: str) -> None:
        """Lets the next one in line go; does nothing for a lane that is not this run's."""
        if self._holder.get(lane) != run_id:
            self._leave_line(lane, run_id)
            return
        line = self._line.get(lane)
        if not line:
            self._holder.pop(lane)
            self._line.pop(lane, None)
            return
        following, called = line.popleft()
        self._holder[lane] = following
        called.set()

    def free_all(self, run_id: str) -> None:
        """Frees whatever this run holds or waits for: at the end of its execution."""
        for lane in [lane for lane, holder in self._holder.items() if holder == run_id]:
            self.free(lane, run_id)
        for lane in list(self._line):
            self._leave_line(lane, run_id)

    async def _take(self, lane: str, run_id: str) -> None:
        if self._holder.setdefault(lane, run_id) == run_id:
            return
        waiting = self._line.setdefault(lane, deque())
        called = next((called for waiter, called in waiting if waiter == run_id), None)
        if called is None:
            called = asyncio.Event()
            waiting.append((run_id, called))
        try:
            await called.wait()
        except asyncio.CancelledError:
            self.free(lane, run_id)
            raise

    def _leave_line(self, lane: str, run_id: str) -> None:
        line = self._line.get(lane)
        if line:
            self._line[lane] = deque(entry for entry in line if entry[0] != run_id)
