"""What the gateway needs of the calling side; the port that `Caller` fills."""

from __future__ import annotations

from typing import Protocol

from mcp_bridge.rpc import Message, Notify


class Far(Protocol):
    """The far server, one request at a time."""

    async def exchange(
        self, request: Message, notify: Notify = ..., *, budget_s: float | None = None
    ) -> Message:
        """The response to one request of protocol 2026-07-28; cancelling withdraws it."""
        ...
