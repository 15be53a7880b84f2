"""What becomes of a request's messages: held while it is worked on, then deleted or put aside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.errors import CarrierFault, Code, PeerFault
from mcp_bridge.events import FrameEvent, Hop, OnEvent
from mcp_bridge.listener.answering import Fate
from mcp_bridge.listener.works import Work, Works
from mcp_bridge.patience import may_pass
from mcp_bridge.quarantine import put_aside

PARTS_S = 60.0  # from the first chunk; pieces are not kept for longer either
GRACE_S = 5.0  # a hold outlives its deadline by this, while the last answer is being put


@dataclass(frozen=True, slots=True)
class Aftermath:
    """For the messages of one queue; nothing here raises but cancellation."""

    carrier: Carrier
    queue: str
    quarantine: str
    works: Works
    on_event: OnEvent

    async def fate(self, work: Work, serve: Callable[[], Awaitable[Fate]]) -> Fate:
        """Have it served, unless nobody waits for it any more."""
        expired = anyio.current_time() >= work.deadline
        if expired or work.recalled:
            self._failed(work, Code.EXPIRED if expired else Code.CANCELLED)
            return Fate.DELETE
        try:
            return await serve()
        except PeerFault as fault:
            self._failed(work, fault.code)
            return Fate.QUARANTINE
        except Exception:  # noqa: BLE001 - a defect of ours in one request must not end the others
            self._failed(work, Code.UNKNOWN_OUTCOME)
            return Fate.DELIVER_AGAIN

    async def keep(self, work: Work) -> None:
        """Renew its leases; a request whose chunks do not come all in time is dropped."""
        expiry = work.deadline + GRACE_S
        for until in (min(work.taken_at + PARTS_S, expiry), expiry):
            with anyio.CancelScope(deadline=until):
                await work.hold.keep()
                return
            if not work.is_whole:
                break
        await self.end(work, Fate.DELETE)

    async def end(self, work: Work, fate: Fate) -> None:
        """Nothing more is done for it."""
        if fate is Fate.DELIVER_AGAIN:
            work.hold.let_go()
        else:
            await work.hold.delete()
        self.works.forget(work, never_again=fate is Fate.REFUSE)

    async def put_aside(self, taken: Taken, code: Code) -> None:
        """Put one message on the quarantine queue as it stands, and off this one."""
        self.on_event(FrameEvent(Hop.QUARANTINED, "", size=len(taken.text), code=code))
        try:
            await put_aside(self.carrier, self.quarantine, taken.text)
        except CarrierFault as fault:
            if may_pass(fault):
                return  # it is delivered again, and tried again
        await self.delete(taken)

    async def delete(self, taken: Taken) -> None:
        """Delete one message."""
        try:
            await self.carrier.delete(self.queue, taken.receipt)
        except CarrierFault:
            return  # it is delivered again, and known

    def _failed(self, work: Work, code: Code) -> None:
        self.on_event(FrameEvent(Hop.FAILED, work.mid, code=code))
