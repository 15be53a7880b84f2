"""Where calls are on the way PC - gate - queue - agent, folded from bridge events. Pure.

A call starts at the agent: the caller puts it on the queue, the listener takes it, the PC answers
through the gate, and the reply goes back over the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mcp_bridge.events import FrameEvent, Hop

MAX_CALLS = 256
# A tool call; what sets up a session or lists tools has nothing to do with a patient.
CALL = "tools/call"


class Node(StrEnum):
    """The four places of the picture, in the order in which an answer leaves."""

    PC = "pc"
    GATE = "gate"
    QUEUE = "queue"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class NodeState:
    """What stands under a place. `latency_ms` is of the last call that passed it."""

    active: int = 0
    passed: int = 0
    latency_ms: float | None = None
    failed: bool = False


@dataclass(slots=True)
class _Call:
    node: Node
    since: float
    started: float
    on_queue_s: float = 0.0
    held_s: float = 0.0  # of the time on the PC, how long the doctor was asked


@dataclass(slots=True)
class Flow:
    """Fold events with `apply`; read with `state`. Times are seconds of one monotonic clock."""

    cut_off: bool = False  # the queue cannot be reached now, whatever the last call did
    _calls: dict[str, _Call] = field(default_factory=dict[str, _Call])
    _passed: dict[Node, int] = field(default_factory=dict[Node, int])
    _latency: dict[Node, float] = field(default_factory=dict[Node, float])
    _failed: dict[Node, bool] = field(default_factory=dict[Node, bool])
    _held: dict[int, float] = field(default_factory=dict[int, float])  # by ticket, since when

    def apply(self, event: FrameEvent, now: float) -> None:
        """One frame passed one hop."""
        if event.method not in {None, CALL}:
            return
        call = self._calls.get(event.mid)
        match event.hop:
            case Hop.SENT if event.method == CALL:
                self._begin(event.mid, now)
            case Hop.TAKEN | Hop.STARTED if call and call.node is Node.QUEUE:
                self._move(call, Node.PC, now)
            case Hop.ANSWERED if call:
                self._move(call, Node.QUEUE, now)
            case Hop.RECEIVED if call:
                self._end(event.mid, now)
            case Hop.FAILED if call:
                self._failed[call.node] = True
                del self._calls[event.mid]
            case _:
                pass

    def hold(self, ticket: int, now: float) -> None:
        """A release waits for the doctor at the gate."""
        self._held[ticket] = now

    def let_go(self, ticket: int, now: float) -> None:
        """The doctor, or the clock, decided."""
        since = self._held.pop(ticket, now)
        self._latency[Node.GATE] = (now - since) * 1000
        self._passed[Node.GATE] = self._passed.get(Node.GATE, 0) + 1
        for call in self._calls.values():
            if call.node is Node.PC:
                call.held_s += now - max(since, call.since)

    def state(self) -> Mapping[Node, NodeState]:
        """What to paint."""
        active = dict.fromkeys(Node, 0)
        for call in self._calls.values():
            active[call.node] += 1
        active[Node.GATE] = len(self._held)
        active[Node.PC] = max(0, active[Node.PC] - len(self._held))
        active[Node.AGENT] = len(self._calls)
        return {
            node: NodeState(
                active[node],
                self._passed.get(node, 0),
                self._latency.get(node),
                self._failed.get(node, False) or (node is Node.QUEUE and self.cut_off),
            )
            for node in Node
        }

    def _begin(self, mid: str, now: float) -> None:
        if len(self._calls) >= MAX_CALLS:
            self._calls.pop(next(iter(self._calls)))
        self._calls[mid] = _Call(Node.QUEUE, now, now)
        self._failed.clear()

    def _move(self, call: _Call, to: Node, now: float) -> None:
        spent = now - call.since
        if call.node is Node.QUEUE:
            call.on_queue_s += spent
        else:
            self._passed[call.node] = self._passed.get(call.node, 0) + 1
            self._latency[call.node] = max(0.0, spent - call.held_s) * 1000
        call.node, call.since = to, now

    def _end(self, mid: str, now: float) -> None:
        call = self._calls.pop(mid)
        call.on_queue_s += now - call.since
        for node, spent in ((Node.QUEUE, call.on_queue_s), (Node.AGENT, now - call.started)):
            self._passed[node] = self._passed.get(node, 0) + 1
            self._latency[node] = spent * 1000
