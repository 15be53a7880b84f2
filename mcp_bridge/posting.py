"""From a message of any size to a queue: cut, sealed, put. Both sides send this way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio

from mcp_bridge.carriers.port import Carrier, Receipt
from mcp_bridge.chunks import split
from mcp_bridge.errors import CarrierFault, CarrierUnreachable
from mcp_bridge.frames import Header, serialize
from mcp_bridge.patience import patiently
from mcp_bridge.sealing import MAX_MESSAGE_BYTES, KeyRing

TTL_SLACK_S = 10  # a message outlives its budget by this: clocks and requests take time
AT_ONCE = 8  # chunks put concurrently


def seal_texts(keys: KeyRing, header: Header, message: bytes) -> Sequence[str]:
    """The queue texts of `message`, one a chunk. Raises PeerFault(TOO_LARGE).

    It costs about a millisecond a chunk: large messages belong into a worker thread.
    """
    pieces = split(message, MAX_MESSAGE_BYTES)
    return [
        serialize(keys.seal(replace(header, part=part, parts=len(pieces)), piece))
        for part, piece in enumerate(pieces)
    ]


@dataclass(frozen=True, slots=True)
class Posted:
    """What is on the queue; with doubles when a try whose answer was lost had reached it."""

    receipts: Sequence[Receipt]
    may_have_doubles: bool


async def post(carrier: Carrier, queue: str, texts: Sequence[str], *, until: float) -> Posted:
    """Put every text, patiently until `until` on the loop's clock; raises a CarrierFault.

    After a fault some of them may be on the queue: incomplete, or complete if the service did not
    answer. Whoever reads them knows them by their `mid`.
    """
    ttl_s = max(1, math.ceil(until - anyio.current_time())) + TTL_SLACK_S
    receipts: list[Receipt] = []
    faults: list[CarrierFault] = []
    unanswered = 0

    async def try_once(text: str) -> Receipt:
        nonlocal unanswered
        try:
            return await carrier.put(queue, text, ttl_s=ttl_s)
        except CarrierUnreachable:
            unanswered += 1
            raise

    async def put(text: str) -> None:
        try:
            receipts.append(await patiently(lambda: try_once(text), until=until))
        except CarrierFault as fault:
            faults.append(fault)

    room = anyio.Semaphore(AT_ONCE)

    async def put_in_turn(text: str) -> None:
        async with room:
            await put(text)

    if len(texts) == 1:
        await put(texts[0])
    else:
        async with anyio.create_task_group() as tasks:
            for text in texts:
                tasks.start_soon(put_in_turn, text)
    if faults:
        raise faults[0]
    return Posted(receipts, may_have_doubles=unanswered > 0)
