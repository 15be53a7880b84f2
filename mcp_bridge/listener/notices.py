"""Notifications of one exchange: at most one frame a second, the rest travels with the reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from mcp_bridge.rpc import Message

PERIOD_S = 1.0  # the first frame goes after this, so a quick call costs none
MAX_WAITING = 32  # a server that floods loses the oldest


class Notices:
    """Collects notifications; of progress only the latest is kept, as it supersedes the others."""

    def __init__(self, send: Callable[[Sequence[Message]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[Message] = []
        self._some = anyio.Event()

    def add(self, notification: Message) -> None:
        """Take one that may leave."""
        if _is_progress(notification):
            self._waiting = [other for other in self._waiting if not _is_progress(other)]
        self._waiting = [*self._waiting[1 - MAX_WAITING :], notification]
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
