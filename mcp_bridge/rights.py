"""Which rights each side needs on which queue, in the letters of a SAS. Pure; the one table.

    r  read: properties and length        a  add: put
    u  update: renew a lease              p  process: take and delete

Nobody needs to create, drop or list queues where they were made beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mcp_bridge.carriers.port import Operation
from mcp_bridge.names import QueueNames

LETTERS: Final[Mapping[Operation, str]] = {
    Operation.PEEK: "r",
    Operation.PUT: "a",
    Operation.RENEW: "u",
    Operation.TAKE: "p",
    Operation.DELETE: "p",
}


def caller_rights(names: QueueNames, caller: str) -> Mapping[str, str]:
    """Letters by queue for the calling side.

    Without `p` on the requests it cannot read what others ask, and cannot recall its own either:
    a call that times out is then withdrawn by a cancel frame, and its outcome is unknown.

    Raises:
        LocalFault: BAD_SETTINGS, `caller` is no caller name.
    """
    return {names.requests: "a", names.responses(caller): "p", names.presence: "r"}


def listener_rights(names: QueueNames, callers: Sequence[str]) -> Mapping[str, str]:
    """Letters by queue for the serving side of these callers.

    Raises:
        LocalFault: BAD_SETTINGS, one of them is no caller name.
    """
    responses = dict.fromkeys(map(names.responses, callers), "a")
    return {names.requests: "up", names.quarantine: "a", names.presence: "ap", **responses}
