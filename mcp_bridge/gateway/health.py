"""Whether the far server can be reached, and what the gateway did. Nothing here names a caller.

`/healthz` says that this process answers. `/readyz` says that a whole round trip through both
queues and the far server worked a moment ago; if none did of late, it makes one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from mcp_bridge.errors import BRIDGE_ERROR
from mcp_bridge.gateway.far import Far, FarSession
from mcp_bridge.rpc import Message, Notify, as_object, request as own_request

RECENT_S = 10.0  # a round trip proves readiness for this long
PROBE_S = 5.0

_OUTCOMES = ("result", "error", "bridge_error", "cancelled")


async def _unheard(_message: Message) -> None:
    """A `Notify` for calls that want no notifications."""


@dataclass(slots=True)
class Watched:
    """A `Far` that remembers when it worked, and counts."""

    far: Far
    worked_at: float | None = None
    calls: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0
    running: int = 0
    subscriptions: int = 0
    sessions: int = 0
    _probing: anyio.Lock = field(default_factory=anyio.Lock)

    async def exchange(
        self, request: Message, notify: Notify = _unheard, *, budget_s: float | None = None
    ) -> Message:
        """As the far server answers it."""
        began = anyio.current_time()
        self.running += 1
        outcome = "cancelled"
        try:
            response = await self.far.exchange(request, notify, budget_s=budget_s)
            outcome = _outcome(response)
        finally:
            self.running -= 1
            self.calls[outcome] += 1
            self.seconds += anyio.current_time() - began
        if outcome != "bridge_error":
            self.worked_at = anyio.current_time()
        return response

    async def is_ready(self) -> bool:
        """Whether a round trip worked within RECENT_S; many who ask at once cause one."""
        async with self._probing:
            if self._is_recent():
                return True
            # No server of this era knows `ping`, and nobody keeps the answer: it really travels.
            await self.exchange(own_request("ping", "ready"), budget_s=PROBE_S)
            return self._is_recent()

    async def listen(self, request: Message, notify: Notify) -> Message:
        """As the far server answers it."""
        self.subscriptions += 1
        try:
            return await self.far.listen(request, notify)
        finally:
            self.subscriptions -= 1

    @asynccontextmanager
    async def open_session(self) -> AsyncGenerator[FarSession]:
        """As the far server has it."""
        self.sessions += 1
        try:
            async with self.far.open_session() as session:
                yield session
        finally:
            self.sessions -= 1

    def _is_recent(self) -> bool:
        return self.worked_at is not None and anyio.current_time() - self.worked_at < RECENT_S

    def text(self) -> str:
        """The counters, in the format that Prometheus reads."""
        lines = [
            "# TYPE mcp_bridge_calls_total counter",
            *(f'mcp_bridge_calls_total{{outcome="{key}"}} {self.calls[key]}' for key in _OUTCOMES),
            "# TYPE mcp_bridge_call_seconds_total counter",
            f"mcp_bridge_call_seconds_total {self.seconds:.6f}",
            "# TYPE mcp_bridge_calls_running gauge",
            f"mcp_bridge_calls_running {self.running}",
            "# TYPE mcp_bridge_subscriptions gauge",
            f"mcp_bridge_subscriptions {self.subscriptions}",
            "# TYPE mcp_bridge_sessions gauge",
            f"mcp_bridge_sessions {self.sessions}",
        ]
        return "\n".join(lines) + "\n"


def _outcome(response: Message) -> str:
    if "error" not in response:
        return "result"
    is_ours = as_object(response["error"]).get("code") == BRIDGE_ERROR
    return "bridge_error" if is_ours else "error"
