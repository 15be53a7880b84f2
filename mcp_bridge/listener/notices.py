"""Notifications of one exchange: at most one frame a second, the rest travels with the reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from mcp_bridge.rpc import Message

PERIOD_S = 1.0  # the first frame goes after this, so a quick call costs none
MAX_WAITING = 64  # a server that floods loses the oldest, progress first


class Notices:
    """Collects notifications. What waits together costs one frame, so none is left out."""

    def __init__(self, send: Callable[[Sequence[Message]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[Message] = []
        self._some = anyio.Event()

    def add(self, notification: Message) -> None:
        """Take one that may leave."""
        self._waiting.append(notification)
        if len(self._waiting) > MAX_WAITING:
            progress = (at for at, other in enumerate(self._waiting) if _is_progress(other))
            del self._waiting[next(progress, 0)]
        self._some.set()

    def rest(self) -> Sequence[Message]:
        """What has not been sent yet; the caller sends it now."""
        waiting, self._waiting = self._waiting, []
        return waiting

    async def run(self) -> None:
        """Send what is waiting once a period, until cancelled."""
        while True:
            await anyio.sleep(PERIOD_S)
            await self._some.wait()
            self._some = anyio.Event()
            if waiting := self.rest():
                await self._send(waiting)


def _is_progress(notification: Message) -> bool:
    return notification.get("method") == "notifications/progress"
