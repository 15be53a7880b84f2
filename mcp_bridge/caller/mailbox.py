"""The caller's response queue: one poller for all pending calls, and none without."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio

from mcp_bridge.background import background
from mcp_bridge.cadence import Cadence
from mcp_bridge.caller.session import Session
from mcp_bridge.carriers.port import MAX_TAKE, Carrier, Receipt, Taken
from mcp_bridge.chunks import Assembler
from mcp_bridge.errors import (
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    PeerFault,
    QueueMissing,
)
from mcp_bridge.events import FrameEvent, Health, HealthEvent, Hop, OnEvent
from mcp_bridge.frames import Direction, Header, Kind, parse
from mcp_bridge.later import Later
from mcp_bridge.patience import Backoff
from mcp_bridge.rhythm import Rhythm
from mcp_bridge.rpc import Message, Notify, decode, is_response
from mcp_bridge.sealing import KeyRing

LEASE_S = 30  # of a reply, until it is deleted
MAX_ASSEMBLED = 64 * 2**20  # bytes of messages of which chunks are missing
SLOWEST_POLL_S = 0.5  # while a call is pending
SLOWEST_IDLE_POLL_S = 2.0  # while sessions are open, and nothing else


@dataclass(slots=True, eq=False)
class Pending:
    """A call that waits for its reply."""

    mid: str
    notify: Notify
    sent_at: float | None = None  # on the loop's clock
    answered: anyio.Event = field(default_factory=anyio.Event)
    response: Message | None = None
    last_seq: int = 0  # of the notifications; the queue promises no order


class Mailbox:
    """Polls `queue` while calls are pending, opens what comes, and gives it to whom it is for."""

    def __init__(self, carrier: Carrier, queue: str, keys: KeyRing, on_event: OnEvent) -> None:
        self._carrier = carrier
        self._queue = queue
        self._keys = keys
        self._on_event = on_event
        self._pending: dict[str, Pending] = {}
        self._sessions: dict[str, Session] = {}
        self._changed = anyio.Event()
        self._next_poll = math.inf
        self._asked_at = 0.0  # when the latest poll began
        self._rhythm = Rhythm()
        self._missed = False  # a poll found nothing since a request was sent
        self._cadence = Cadence(idle_cap_s=SLOWEST_IDLE_POLL_S)
        self._assembler = Assembler(clock=anyio.current_time, max_bytes=MAX_ASSEMBLED)
        self._later = Later()
        self._health = Health.STOPPED
        self.is_closed = False
        self.made_here = False  # the queue; then it goes with us

    def expect(self, mid: str, notify: Notify) -> Pending:
        """A call is about to be sent. Polling for its reply starts with `sent`."""
        pending = self._pending[mid] = Pending(mid, notify)
        return pending

    def sent(self, pending: Pending) -> None:
        """Its request is on the queue; look for the reply until `forget`."""
        pending.sent_at = anyio.current_time()
        self.stir()

    def stir(self) -> None:
        """Something was sent; look often for what comes of it."""
        self._next_poll = min(self._next_poll, anyio.current_time() + self._rhythm.quiet_s())
        self._missed = False
        self._cadence.heat()
        self._changed.set()
        self._later.touch()

    def forget(self, pending: Pending) -> None:
        """Nobody waits for it any more: a reply that still comes is dropped."""
        del self._pending[pending.mid]
        self._rest()

    def enter(self, sid: str, session: Session) -> None:
        """A session is open; look for what the far side says in it until `leave`."""
        self._sessions[sid] = session
        self.stir()

    def leave(self, sid: str) -> None:
        """It is over."""
        del self._sessions[sid]
        self._rest()

    def _rest(self) -> None:
        if not self._pending and not self._sessions:
            self._next_poll = math.inf

    def close(self) -> None:
        """Let the pending calls end without a reply."""
        self.is_closed = True
        for pending in self._pending.values():
            pending.answered.set()
        for session in self._sessions.values():
            session.end(Code.CLOSED)
        self._report(Health.STOPPED)

    async def run(self) -> None:
        """Poll until cancelled."""
        backoff = Backoff()
        async with background() as tasks:
            tasks.start_soon(self._later.run)
            while True:
                await self._until_it_is_time()
                try:
                    taken = await self._take()
                except CarrierFault as fault:
                    await self._recover(fault, backoff.after(fault))
                    continue
                backoff.reset()
                self._report(Health.READY)
                for message in taken:
                    await self._deliver(message)
                    self._later.add(partial(self._delete, message.receipt))
                self._plan_next_poll()

    async def tidy(self) -> None:
        """Delete what was read and is still there; for a queue that stays."""
        await self._later.finish()

    async def _until_it_is_time(self) -> None:
        """A call that is sent meanwhile can only make it earlier."""
        while (wait_s := self._next_poll - anyio.current_time()) > 0:
            self._changed = anyio.Event()
            with anyio.move_on_after(wait_s):
                await self._changed.wait()

    def _plan_next_poll(self) -> None:
        waiting = any(pending.sent_at is not None for pending in self._pending.values())
        gap_s = self._cadence.gap()
        if waiting:
            self._next_poll = anyio.current_time() + min(gap_s, SLOWEST_POLL_S)
        else:
            self._next_poll = anyio.current_time() + gap_s if self._sessions else math.inf

    async def _take(self) -> Sequence[Taken]:
        self._asked_at = anyio.current_time()
        try:
            taken = await self._carrier.take(self._queue, limit=MAX_TAKE, lease_s=LEASE_S)
        except CarrierFault:
            raise
        except Exception:  # noqa: BLE001 - an adapter that breaks must not end the poller
            raise CarrierUnreachable from None
        if not taken:
            self._missed = True
            self._cadence.measured(anyio.current_time() - self._asked_at)
        if len(taken) == MAX_TAKE:
            self._cadence.found()
        else:
            self._cadence.empty()
        return taken

    async def _deliver(self, taken: Taken) -> None:
        try:
            frame = parse(taken.text)
            header = frame.header
            piece = self._keys.open(frame, Direction.REPLY)
            if header.kind is Kind.SESSION:
                self._deliver_to_session(header, piece)
                return
            pending = self._pending.get(header.mid)
            if pending is None:
                return  # a double, or too late
            assembly = f"{header.kind}.{header.seq}.{header.mid}"
            body = self._assembler.add(assembly, header.part, header.parts, piece)
            if body is not None:
                await self._hand_over(pending, header, decode(body))
        except PeerFault as fault:
            self._on_event(FrameEvent(Hop.FAILED, "", size=len(taken.text), code=fault.code))

    def _deliver_to_session(self, header: Header, piece: bytes) -> None:
        session = self._sessions.get(header.sid or "")
        if session is None:
            return  # it is over
        self._cadence.heat()
        body = self._assembler.add(header.mid, header.part, header.parts, piece)
        if body is not None:
            session.deliver(header.seq, body)

    async def _hand_over(
        self, pending: Pending, header: Header, messages: Sequence[Message]
    ) -> None:
        *notifications, last = messages
        if header.kind is Kind.REPLY and is_response(last):
            pending.response = last
            if pending.sent_at is not None:
                waited_s = self._asked_at - pending.sent_at
                self._rhythm.heard(waited_s, at_first=not self._missed)
        elif header.kind is Kind.PROGRESS and header.seq > pending.last_seq:
            pending.last_seq = header.seq
            notifications = list(messages)
        else:
            return
        for notification in notifications:
            await _notify(pending, notification)
        if pending.response is not None:
            pending.answered.set()

    async def _recover(self, fault: CarrierFault, pause_s: float) -> None:
        if isinstance(fault, QueueMissing) and await self.create():
            return
        self._report_fault(fault)
        await anyio.sleep(pause_s)

    async def create(self) -> bool:
        """Make the queue if it is missing and we may; False if that failed."""
        try:
            self.made_here |= await self._carrier.create(self._queue)
        except CarrierDenied:
            return False  # then it was made beforehand, or the first poll will say so
        except CarrierFault as fault:
            self._report_fault(fault)
            return False
        self._report(Health.READY)
        return True

    async def _delete(self, receipt: Receipt) -> None:
        try:
            await self._carrier.delete(self._queue, receipt)
        except CarrierFault:
            return  # it comes again, and nobody waits for it then

    def _report_fault(self, fault: CarrierFault) -> None:
        refused = isinstance(fault, CarrierDenied | QueueMissing)
        self._report(Health.DENIED if refused else Health.UNREACHABLE, fault)

    def _report(self, health: Health, fault: CarrierFault | None = None) -> None:
        if health is not self._health:
            self._health = health
            self._on_event(HealthEvent(health, fault.code if fault else None))


async def _notify(pending: Pending, notification: Message) -> None:
    try:
        await pending.notify(notification)
    except Exception:  # noqa: BLE001 - whoever hears it badly must not keep replies from others
        return
