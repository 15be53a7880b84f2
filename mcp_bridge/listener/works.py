"""The requests that a listener is working on, each of them once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import anyio

from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.listener.hold import Hold

MAX_RECALLED = 1024  # cancels remembered whose requests have not come yet


@dataclass(slots=True, eq=False)
class Work:
    """One request on its way through the listener. Times are on the loop's clock."""

    mid: str  # its identity
    caller: str  # who asks, as far as that is known: from the authenticated header, or a contract
    hold: Hold
    taken_at: float
    deadline: float  # nobody waits for the answer after this
    may_have_run: bool  # before we run it: in an earlier life, or at another listener
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)  # around the upstream
    is_whole: bool = False  # all chunks are here
    recalled: bool = False  # by a cancel frame
    kid: str = ""  # of the key that it was sealed with, and so its answer

    def recall(self) -> None:
        """The caller does not want it any more."""
        self.recalled = True
        self.scope.cancel()


class Works:
    """By `mid`; and the ones recalled before they came. For one thread."""

    def __init__(self, carrier: Carrier, queue: str, lease_s: int) -> None:
        self._carrier = carrier
        self._queue = queue
        self._lease_s = lease_s
        self._works: dict[str, Work] = {}
        self._recalled: OrderedDict[str, None] = OrderedDict()

    def __iter__(self) -> Iterator[Work]:
        return iter(self._works.values())

    def get(self, mid: str) -> Work | None:
        """The one of this identity, if it is being worked on."""
        return self._works.get(mid)

    def begin(self, mid: str, caller: str, taken: Taken, budget_s: float) -> Work:
        """Take up a request of which this is the first message; it is not held yet.

        Args:
            mid: its identity.
            caller: who asks.
            taken: the message.
            budget_s: how long the caller waits, counted from the put.
        """
        now = anyio.current_time()
        work = Work(
            mid,
            caller,
            Hold(self._carrier, self._queue, self._lease_s),
            taken_at=now,
            deadline=now + budget_s - taken.age_s,
            may_have_run=taken.times_taken > 1,  # until the journal says what happened then
        )
        if mid in self._recalled:
            del self._recalled[mid]
            work.recall()
        self._works[mid] = work
        return work

    def recall(self, mid: str) -> None:
        """Nobody wants it, whether it is here or yet to come."""
        work = self._works.get(mid)
        if work is not None:
            work.recall()
            return
        self._recalled[mid] = None
        if len(self._recalled) > MAX_RECALLED:
            self._recalled.popitem(last=False)

    def forget(self, work: Work, *, never_again: bool) -> None:
        """It is done with; or refused, and a double that still comes must not run either."""
        if self._works.get(work.mid) is work:
            del self._works[work.mid]
        if never_again:
            self.recall(work.mid)
