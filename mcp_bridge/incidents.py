"""A failure as both ends learn of it: a typed error for the caller, an event and a line here."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from mcp_bridge.errors import NEVER_ALLOWED, Code, Executed, Failure, Layer
from mcp_bridge.events import FrameEvent, Hop, OnEvent
from mcp_bridge.rpc import Message, as_object

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incidents:
    """Makes failures; each gets an id that stands in the error and in the local log."""

    on_event: OnEvent

    def failed(
        self,
        mid: str,
        request: Message,
        code: Code,
        layer: Layer,
        executed: Executed,
        details: Mapping[str, str | int] | None = None,
    ) -> Message:
        """The error response. What did not run may be sent again, unless it is never allowed."""
        incident = secrets.token_hex(4)
        _log.info("request failed: code=%s layer=%s incident=%s", code, layer, incident)
        self.on_event(FrameEvent(Hop.FAILED, mid, _method(request), code=code))
        retry = executed is Executed.NO and code not in NEVER_ALLOWED
        failure = Failure(code, layer, executed, retry, incident, details or {})
        return failure.as_json_rpc(request.get("id"))


def executed_by(response: Message) -> Executed:
    """Whether the tool ran, by its response: a result says so, an error only if it is the bridge's.

    A server's own error may come from before the tool or from half-way through it.
    """
    if "result" in response:
        return Executed.YES
    said = as_object(as_object(response.get("error")).get("data")).get("executed")
    return next((executed for executed in Executed if executed.value == said), Executed.UNKNOWN)


def _method(request: Message) -> str | None:
    method = request.get("method")
    return method if isinstance(method, str) else None
