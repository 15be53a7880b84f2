"""How long to wait after the queue service failed, and which failures are worth another try."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from mcp_bridge.errors import CarrierBusy, CarrierFault, CarrierUnreachable

_QUICK_FIRST_S, _QUICK_LAST_S = 0.25, 10.0  # no answer, or throttled: it may be over in a moment
_SLOW_FIRST_S, _SLOW_LAST_S = 1.0, 60.0  # refused, or no queue: a person must act

T = TypeVar("T")


class Backoff:
    """Pauses that double from one failure to the next, until `reset`."""

    def __init__(self) -> None:
        self._pause_s = 0.0

    def reset(self) -> None:
        """It works again."""
        self._pause_s = 0.0

    def after(self, fault: CarrierFault) -> float:
        """Seconds to wait now."""
        quick = may_pass(fault)
        first, last = (_QUICK_FIRST_S, _QUICK_LAST_S) if quick else (_SLOW_FIRST_S, _SLOW_LAST_S)
        self._pause_s = min(max(first, self._pause_s * 2), last)
        return self._pause_s


def may_pass(fault: CarrierFault) -> bool:
    """Whether the same operation may well succeed in a moment."""
    return isinstance(fault, CarrierUnreachable | CarrierBusy)


async def patiently(operation: Callable[[], Awaitable[T]], *, until: float) -> T:
    """Try until it succeeds or the loop's clock says `until`.

    The operation must be one that does no harm twice: frames carry a `mid`, so putting one is.
    Raises the CarrierFault that leaves most open: CarrierUnreachable if there was one, since then
    an earlier try may have reached the service; else the last.
    """
    backoff = Backoff()
    doubt: CarrierUnreachable | None = None
    while True:
        try:
            return await operation()
        except CarrierFault as fault:
            if isinstance(fault, CarrierUnreachable):
                doubt = fault
            pause_s = backoff.after(fault)
            if not may_pass(fault) or anyio.current_time() + pause_s >= until:
                raise (doubt or fault) from None
            await anyio.sleep(pause_s)
