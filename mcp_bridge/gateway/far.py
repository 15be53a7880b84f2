"""What the gateway needs of the calling side; the port that `Caller` fills."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mcp_bridge.rpc import Message, Notify
from mcp_bridge.sessions import Item


class FarSession(Protocol):
    """One client of the handshake era; iterate over it for what the far server says to it."""

    def send(self, item: Item) -> None:
        """Say this to the far server, after all that was said before."""
        ...

    def __aiter__(self) -> FarSession:
        """Itself."""
        ...

    async def __anext__(self) -> Item:
        """The next thing that the far server says, until the session's end."""
        ...


class Far(Protocol):
    """The far server."""

    async def exchange(
        self, request: Message, notify: Notify = ..., *, budget_s: float | None = None
    ) -> Message:
        """The response to one request of protocol 2026-07-28; cancelling withdraws it."""
        ...

    async def listen(self, request: Message, notify: Notify) -> Message:
        """The response to a subscription, which comes at its end; cancelling ends it."""
        ...

    def open_session(self) -> AbstractAsyncContextManager[FarSession]:
        """A session for one client of the handshake era."""
        ...
