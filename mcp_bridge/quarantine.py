"""Frames that nobody could take, put aside as they are: a clear header, a body still sealed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import anyio

from mcp_bridge.carriers.port import MAX_TAKE, Carrier, Taken
from mcp_bridge.errors import Code, LocalFault, PeerFault, QueueMissing
from mcp_bridge.frames import parse

KEEP_S = 14 * 24 * 3600
LOOK_S = 1  # a frame that was looked at is hidden from others for this long
LOOKS = 3  # for one frame, which somebody else may just be looking at
MOST = 320  # frames in one look


async def put_aside(carrier: Carrier, queue: str, text: str) -> None:
    """Put `text` on the quarantine queue, made first if it is missing. Raises CarrierFault."""
    try:
        await carrier.put(queue, text, ttl_s=KEEP_S)
    except QueueMissing:
        await carrier.create(queue)
        await carrier.put(queue, text, ttl_s=KEEP_S)


async def frames(carrier: Carrier, queue: str) -> AsyncGenerator[Taken]:
    """What was put aside, up to MOST. Raises CarrierFault."""
    for _ in range(MOST // MAX_TAKE):
        taken = await carrier.take(queue, limit=MAX_TAKE, lease_s=LOOK_S)
        if not taken:
            return
        for one in taken:
            yield one


async def find(carrier: Carrier, queue: str, frame_id: str) -> Taken:
    """One frame. Raises LocalFault(EXPIRED) if it is not there (any more), CarrierFault."""
    for _ in range(LOOKS):
        async for taken in frames(carrier, queue):
            if taken.receipt.message_id == frame_id:
                return taken
        await anyio.sleep(LOOK_S)
    raise LocalFault(Code.EXPIRED)


def described(taken: Taken) -> Mapping[str, str | int | float]:
    """What can be said of a frame without a key: never a byte of a text that is no frame."""
    facts: dict[str, str | int | float] = {
        "id": taken.receipt.message_id,
        "size": len(taken.text),
        "age_s": taken.age_s,
    }
    try:
        header = parse(taken.text).header
    except PeerFault as fault:
        return facts | {"code": fault.code.value}
    return facts | {
        "kid": header.kid,
        "mid": header.mid,
        "dir": header.direction.value,
        "kind": header.kind.value,
        "part": header.part,
        "parts": header.parts,
    }
