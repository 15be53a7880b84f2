"""When to poll a queue next. Pure: the clock and the dice are passed in.

Storage queues have no long poll, so waiting means asking again. The gap until the next question is

    found something             0         there may be more
    hot, just now               base      the measured round trip, but never below 2 ms:
                                          asking without a pause slows the service down
    hot, t seconds on           t / 10    late by a tenth at most; up to `hot_gap_s`
    no longer hot               grows by a tenth of the seconds since, up to `idle_cap_s`

It is hot for `hot_s` after `heat()`: a call is pending, the doctor sent a message, a window opened,
the PC woke up. Idle gaps vary by -5 % to +25 %, so that many clinics do not ask in step; with the
default cap that is at most 1,895 operations an hour.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

FLOOR_S = 0.002
_SHARE = 0.1
_UNMEASURED_RTT_S = 0.025
_SMOOTHING = 0.2
_SHORTEST, _LONGEST = 0.95, 1.25


class Cadence:
    """Fed with what polls found and how long they took; says how long to wait."""

    def __init__(
        self,
        *,
        idle_cap_s: float = 2.0,
        hot_s: float = 60.0,
        hot_gap_s: float = 0.125,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Start hot.

        Args:
            idle_cap_s: the longest gap, before jitter.
            hot_s: how long one `heat()` lasts.
            hot_gap_s: the longest gap while hot.
            clock: monotonic seconds.
            jitter: a number from 0 up to 1, new each time.
        """
        self._idle_cap_s = idle_cap_s
        self._hot_s = hot_s
        self._hot_gap_s = hot_gap_s
        self._clock = clock
        self._jitter = jitter
        self._heated_at = clock()
        self._rtt_s: float | None = None
        self._more = False

    def heat(self) -> None:
        """Something is about to come."""
        self._heated_at = self._clock()

    def found(self) -> None:
        """The poll brought something."""
        self._more = True
        self.heat()

    def empty(self) -> None:
        """The poll brought nothing."""
        self._more = False

    def measured(self, rtt_s: float) -> None:
        """One empty poll took `rtt_s`."""
        known = self._rtt_s
        self._rtt_s = rtt_s if known is None else known + _SMOOTHING * (rtt_s - known)

    def gap(self) -> float:
        """Seconds until the next poll."""
        if self._more:
            return 0.0
        base = max(FLOOR_S, _UNMEASURED_RTT_S if self._rtt_s is None else self._rtt_s)
        hottest = max(base, self._hot_gap_s)
        since = self._clock() - self._heated_at
        if since < self._hot_s:
            return min(max(base, since * _SHARE), hottest)
        idle = min(hottest + (since - self._hot_s) * _SHARE, max(base, self._idle_cap_s))
        return idle * (_SHORTEST + (_LONGEST - _SHORTEST) * self._jitter())
