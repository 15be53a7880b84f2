"""The bad days of the fault suite, by name; each with what it must not cost."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import CarrierBusy, CarrierDenied, CarrierUnreachable
from tests.fakes.faulty_carrier import Delay, Drop, Duplicate, Fault, Raise, Reverse, Truncate
from tests.faults.harness import Choose, Day

OFTEN = 0.1

# Operations that a queue service may lose, double or bring in another order.
_CARRYING = (Operation.PUT, Operation.TAKE)


_EVERYTHING: tuple[Fault, ...] = (
    Drop(),
    Reverse(),
    Raise(CarrierBusy),
    Raise(CarrierUnreachable),
    Raise(CarrierUnreachable, after=True),
    Delay(2.0),
)


def is_lie(fault: Fault | None, operation: Operation, side: str = "") -> bool:
    """Whether the service would say what is not so: a deletion that was none.

    Also a request that it put twice and answered once: a double comes of a put whose answer was
    lost. Where a caller cannot wait (`calling`), its "no" rests on that.
    """
    if isinstance(fault, Duplicate):
        return side == "calling" and operation is Operation.PUT
    return isinstance(fault, Drop) and operation not in _CARRYING


def sometimes(*faults: Fault, share: float = OFTEN, on: tuple[Operation, ...] = ()) -> Choose:
    """One of these, at this share of the operations."""

    def choose(dice: random.Random, operation: Operation) -> Fault | None:
        if (on and operation not in on) or dice.random() >= share:
            return None
        fault = dice.choice(faults)
        return None if is_lie(fault, operation) else fault

    return choose


def both(choose: Choose) -> Day:
    """The same for either side."""
    return Day(listening=choose, calling=choose, chunks=True)


@dataclass(frozen=True)
class Case:
    """A day, and the least share of calls that must come to a result on it."""

    day: Day
    results: float


DAYS = {
    "fair": Case(Day(chunks=True), 1.0),
    "drop": Case(both(sometimes(Drop(), on=_CARRYING)), 0.6),
    "double": Case(both(sometimes(Duplicate(), share=0.4, on=_CARRYING)), 1.0),
    "reorder": Case(both(sometimes(Reverse(), share=0.5, on=(Operation.TAKE,))), 1.0),
    "delay": Case(both(sometimes(Delay(0.3), Delay(3.0))), 0.95),
    "503": Case(both(sometimes(Raise(CarrierBusy), share=0.3)), 1.0),
    "403": Case(both(sometimes(Raise(CarrierDenied))), 0.5),
    "truncated body": Case(both(sometimes(Truncate(), share=0.05, on=(Operation.TAKE,))), 0.5),
    "cut connection": Case(
        both(sometimes(Raise(CarrierUnreachable), Raise(CarrierUnreachable, after=True))), 0.9
    ),
    "clock jump": Case(Day(clock_jumps_s=3600.0, chunks=True), 0.0),
    "suspended": Case(Day(sleeps_s=45.0, chunks=True), 0.2),
    "full disk": Case(Day(full_disk=0.1, chunks=True), 0.5),
    "killed listener": Case(Day(deaths_every=200, chunks=True), 0.1),
    "killed caller": Case(Day(callers_die_every=1000, chunks=True), 0.3),
    "all at once": Case(
        Day(
            listening=sometimes(Duplicate(), *_EVERYTHING),
            # A put that was answered is there once: a double comes of one whose answer was lost.
            calling=sometimes(*_EVERYTHING),
            full_disk=0.02,
            deaths_every=200,
            callers_die_every=5000,
            sleeps_s=5.0,
            chunks=True,
        ),
        0.1,
    ),
}
