"""Every asyncio task of the window: kept, watched, and ended.

The event loop itself holds tasks weakly and reports their errors with their text. Here a task is
held until it is done, an error becomes a code, and quitting waits for all, but not for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, cast

_log = logging.getLogger(__name__)

CLOSE_CAP_S = 3.0


def code_of(fault: BaseException) -> str:
    """The stable code of a failure, or of the first in a group; "internal" if it has none."""
    if isinstance(fault, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", fault)
        return code_of(group.exceptions[0])
    code = getattr(fault, "code", None)
    return str(code.value) if isinstance(code, Enum) else "internal"


class Tasks:
    """Starts tasks and hears how they end. Needs a running loop."""

    def __init__(self, on_failure: Callable[[str], None]) -> None:
        self._on_failure = on_failure
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> Callable[[], object]:
        """Run `work`; an error goes to `on_failure` as a code. The returned function cancels."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task.cancel

    async def close(self, cap_s: float = CLOSE_CAP_S) -> bool:
        """Cancel all and wait, at most `cap_s` seconds. False if one would not end."""
        waiting = set(self._running)
        for task in waiting:
            task.cancel()
        if not waiting:
            return True
        _, stuck = await asyncio.wait(waiting, timeout=cap_s)
        if stuck:
            _log.error("Tasks of the window did not end in time: %d", len(stuck))
        return not stuck

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        fault = task.exception()
        if fault is not None:
            code = code_of(fault)
            _log.error("A task of the window failed: %s (%s)", code, type(fault).__name__)
            self._on_failure(code)
