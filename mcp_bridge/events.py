"""What the bridge tells whoever hosts it: which frame is where. Never a payload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mcp_bridge.errors import Code


class Hop(StrEnum):
    """A place on the way of a call, in the order of the way."""

    SENT = "sent"  # caller: the request is on the queue
    TAKEN = "taken"  # listener: leased from the queue
    STARTED = "started"  # listener: handed to the server
    ANSWERED = "answered"  # listener: the reply is on the queue
    RECEIVED = "received"  # caller: the reply is here
    FAILED = "failed"  # either side; `code` says why
    QUARANTINED = "quarantined"  # listener: a frame was put aside
    RESENT = "resent"  # listener: a stored reply went out again


class Contract(StrEnum):
    """What messages on a queue look like, and so who can read them."""

    FRAMES = "frames"  # sealed: the two sides only
    FOUNDRY_TOOL = "foundry_tool"  # not sealed: whoever may read the queue
    PLAIN_RPC = "plain_rpc"  # not sealed

    @property
    def is_sealed(self) -> bool:
        """Whether the queue service sees nothing of what is said."""
        return self is Contract.FRAMES


class Health(StrEnum):
    """State of one side, as the status bar shows it."""

    STARTING = "starting"
    READY = "ready"
    UNREACHABLE = "unreachable"
    DENIED = "denied"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FrameEvent:
    """One frame passed one hop; `method` is the MCP method, `elapsed_ms` since the first hop."""

    hop: Hop
    mid: str
    method: str | None = None
    elapsed_ms: float | None = None
    size: int | None = None
    code: Code | None = None
    contract: Contract = Contract.FRAMES


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """One side changed state; each contract on a listener's side has a state of its own."""

    health: Health
    code: Code | None = None
    contract: Contract = Contract.FRAMES


BridgeEvent = FrameEvent | HealthEvent
OnEvent = Callable[[BridgeEvent], None]


def ignore(_event: BridgeEvent) -> None:
    """An `OnEvent` for callers that do not watch."""
