"""The port that a contract fills: what its messages look like. Pure; no queue is touched here."""

from __future__ import annotations

import json
import math
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, cast

from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.events import Contract
from mcp_bridge.rpc import Message

# In the `_meta` of a call that came by a contract: its name, for the server's own account.
CONTRACT_META_KEY = "karte-bridge/contract"


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """What one message asks for, and how it is answered."""

    method: str
    params: Mapping[str, Any]
    identity: str  # what its caller knows the call by
    reply_queue: str
    # The response as the text to put. Raises TypeError or ValueError for what is no JSON.
    write: Callable[[Message], str]


class Shape(Protocol):
    """One contract on one input queue."""

    @property
    def contract(self) -> Contract:
        """Its kind."""
        ...

    @property
    def tools(self) -> frozenset[str]:
        """The tools that it offers."""
        ...

    @property
    def input_queue(self) -> str:
        """Where calls come from."""
        ...

    @property
    def own_queues(self) -> tuple[str, ...]:
        """All queues that are there for good, the input queue first."""
        ...

    @property
    def reply_queue_stays(self) -> bool:
        """Whether answers go to one of `own_queues`; else each caller makes a queue, and leaves."""
        ...

    def read(self, text: str) -> Call:
        """What a message asks for.

        Raises:
            PeerFault: NOT_A_CALL, it cannot be answered and belongs into the poison queue.
        """
        ...


def poison_queue(input_queue: str) -> str:
    """Where messages go that cannot be served, as Azure Functions names it."""
    return f"{input_queue}-poison"


def from_base64(text: str) -> bytes:
    """Raises PeerFault(NOT_A_CALL)."""
    try:
        return b64decode(text.strip(), validate=True)
    except (NotBase64, ValueError):
        raise PeerFault(Code.NOT_A_CALL) from None


def json_object(body: bytes) -> Mapping[str, Any]:
    """The object that `body` is, byte order mark or not. Raises PeerFault(NOT_A_CALL)."""
    try:
        value: object = json.loads(
            body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite
        )
    except (ValueError, RecursionError):
        raise PeerFault(Code.NOT_A_CALL) from None
    if not isinstance(value, dict):
        raise PeerFault(Code.NOT_A_CALL)
    return cast("Mapping[str, Any]", value)


def canonical(value: object) -> str:
    """JSON that is the same for the same value, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _refuse(_constant: str) -> NoReturn:
    raise ValueError  # NaN and Infinity are no JSON, and no server would take them


def _finite(text: str) -> float:
    """Python reads 1e999 as infinity, and would write it so."""
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)
