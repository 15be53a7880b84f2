"""What the commands write beside their results: logs without values, and the state of a side."""

from __future__ import annotations

import logging
import sys

from typing_extensions import override

from mcp_bridge.contracts import Unsealed
from mcp_bridge.events import BridgeEvent, HealthEvent


class _CodesOnly(logging.Formatter):
    """Our own messages are constants and codes; of anybody else's, only who and what kind.

    A library's message or an exception's text may hold what a patient's record holds.
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        ours = record.name.partition(".")[0] == "mcp_bridge"
        text = record.getMessage() if ours else f"line {record.lineno}"
        kind = record.exc_info[0] if record.exc_info else None
        suffix = f" [{kind.__name__}]" if kind else ""
        return f"{record.levelname} {record.name}: {text}{suffix}"


def quiet_logs() -> None:
    """Warnings to stderr. A handler on the root keeps MCPServer from setting it to INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_CodesOnly())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("azure").setLevel(logging.WARNING)


def tell_health(event: BridgeEvent) -> None:
    """A line on stderr when one side changes its state."""
    if isinstance(event, HealthEvent):
        code = f" ({event.code.value})" if event.code else ""
        whose = "" if event.contract.is_sealed else f"{event.contract.value} (unsealed): "
        _complain(f"{whose}{event.health.value}{code}")


def warn_of_unsealed(unsealed: Unsealed) -> None:
    """A line on stderr for each tool that is served without a seal."""
    for one in unsealed.exposed():
        _complain(
            f"UNSEALED: {one.tool} ({one.contract.value}). Whoever may use the queues"
            f" {one.requests} and {one.answers} can read its arguments and answers, and call it."
        )


def _complain(text: str) -> None:
    sys.stderr.write(f"mcp-bridge: {text}\n")
    sys.stderr.flush()
