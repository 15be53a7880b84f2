"""Asks the doctor, and takes only a clear yes for a yes.

The pipeline calls `decide` through the Approver port; a view shows the question and calls `approve`
or `refuse`. A time-out, a caller that leaves, and the close of the app all mean: not sent.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

from desktop.core.events import ApprovalAsked, ApprovalClosed, OnCoreEvent
from local_tools.approval import Decision, Proposal


@dataclass(slots=True)
class _Question:
    asked: ApprovalAsked
    settled: anyio.Event = field(default_factory=anyio.Event)
    answer: Decision | None = None


class ApprovalDesk:
    """Open questions by ticket, each settled exactly once. Lives on the loop's thread."""

    def __init__(self, announce: OnCoreEvent, *, timeout_s: float | None) -> None:
        self._announce = announce
        self._timeout_s = timeout_s
        self._tickets = itertools.count(1)
        self._open: dict[int, _Question] = {}
        self._closed = False

    async def decide(self, proposal: Proposal) -> Decision:
        """Ask, and wait for the doctor or the clock."""
        if self._closed:
            return Decision.DENIED_BY_RULE
        asked = ApprovalAsked(next(self._tickets), proposal, self._timeout_s)
        question = self._open[asked.ticket] = _Question(asked)
        decision = Decision.APPROVAL_TIMEOUT
        try:
            self._announce(asked)
            with anyio.move_on_after(self._timeout_s):
                await question.settled.wait()
            await anyio.lowlevel.checkpoint_if_cancelled()
            decision = question.answer or Decision.APPROVAL_TIMEOUT
        finally:
            # Also when the caller was cancelled in the very moment of a yes: nothing is sent then.
            self._open.pop(asked.ticket, None)
            self._announce(ApprovalClosed(asked.ticket, decision))
        return decision

    def pending(self) -> tuple[ApprovalAsked, ...]:
        """The questions that wait, oldest first."""
        return tuple(q.asked for q in self._open.values() if q.answer is None)

    def approve(self, ticket: int) -> bool:
        """Send this once. False if the question was already settled."""
        return self._settle(ticket, Decision.APPROVED)

    def refuse(self, ticket: int) -> bool:
        """Do not send. False if the question was already settled."""
        return self._settle(ticket, Decision.DENIED_BY_USER)

    def close(self) -> None:
        """Refuse what waits and whatever is asked later."""
        self._closed = True
        for ticket in tuple(self._open):
            self._settle(ticket, Decision.DENIED_BY_RULE)

    def _settle(self, ticket: int, decision: Decision) -> bool:
        question = self._open.get(ticket)
        if question is None or question.answer is not None:
            return False
        question.answer = decision
        question.settled.set()
        return True
