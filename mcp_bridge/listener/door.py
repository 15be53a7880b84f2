"""The port for another way in to what a listener serves, with messages of another shape."""

from __future__ import annotations

from typing import Protocol

from mcp_bridge.listener.answering import Answering
from mcp_bridge.listener.polling import ListenerOptions


class Door(Protocol):
    """Opened by a listener, once it has started its upstream."""

    async def serve(self, answering: Answering, options: ListenerOptions) -> None:
        """Take requests and have them answered until cancelled; then finish what runs.

        A failure of the carrier is outlived and reported, like the listener's own.
        """
        ...

    def wake(self) -> None:
        """A request may be about to come. From the loop only."""
        ...
