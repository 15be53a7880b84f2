"""How long it usually takes until something comes. Pure; times the first poll of a wait.

A poll too early is one operation more, and in the way of what it waits for; a poll too late is time
lost. When something came is not known, only whether the first poll found it. So the first poll
moves: a little earlier when it found something, later when it did not, until it finds something
about two times in three. Several in a row that found something speed it up: the times may have
changed.
"""

from __future__ import annotations

START = 0.6  # of the first wait: what a poll found was there some time before
EARLIER, LATER = 0.01, 0.04  # by this share; their ratio makes the two in three
FASTER, FASTEST = 1.5, 0.2  # a row of finds: each step by this factor longer, up to this share
LONGEST_S = 0.06  # to trust it for longer would make a quick answer wait for a slow rhythm
SHORTEST_S = 0.0005


class Rhythm:
    """Fed with waits, says how much of the next one can be slept through."""

    def __init__(self) -> None:
        self._quiet_s = 0.0
        self._step = EARLIER

    def heard(self, seconds: float, *, at_first: bool) -> None:
        """A wait took this long, and its first poll ended it, or did not."""
        if not self._quiet_s:
            self._set(seconds * START)
        elif at_first:
            self._set(self._quiet_s * (1 - self._step))
            self._step = min(self._step * FASTER, FASTEST)
        else:
            self._set(self._quiet_s * (1 + LATER))
            self._step = EARLIER

    def quiet_s(self) -> float:
        """Seconds in which the next one will hardly come: 0 as long as nothing is known."""
        return self._quiet_s

    def _set(self, seconds: float) -> None:
        self._quiet_s = min(max(seconds, SHORTEST_S), LONGEST_S)
