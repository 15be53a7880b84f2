"""What the core tells its views. Plain values; the GUI turns them into signals in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_tools.approval import Decision, Proposal
from local_tools.ledger import LedgerEntry
from mcp_bridge.events import FrameEvent, HealthEvent


@dataclass(frozen=True, slots=True)
class BridgeChanged:
    """A side of the bridge changed state. `side` is "listener" or "caller"."""

    side: str
    event: HealthEvent


@dataclass(frozen=True, slots=True)
class FrameMoved:
    """A frame passed a hop."""

    side: str
    event: FrameEvent


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A release waits for the doctor. `timeout_s` None: it waits for ever."""

    ticket: int
    proposal: Proposal
    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class ApprovalClosed:
    """The question is settled: by the doctor, by the clock, or because the caller left."""

    ticket: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class LedgerGrew:
    """A row was added to the ledger."""

    entry: LedgerEntry


CoreEvent = BridgeChanged | FrameMoved | ApprovalAsked | ApprovalClosed | LedgerGrew
OnCoreEvent = Callable[[CoreEvent], None]
