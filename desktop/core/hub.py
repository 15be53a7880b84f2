"""One place that tells every view what happened. Lives on the loop's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from desktop.core.events import CoreEvent, OnCoreEvent


class Hub:
    """Passes events on, in order, to whoever subscribed. Subscribers must not raise."""

    def __init__(self) -> None:
        self._subscribers: list[OnCoreEvent] = []
        self._loop = asyncio.get_running_loop()

    def subscribe(self, on_event: OnCoreEvent) -> Callable[[], None]:
        """Call `on_event` from now on; the returned function ends that."""
        self._subscribers.append(on_event)

        def leave() -> None:
            if on_event in self._subscribers:
                self._subscribers.remove(on_event)

        return leave

    def announce(self, event: CoreEvent) -> None:
        """Tell all; for callers on the loop's thread."""
        for on_event in tuple(self._subscribers):
            on_event(event)

    def announce_from_thread(self, event: CoreEvent) -> None:
        """Tell all, soon, from any thread."""
        self._loop.call_soon_threadsafe(self.announce, event)
