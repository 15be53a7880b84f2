"""What the doctor found. Pure. It names layers, queues and issuers, never a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from mcp_bridge.errors import Code


class Layer(StrEnum):
    """From the wire up."""

    DNS = "dns"
    PROXY = "proxy"
    CONNECTION = "connection"
    TLS = "tls"
    CLOCK = "clock"
    CREDENTIALS = "credentials"
    QUEUE = "queue"
    ROLE = "role"
    ENCODING = "encoding"
    SIZE = "size"
    KEY = "key"
    FAR_SIDE = "far_side"


class Mark(StrEnum):
    """How one check ended."""

    FINE = "fine"
    NOTE = "note"  # worth to know; nothing fails by it
    FAILS = "fails"
    SKIPPED = "skipped"  # it says nothing here, or what it needs fails already


EXPLAINED: Final[Mapping[Layer, str]] = {
    Layer.DNS: "The name of the queue service is not known here: check the spelling, and the DNS.",
    Layer.PROXY: "Requests go through this proxy; it must let HTTPS to the service's host pass.",
    Layer.CONNECTION: "A firewall or proxy does not let HTTPS (port 443) to this host pass.",
    Layer.TLS: "Somebody on the way shows a certificate of their own, often a company's proxy that"
    " reads along: add its CA to the system's store, or exempt the host.",
    Layer.CLOCK: "Set this PC's clock: the service refuses signatures that are 15 minutes off.",
    Layer.CREDENTIALS: "The service knows neither key nor token: sign in again, or renew it.",
    Layer.QUEUE: "The queue is not there: `mcp-bridge provision` makes it, or the serving side does"
    " when it starts and may.",
    Layer.ROLE: "The service knows us, but does not allow this verb on this queue: give the role"
    " (callers add to the requests and process their replies).",
    Layer.ENCODING: "Text comes back changed: something on the way rewrites messages.",
    Layer.SIZE: "A message of 64 KiB does not pass: something on the way limits the size.",
    Layer.KEY: "The two sides hold different pairing secrets: copy the key file again.",
    Layer.FAR_SIDE: "Both queues work, but nobody answers: start the serving side, or wake its PC.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    layer: Layer
    what: str  # such as "put clinic-req"
    mark: Mark
    code: Code | None = None
    details: Mapping[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])

    def as_json(self) -> Mapping[str, Any]:
        """For machines."""
        code = None if self.code is None else self.code.value
        named = {"layer": self.layer.value, "what": self.what, "mark": self.mark.value}
        return {**named, "code": code, "details": dict(self.details)}


@dataclass(frozen=True, slots=True)
class Report:
    """All checks, in their order."""

    checks: Sequence[Check]

    @property
    def failing(self) -> Check | None:
        """The lowest that fails: those above it may fail because of it."""
        return next((check for check in self.checks if check.mark is Mark.FAILS), None)

    def as_json(self) -> Mapping[str, Any]:
        """For machines."""
        failing = self.failing
        return {
            "ok": failing is None,
            "failing_layer": None if failing is None else failing.layer.value,
            "checks": [check.as_json() for check in self.checks],
        }

    def as_text(self, *, explain: bool) -> str:
        """A line a check; with `explain`, what to do about those that do not just work."""
        lines: list[str] = []
        for check in self.checks:
            said = [f"{key}={value}" for key, value in check.details.items()]
            code = [] if check.code is None else [check.code.value]
            tail = " ".join([*code, *said])
            line = f"{check.mark.value:8} {check.layer.value:12} {check.what}  {tail}"
            lines.append(line.rstrip())
            if explain and check.mark in (Mark.FAILS, Mark.NOTE):
                lines.append(f"{'':9}{EXPLAINED[check.layer]}")
        return "\n".join(lines) + "\n"
