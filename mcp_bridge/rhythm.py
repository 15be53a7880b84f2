"""How long it usually takes until something comes. Pure; times the first poll of a wait."""

from __future__ import annotations

from collections import deque

KEPT = 20  # observations; older ones say little of now
SHARE = 0.6  # of the quick ones: what a poll found was there some time before
LONGEST_S = 0.06  # to trust it for longer would make a quick answer wait for a slow rhythm


class Rhythm:
    """Fed with waits, says how much of the next one can be slept through."""

    def __init__(self) -> None:
        self._waits: deque[float] = deque(maxlen=KEPT)

    def heard(self, seconds: float) -> None:
        """A wait took this long."""
        self._waits.append(seconds)

    def quiet_s(self) -> float:
        """Seconds in which the next one will hardly come: 0 as long as nothing is known."""
        if not self._waits:
            return 0.0
        quick = sorted(self._waits)[len(self._waits) // 4]
        return min(quick * SHARE, LONGEST_S)
