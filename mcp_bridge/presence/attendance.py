"""The serving side's attendance: open or not, told to callers; and awake again after a sleep.

Every few seconds it compares what the clocks say with what should have passed. When they jumped
together or apart, the PC slept: the listener polls at once and its leases are renewed or given up.
"""

from __future__ import annotations

import hashlib
import math
import platform
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import anyio

from mcp_bridge.carriers.port import MAX_TAKE, Carrier, Receipt
from mcp_bridge.errors import CarrierFault, QueueMissing
from mcp_bridge.presence.hours import OpeningHours
from mcp_bridge.presence.record import KEEP_S, PERIOD_S, Record, State, open_record
from mcp_bridge.sealing import KeyRing

TICK_S = 5.0
SLEPT_S = 20.0  # the clocks went on by this much more than a tick
CLOSED_GAP_S = 20.0  # between polls outside the opening hours
LOOK_S = 1  # own records of an earlier life are hidden for this long, and deleted
FAREWELL_S = 2.0

_GAPS: Final = {State.OPEN: 0.0, State.CLOSED: CLOSED_GAP_S, State.PAUSED: math.inf}


class Rests(Protocol):
    """What attendance needs of a listener."""

    def rest(self, gap_s: float) -> None:
        """Poll no more often than this; 0 is as it likes, infinity not at all."""
        ...

    def resumed(self) -> None:
        """The PC woke up."""
        ...

    def polled_at(self) -> float:
        """When the request queue was last asked with success, on the loop's clock."""
        ...


class Attendance:
    """Keeps one record on the queue, for one listener."""

    def __init__(
        self,
        carrier: Carrier,
        queue: str,
        keys: KeyRing,
        listener: Rests,
        *,
        hours: OpeningHours | None = None,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`now` gives the local time, for the opening hours; `wall` seconds, to notice a sleep."""
        self._carrier = carrier
        self._queue = queue
        self._keys = keys
        self._listener = listener
        self._hours = hours
        self._now = now
        self._wall = wall
        self._instance = hashlib.sha256(platform.node().encode()).hexdigest()[:12]
        self._is_paused = False
        self._changed = anyio.Event()
        self._told: State | None = None
        self._told_at = -math.inf
        self._receipt: Receipt | None = None

    @property
    def state(self) -> State:
        """What holds now."""
        if self._is_paused:
            return State.PAUSED
        is_open = self._hours is None or self._hours.is_open(self._now())
        return State.OPEN if is_open else State.CLOSED

    def pause(self, *, paused: bool = True) -> None:
        """Take no request any more, or again; callers are told. From the loop only."""
        self._is_paused = paused
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled; then the last record says that it ended."""
        try:
            await self._forget_earlier_life()
            while True:
                await self._attend()
                await self._tick()
        finally:
            with anyio.move_on_after(FAREWELL_S, shield=True):
                await self._tell(State.STOPPED)

    async def _attend(self) -> None:
        state = self.state
        if state is not self._told:
            self._listener.rest(_GAPS[state])
        due = anyio.current_time() - self._told_at >= PERIOD_S - TICK_S / 2
        if state is not self._told or due:
            await self._tell(state)

    async def _tick(self) -> None:
        wall, inside = self._wall(), anyio.current_time()
        with anyio.move_on_after(TICK_S):
            await self._changed.wait()
            self._changed = anyio.Event()
        passed_s = max(self._wall() - wall, anyio.current_time() - inside)
        if passed_s > TICK_S + SLEPT_S or self._wall() < wall - SLEPT_S:
            self._told = None  # the record is old too
            self._listener.resumed()

    async def _tell(self, state: State) -> None:
        since_s = anyio.current_time() - self._listener.polled_at()
        polled_s = 0 if math.isinf(since_s) else int(since_s)  # infinite before the first poll
        hours = self._hours.text if self._hours else None
        text = Record(self._instance, state, hours, polled_s).sealed(self._keys)
        before = self._receipt
        self._told, self._told_at = state, anyio.current_time()
        try:
            self._receipt = await self._put(text)
            if before is not None:
                await self._carrier.delete(self._queue, before)
        except CarrierFault:
            return  # the next one will tell; without any, callers wait as long as they like

    async def _put(self, text: str) -> Receipt:
        try:
            return await self._carrier.put(self._queue, text, ttl_s=KEEP_S)
        except QueueMissing:
            await self._carrier.create(self._queue)
            return await self._carrier.put(self._queue, text, ttl_s=KEEP_S)

    async def _forget_earlier_life(self) -> None:
        try:
            for taken in await self._carrier.take(self._queue, limit=MAX_TAKE, lease_s=LOOK_S):
                record = open_record(taken.text, self._keys)
                if record is None or record.instance == self._instance:
                    await self._carrier.delete(self._queue, taken.receipt)
        except CarrierFault:
            return  # there is no queue yet, or no right to take from it
