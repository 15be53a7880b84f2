"""What `mcp-bridge grant` hands to the other side: a token for each queue, and nothing else.

An owner-only file with one JSON object: `{"url": …, "expires": …, "queues": {NAME: SAS, …}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.names import is_queue_name
from mcp_bridge.private_files import create_private, is_private

_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """Rights on some queues of one account, for a time. Its repr is blind."""

    url: str  # of the queue service, without a token
    expires: str  # ISO 8601, UTC
    queues: Mapping[str, str]  # the SAS by queue


def write_grant(path: Path, grant: Grant) -> None:
    """Write a new file that only its owner can read.

    Raises:
        LocalFault: BAD_SETTINGS, there is a file already (it is left alone) or it cannot be made.
    """
    try:
        create_private(path, json.dumps(asdict(grant), indent=1).encode("ascii"))
    except OSError:
        raise LocalFault(Code.BAD_SETTINGS) from None


def read_grant(path: Path) -> Grant:
    """The grant in a file.

    Raises:
        LocalFault: BAD_SETTINGS, it is missing, readable by others, or holds something else.
    """
    try:
        if not is_private(path) or path.stat().st_size > _MAX_BYTES:
            raise LocalFault(Code.BAD_SETTINGS)
        value: Any = json.loads(path.read_text(encoding="ascii"))
        grant = Grant(value["url"], value["expires"], value["queues"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise LocalFault(Code.BAD_SETTINGS) from None
    if not isinstance(cast("object", grant.url), str) or not _are_tokens(grant.queues):
        raise LocalFault(Code.BAD_SETTINGS)
    return grant


def _are_tokens(raw: object) -> bool:
    if not isinstance(raw, dict):
        return False
    items = cast("dict[str, object]", raw).items()
    return all(is_queue_name(queue) and isinstance(token, str) for queue, token in items)
