"""Frames that nobody could take, put aside as they are: a clear header, a body still sealed."""

from __future__ import annotations

from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import QueueMissing

KEEP_S = 14 * 24 * 3600


async def put_aside(carrier: Carrier, queue: str, text: str) -> None:
    """Put `text` on the quarantine queue, made first if it is missing. Raises CarrierFault."""
    try:
        await carrier.put(queue, text, ttl_s=KEEP_S)
    except QueueMissing:
        await carrier.create(queue)
        await carrier.put(queue, text, ttl_s=KEEP_S)
