"""Work that nobody waits for, done in a quiet moment: above all the deletion of messages.

A deletion at the wrong moment makes the next call slower. It can wait, since the message is leased;
but not for long, or much is delivered again after a crash.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import anyio

QUIET_S = 0.02  # without a message in either direction
LONGEST_S = 0.5  # then it is done whatever else there is to do
AT_ONCE = 4

Job = Callable[[], Awaitable[None]]


class Later:
    """Jobs that wait. They must not raise."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._some = anyio.Event()
        self._touched_at = 0.0
        self._added_at = 0.0  # the oldest that waits

    def touch(self) -> None:
        """A message came or went: this is no quiet moment."""
        self._touched_at = anyio.current_time()

    def add(self, job: Job) -> None:
        """Do this some time soon."""
        if not self._jobs:
            self._added_at = anyio.current_time()
            self._some.set()
        self._jobs.append(job)

    async def run(self) -> None:
        """Do what comes, until cancelled."""
        while True:
            await self._some.wait()
            self._some = anyio.Event()
            await self._until_quiet()
            await self.finish()

    async def finish(self) -> None:
        """Do now whatever waits."""

        async def work() -> None:
            while self._jobs:
                await self._jobs.popleft()()

        async with anyio.create_task_group() as tasks:
            for _ in range(min(AT_ONCE, len(self._jobs))):
                tasks.start_soon(work)

    async def _until_quiet(self) -> None:
        while True:
            due_at = min(self._touched_at + QUIET_S, self._added_at + LONGEST_S)
            if due_at <= anyio.current_time():
                return
            await anyio.sleep_until(due_at)
