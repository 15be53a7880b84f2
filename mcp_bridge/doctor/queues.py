"""On the queue service: what we may do on which queue, and whether messages come back as sent.

On the request queue stands, for a moment, a cancel of a call that nobody made: a listener takes it
for what it is. It is deleted at once; that a listener was quicker is fine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

import anyio

from mcp_bridge.carriers.port import MAX_TEXT_BYTES, Carrier, Receipt
from mcp_bridge.doctor.report import Check, Layer, Mark
from mcp_bridge.errors import CarrierDenied, CarrierFault, Code, LeaseLost, QueueMissing
from mcp_bridge.frames import Direction, Header, Kind, serialize
from mcp_bridge.names import QueueNames
from mcp_bridge.sealing import KeyRing

WAIT_S = 15.0
LIFE_S = 30  # of a throw-away message
LOOKS = 20
_LAYERS: Final[Mapping[type[CarrierFault], Layer]] = {
    CarrierDenied: Layer.ROLE,
    QueueMissing: Layer.QUEUE,
}
MIXED: Final = '{"text":"<&\\"\'> \u9ad9\ufa11 \\u0000 \u00bd"}'


@dataclass(slots=True)
class Probe:
    """Tries each verb, and keeps what came of it."""

    carrier: Carrier
    names: QueueNames
    keys: KeyRing
    caller: str
    checks: list[Check] = field(default_factory=list[Check])

    async def run(self) -> Sequence[Check]:
        """All that can be tried; a caller's own queue is made and removed where that is allowed."""
        requests, replies = self.names.requests, self.names.responses(self.caller)
        made = await self._try("create", replies, lambda: self.carrier.create(replies))
        await self._requests(requests)
        await self._back(replies, Layer.ENCODING, MIXED)
        await self._back(replies, Layer.SIZE, "x" * MAX_TEXT_BYTES)
        presence = self.names.presence
        await self._try("peek", presence, lambda: self.carrier.peek(presence, limit=1), need=False)
        if made:
            await self._try("drop", replies, lambda: self.carrier.drop(replies), need=False)
        return self._judged()

    async def _requests(self, queue: str) -> None:
        receipts: list[Receipt] = []

        async def put() -> None:
            header = Header(
                direction=Direction.REQUEST, mid=uuid4().hex, kind=Kind.CANCEL, reply=self.caller
            )
            text = serialize(self.keys.seal(header, b""))
            receipts.append(await self.carrier.put(queue, text, ttl_s=LIFE_S))

        async def delete() -> None:
            try:
                await self.carrier.delete(queue, receipts[0])
            except LeaseLost:
                return  # a listener was quicker

        if await self._try("put", queue, put):
            await self._try("delete", queue, delete, need=False)

    async def _back(self, queue: str, layer: Layer, text: str) -> None:
        """Put, take and compare."""
        found: list[str] = []

        async def take() -> None:
            for _ in range(LOOKS):
                for taken in await self.carrier.take(queue, limit=32, lease_s=LIFE_S):
                    found.append(taken.text)
                    await self.carrier.delete(queue, taken.receipt)
                if found:
                    return
                await anyio.sleep(0.1)

        if not await self._try(
            "put", queue, lambda: self.carrier.put(queue, text, ttl_s=LIFE_S), need=False
        ):
            return  # the calling side needs no right to put there
        if await self._try("take and delete", queue, take):
            is_same = text in found
            code = None if is_same else Code.DOES_NOT_OPEN
            mark = Mark.FINE if is_same else Mark.FAILS
            self.checks.append(Check(layer, queue, mark, code, {"bytes": len(text.encode())}))

    async def _try(
        self, verb: str, queue: str, act: Callable[[], Awaitable[object]], *, need: bool = True
    ) -> bool:
        """One verb; a refusal of what a side can do without is a note. True if it went well."""
        what = f"{verb} {queue}"
        try:
            with anyio.fail_after(WAIT_S):
                await act()
        except TimeoutError:
            self.checks.append(Check(Layer.CONNECTION, what, Mark.FAILS, Code.TIMED_OUT))
            return False
        except CarrierFault as fault:
            can_do_without = not need or verb == "create"
            layer = _LAYERS.get(type(fault), Layer.CONNECTION)
            is_told = layer is not Layer.CONNECTION
            mark = Mark.NOTE if can_do_without and is_told else Mark.FAILS
            self.checks.append(Check(layer, what, mark, fault.code))
            return False
        self.checks.append(Check(Layer.ROLE, what, Mark.FINE))
        return True

    def _judged(self) -> Sequence[Check]:
        """Where every verb is refused, it is not the role."""
        tried = [check for check in self.checks if check.layer is Layer.ROLE]
        denied = [check for check in tried if check.code is Code.DENIED]
        if tried and len(denied) == len(tried):
            refused = Check(Layer.CREDENTIALS, "every verb is refused", Mark.FAILS, Code.DENIED)
            return [refused, *self.checks]
        return [Check(Layer.CREDENTIALS, "the service knows us", Mark.FINE), *self.checks]
