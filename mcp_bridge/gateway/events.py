"""What was sent in one session, for a client that lost a stream and resumes it. In memory only."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count

from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage
from typing_extensions import override

MAX_EVENTS = 1024  # of one session; a client that was away for longer has lost the oldest


class RecentEvents(EventStore):
    """The latest events of one session."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._events: OrderedDict[int, tuple[str, JSONRPCMessage | None]] = OrderedDict()

    @override
    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep it; its id."""
        number = next(self._numbers)
        self._events[number] = (stream_id, message)
        if len(self._events) > MAX_EVENTS:
            self._events.popitem(last=False)
        return str(number)

    @override
    async def replay_events_after(
        self, last_event_id: str, send_callback: EventCallback
    ) -> str | None:
        """Send again what came after on the same stream; which stream that is, if it is known."""
        last = int(last_event_id) if last_event_id.isdecimal() else 0
        if last not in self._events:
            return None
        stream, _ = self._events[last]
        for number, (its_stream, message) in list(self._events.items()):
            if number > last and its_stream == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream
