"""Every failure of the bridge, as one tree.

BridgeError
├── LocalFault       ours: settings, keys, journal, a guard that refused
│   ├── UpstreamGone     what is served is not there; it says whether it may have run
│   └── NotAdmitted      the policy does not let a request in; it did not run
├── PeerFault        the other side's: a frame that does not parse, does not open, is too large
└── CarrierFault     the queue service's
    ├── CarrierUnreachable   DNS, TCP, TLS, proxy, time-out: nothing is known of the outcome
    ├── CarrierDenied        the service knows us and says no (401, 403)
    ├── CarrierBusy          throttled (503, 500 ServerBusy)
    ├── QueueMissing         the queue does not exist and we may not create it
    └── LeaseLost            somebody else holds the message now, or it is gone

An error carries a code and never a value: its text is the code. What crosses the wire is the
`Failure` below (DESIGN section 6: "Errors are typed").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar


class Layer(StrEnum):
    """Where a failure happened, as the caller sees it."""

    CALLER = "caller"
    CARRIER = "carrier"
    LISTENER = "listener"
    POLICY = "policy"
    GUARD = "guard"
    UPSTREAM = "upstream"


class Executed(StrEnum):
    """Whether the tool ran. `UNKNOWN` is an honest answer, never a default for laziness."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Code(StrEnum):
    """Stable names of failures; they appear on the wire, in logs and in the app."""

    BAD_SETTINGS = "bad_settings"
    BAD_KEY = "bad_key"
    JOURNAL_UNUSABLE = "journal_unusable"
    GUARD_REFUSED = "guard_refused"
    CLOSED = "closed"
    PAIRING_FAILED = "pairing_failed"

    TOOL_NOT_ALLOWED = "tool_not_allowed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    RATE_LIMITED = "rate_limited"

    NOT_A_FRAME = "not_a_frame"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_KEY = "unknown_key"
    DOES_NOT_OPEN = "does_not_open"
    WRONG_DIRECTION = "wrong_direction"
    TOO_LARGE = "too_large"
    NOT_JSON_RPC = "not_json_rpc"
    NOT_A_CALL = "not_a_call"  # by an unsealed contract
    REPLAYED = "replayed"

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    BUSY = "busy"
    QUEUE_MISSING = "queue_missing"
    LEASE_LOST = "lease_lost"

    CLOSED_HOURS = "closed_hours"
    PAUSED = "paused"
    ASLEEP = "asleep"

    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN_OUTCOME = "unknown_outcome"
    UPSTREAM_GONE = "upstream_gone"
    OVERLOADED = "overloaded"
    SESSION_LOST = "session_lost"


# The same request would be refused again.
NEVER_ALLOWED = frozenset({Code.TOOL_NOT_ALLOWED, Code.METHOD_NOT_ALLOWED})


class BridgeError(Exception):
    """Base of all; `str()` of one is its code and nothing else."""

    default: ClassVar[Code]

    def __init__(self, code: Code | None = None) -> None:
        self.code = code or self.default
        super().__init__(self.code.value)


class LocalFault(BridgeError):
    """Ours to mend."""

    default = Code.BAD_SETTINGS


class UpstreamGone(LocalFault):
    """What a listener serves is not there; `executed` says whether the request may have run."""

    default = Code.UPSTREAM_GONE

    def __init__(self, executed: Executed, code: Code | None = None) -> None:
        super().__init__(code)
        self.executed = executed


class NotAdmitted(LocalFault):
    """The policy refused a request before the upstream was asked."""

    default = Code.METHOD_NOT_ALLOWED


class PeerFault(BridgeError):
    """The other side sent what we will not take."""

    default = Code.NOT_A_FRAME


class CarrierFault(BridgeError):
    """The queue service failed us."""

    default = Code.UNREACHABLE


class CarrierUnreachable(CarrierFault):
    """No answer from the service."""


class CarrierDenied(CarrierFault):
    """The service refused our credentials or our role."""

    default = Code.DENIED


class CarrierBusy(CarrierFault):
    """The service asks us to slow down."""

    default = Code.BUSY


class QueueMissing(CarrierFault):
    """No such queue."""

    default = Code.QUEUE_MISSING


class LeaseLost(CarrierFault):
    """The receipt is stale: the message was taken again, or deleted."""

    default = Code.LEASE_LOST


# Outside -32768..-32000, which JSON-RPC and MCP reserve.
BRIDGE_ERROR = -31000


@dataclass(frozen=True, slots=True)
class Failure:
    """What the caller is told: `{code, layer, executed, retry, incident}`.

    `incident` is an opaque id that also stands in the local log; it says nothing by itself.
    `details` is what a code has more to say, such as when the other side was last seen.
    """

    code: Code
    layer: Layer
    executed: Executed
    retry: bool
    incident: str
    details: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"])

    def as_json_rpc(self, request_id: str | int | None) -> dict[str, Any]:
        """The JSON-RPC error response for this failure."""
        return {
            "jsonrpc": "2.0",
            "id": request_id,
            "error": {
                "code": BRIDGE_ERROR,
                "message": f"bridge: {self.code.value}",
                "data": {
                    "code": self.code.value,
                    "layer": self.layer.value,
                    "executed": self.executed.value,
                    "retry": self.retry,
                    "incident": self.incident,
                    **self.details,
                },
            },
        }
