"""Azure's limits, checked the same way by every carrier before any work is done."""

from __future__ import annotations

from mcp_bridge.carriers.port import MAX_TAKE, MAX_TEXT_BYTES
from mcp_bridge.errors import Code, LocalFault, PeerFault
from mcp_bridge.names import is_queue_name

_WEEK_S = 7 * 24 * 3600


def check_name(queue: str) -> None:
    """Raises LocalFault(BAD_SETTINGS) if no queue can have this name."""
    if not is_queue_name(queue):
        raise LocalFault(Code.BAD_SETTINGS)


def check_put(text: str, ttl_s: int) -> None:
    """Raises PeerFault(TOO_LARGE) if the text does not fit, ValueError for a life of nothing."""
    if len(text) > MAX_TEXT_BYTES or len(text.encode()) > MAX_TEXT_BYTES:
        raise PeerFault(Code.TOO_LARGE)
    if ttl_s < 1:
        raise ValueError("ttl_s is at least 1")


def check_take(limit: int, lease_s: int) -> None:
    """Raises ValueError outside 1..MAX_TAKE messages or 1 s .. 7 days."""
    if not 1 <= limit <= MAX_TAKE:
        raise ValueError("limit is 1..32")
    check_lease(lease_s)


def check_lease(lease_s: int) -> None:
    """Raises ValueError outside 1 s .. 7 days; 0 would mean "release now" on Azure."""
    if not 1 <= lease_s <= _WEEK_S:
        raise ValueError("lease_s is 1..604800")
