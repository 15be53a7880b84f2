"""What queues, bridges and callers may be called. Pure; the one place that knows the pattern.

Names are fixed per bridge, so that IT can create the queues beforehand with least rights.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mcp_bridge.errors import Code, LocalFault

# Azure: 3-63 of [a-z0-9-], a letter or digit at both ends, no hyphen beside a hyphen.
_WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

# The longest queue name, "NAME-res-CALLER", then has exactly the 63 characters that Azure allows.
MAX_NAME = 32
MAX_CALLER = 26


def is_queue_name(text: str) -> bool:
    """Whether Azure would take `text` as the name of a queue."""
    return 3 <= len(text) <= 63 and _WORDS.fullmatch(text) is not None


def is_caller_name(text: str) -> bool:
    """Whether `text` may stand in a frame's `reply` and so become part of a queue name."""
    return 1 <= len(text) <= MAX_CALLER and _WORDS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class QueueNames:
    """The queues of one bridge."""

    requests: str  # shared by all callers
    quarantine: str  # frames that nobody could take
    response_prefix: str
    pair_requests: str  # from the side that types a code, while the two are paired
    presence: str  # who serves, and since when; looked at, never taken by callers
    pair_replies: str  # from the side that showed it

    def responses(self, caller: str) -> str:
        """The queue that one calling process reads its replies from.

        Raises:
            LocalFault: `caller` is no caller name.
        """
        if not is_caller_name(caller):
            raise LocalFault(Code.BAD_SETTINGS)
        return self.response_prefix + caller


def queue_names(name: str) -> QueueNames:
    """The queues of the bridge `name`.

    Raises:
        LocalFault: `name` is empty, too long, or has other characters than `[a-z0-9-]`.
    """
    if len(name) > MAX_NAME or _WORDS.fullmatch(name) is None:
        raise LocalFault(Code.BAD_SETTINGS)
    return QueueNames(
        f"{name}-req",
        f"{name}-quarantine",
        f"{name}-res-",
        pair_requests=f"{name}-pair-q",
        presence=f"{name}-presence",
        pair_replies=f"{name}-pair-r",
    )
