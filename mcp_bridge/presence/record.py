"""The record: what the serving side says of itself, sealed like any reply. Pure.

It holds no time: its age is by the carrier's clock, so no clocks need agree.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import uuid4

from mcp_bridge.errors import BridgeError, Code, PeerFault
from mcp_bridge.frames import VERSION, Direction, Header, Kind, parse, serialize
from mcp_bridge.sealing import KeyRing

PERIOD_S = 60.0  # a record is renewed this often: 120 operations an hour, with the deletions
KEEP_S = 7 * 24 * 3600  # the last one stays this long, so that "since when" can be told


class State(StrEnum):
    """What the serving side does."""

    OPEN = "open"
    CLOSED = "closed"  # outside its opening hours
    PAUSED = "paused"  # by a person
    STOPPED = "stopped"  # it ended properly


@dataclass(frozen=True, slots=True)
class Record:
    """One serving side."""

    instance: str  # tells listeners on one bridge apart; names nobody
    state: State
    hours: str | None = None  # as `hours.OpeningHours` reads them
    polled_s: int = 0  # before the record was written, the request queue was last asked
    version: int = VERSION  # of the wire protocol

    def sealed(self, keys: KeyRing) -> str:
        """A queue text."""
        header = Header(direction=Direction.REPLY, mid=uuid4().hex, kind=Kind.PRESENCE)
        return serialize(keys.seal(header, json.dumps(asdict(self)).encode()))


def open_record(text: str, keys: KeyRing) -> Record | None:
    """The record in a queue text; None if it is none of ours."""
    try:
        frame = parse(text)
        if frame.header.kind is not Kind.PRESENCE:
            return None
        return _record(keys.open(frame, Direction.REPLY))
    except BridgeError:
        return None


def _record(body: bytes) -> Record:
    try:
        value: Any = json.loads(body)
        hours = value.get("hours")
        return Record(
            str(value["instance"])[:64],
            State(value["state"]),
            None if hours is None else str(hours)[:200],
            int(value["polled_s"]),
            int(value["version"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PeerFault(Code.NOT_A_FRAME) from None
