"""The calling side's look: is anybody there, and if not, since when?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mcp_bridge.carriers.port import MAX_TAKE, Carrier
from mcp_bridge.errors import CarrierFault, Code
from mcp_bridge.presence.record import PERIOD_S, Record, State, open_record
from mcp_bridge.sealing import KeyRing

CACHED_S = 10.0
STALE_S = 2.5 * PERIOD_S  # one record may be late, two are not

_CODES: Final = {
    State.CLOSED: Code.CLOSED_HOURS,
    State.PAUSED: Code.PAUSED,
    State.STOPPED: Code.ASLEEP,
}


@dataclass(frozen=True, slots=True)
class Absence:
    """Nobody is there: why, and how many seconds ago somebody was."""

    code: Code  # CLOSED_HOURS, PAUSED or ASLEEP
    last_seen_s: int
    hours: str | None

    def details(self) -> Mapping[str, str | int]:
        """For a failure."""
        hours = {} if self.hours is None else {"hours": self.hours}
        return {"last_seen_s": self.last_seen_s, **hours}


@dataclass(slots=True)
class Lookout:
    """For one caller; `clock` gives seconds."""

    carrier: Carrier
    queue: str
    keys: KeyRing
    clock: Callable[[], float]
    _seen: Absence | None = None
    _until: float = field(default=0.0)

    async def absence(self) -> Absence | None:
        """None if somebody is there, or nobody can know. At most one operation in CACHED_S."""
        if self._until <= self.clock():
            try:
                self._seen = await self._look()
            except CarrierFault:  # there may be no such queue, or no right to look into it
                self._seen = None
            self._until = self.clock() + CACHED_S
        return self._seen

    async def _look(self) -> Absence | None:
        peeked = await self.carrier.peek(self.queue, limit=MAX_TAKE)
        opened = [(open_record(one.text, self.keys), one.age_s) for one in peeked]
        latest: dict[str, tuple[float, Record]] = {}
        for record, age_s in opened:
            known = latest.get(record.instance) if record else None
            if record is not None and (known is None or age_s <= known[0]):
                latest[record.instance] = age_s, record
        if not latest:
            return None
        absences = [_absence(record, age_s) for age_s, record in latest.values()]
        if any(absence is None for absence in absences):
            return None
        return min((one for one in absences if one), key=lambda one: one.last_seen_s)


def _absence(record: Record, age_s: float) -> Absence | None:
    polled_s = age_s + record.polled_s if record.state is State.OPEN else age_s
    if polled_s > STALE_S:  # it sleeps, or is awake and does not reach its queue
        return Absence(Code.ASLEEP, int(polled_s), record.hours)
    code = _CODES.get(record.state)
    return None if code is None else Absence(code, int(age_s), record.hours)
