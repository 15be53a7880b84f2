"""How often one caller may call. Pure; the clock is passed in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_KNOWN = 4096  # callers remembered; the one that was quiet for longest is forgotten first


@dataclass(slots=True)
class RateLimit:
    """A bucket of calls for each caller: `burst` at once, `per_s` refilled a second."""

    per_s: float
    burst: int
    clock: Callable[[], float]
    _left: OrderedDict[str, tuple[float, float]] = field(
        default_factory=OrderedDict[str, tuple[float, float]]
    )

    def wait_s(self, caller: str) -> float:
        """0 if this call may go on (it is counted), else the seconds after which one may."""
        now = self.clock()
        left, at = self._left.pop(caller, (float(self.burst), now))
        left = min(left + (now - at) * self.per_s, float(self.burst))
        missing = max(0.0, 1.0 - left)
        self._left[caller] = (left if missing else left - 1.0, now)
        if len(self._left) > MAX_KNOWN:
            self._left.popitem(last=False)
        return missing / self.per_s
