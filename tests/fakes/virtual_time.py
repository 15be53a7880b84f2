"""A loop whose clock jumps to the next timer when nobody has anything to do.

Leases, budgets and pauses then cost nothing, and what happens does not depend on how busy this
machine is. Worker threads take real time, in which the clock stands still.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from typing_extensions import override

LOOK_S = 0.05  # real time between two looks whether the threads are done


class VirtualLoop(asyncio.SelectorEventLoop):
    """`anyio_backend` fixture: `("asyncio", {"loop_factory": VirtualLoop})`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._busy_threads: Callable[[], int] = lambda: 0
        super().__init__(_Selector(self))

    @override
    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        """Time passes in which nothing here ran: the PC slept."""
        self._now += seconds

    def mind_threads(self) -> None:
        """From a task: the clock stands while anyio's worker threads work."""
        limiter = anyio.to_thread.current_default_thread_limiter()
        self._busy_threads = lambda: int(limiter.borrowed_tokens)

    def pass_the_time(self, seconds: float) -> bool:
        """False while a thread works."""
        if self._busy_threads():
            return False
        self._now += seconds
        return True


def this_loop() -> VirtualLoop:
    """The running one, which minds its threads."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.mind_threads()
    return loop


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    @override
    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        while not ready and timeout > 0 and not self._loop.pass_the_time(timeout):
            ready = super().select(LOOK_S)
        return ready
