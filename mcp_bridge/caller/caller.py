"""The calling side: one JSON-RPC request in, one response out, whatever happens on the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

import anyio
import anyio.abc
from anyio import to_thread

from mcp_bridge.background import background
from mcp_bridge.caller.catalogue import Catalogue
from mcp_bridge.caller.mailbox import Mailbox, Pending
from mcp_bridge.caller.session import Session
from mcp_bridge.carriers.port import Carrier, Receipt
from mcp_bridge.errors import (
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    Executed,
    Layer,
    LeaseLost,
    PeerFault,
    QueueMissing,
)
from mcp_bridge.events import FrameEvent, Hop, OnEvent, ignore
from mcp_bridge.frames import Direction, Header, Kind
from mcp_bridge.incidents import Incidents
from mcp_bridge.names import QueueNames, queue_names
from mcp_bridge.posting import Posted, post, seal_texts
from mcp_bridge.presence import Absence, Lookout
from mcp_bridge.rpc import Message, Notify, encode, invalid_request, is_request, is_response
from mcp_bridge.sealing import KeyRing
from mcp_bridge.sessions import SESSION_IDLE_S, Said, Sender
from mcp_bridge.sweeping import dated_caller

ABSENT_AFTER_S = 1.0  # without a reply, look whether anybody is there
WITHDRAW_S = 2.0  # to recall a request, or to tell the listener that nobody waits
CLOSE_S = 3.0  # to remove the response queue
CANCEL_LIFE_S = 60  # a cancel frame that nobody took within this is of no use
LARGE = 64 * 1024  # bytes; from here on sealing moves to a worker thread


@dataclass(frozen=True, slots=True)
class CallerOptions:
    """How a caller works.

    The default budget is longer than a lease, so that a listener that crashed and came back can
    still answer.
    """

    budget_s: float = 60.0  # how long a call waits for its reply


_NOTHING = Posted((), may_have_doubles=True)


async def unheard(_notification: Message) -> None:
    """A `Notify` for calls that want no notifications."""


class Caller:
    """Exchanges with the far server. Made by `open_caller`; calls may run concurrently."""

    def __init__(
        self,
        carrier: Carrier,
        names: QueueNames,
        name: str,
        keys: KeyRing,
        tasks: anyio.abc.TaskGroup,
        mailbox: Mailbox,
        options: CallerOptions,
        on_event: OnEvent,
    ) -> None:
        self._carrier = carrier
        self._names = names
        self._name = name
        self._keys = keys
        self._tasks = tasks
        self._mailbox = mailbox
        self._options = options
        self._on_event = on_event
        self._incidents = Incidents(on_event)
        self._lookout = Lookout(carrier, names.presence, keys, anyio.current_time)
        self._catalogue = Catalogue(anyio.current_time)

    async def exchange(
        self, request: Message, notify: Notify = unheard, *, budget_s: float | None = None
    ) -> Message:
        """The response to one request of protocol 2026-07-28.

        A failure of the bridge comes as an error response that says whether the tool ran
        (`errors.Failure`). Cancelling the call withdraws the request.
        """
        if not is_request(request):
            return invalid_request(request.get("id"))
        known = self._catalogue.answer(request)
        if known is not None:
            return known
        mid = uuid4().hex
        if self._mailbox.is_closed:
            return self._incidents.failed(mid, request, Code.CLOSED, Layer.CALLER, Executed.NO)
        budget_s = self._options.budget_s if budget_s is None else budget_s
        try:
            texts = await self._sealed(mid, encode(request), budget_s)
        except PeerFault as fault:
            return self._incidents.failed(mid, request, fault.code, Layer.CALLER, Executed.NO)
        pending = self._mailbox.expect(mid, notify)
        try:
            response = await self._send_and_wait(pending, request, texts, budget_s)
        finally:
            self._mailbox.forget(pending)
        self._catalogue.learn(request, response)
        return response

    async def listen(self, request: Message, notify: Notify) -> Message:
        """The response to a `subscriptions/listen`, which comes when the far server ends it.

        Until then `notify` gets what it subscribed to. Cancelling the call ends the subscription.
        """
        async with self.open_session() as session:
            session.send(Said(request))
            async for item in session:
                if isinstance(item, Said):
                    if is_response(item.message):
                        return item.message
                    await notify(item.message)
        raise AssertionError  # a session answers what waits before it ends

    @asynccontextmanager
    async def open_session(self) -> AsyncGenerator[Session]:
        """A session for one client of the handshake era."""
        sid = uuid4().hex
        header = Header(
            direction=Direction.REQUEST,
            mid=sid,
            kind=Kind.SESSION,
            sid=sid,
            reply=self._name,
            budget_ms=int(SESSION_IDLE_S * 1000),
        )
        session = Session(sid, Sender(self._put, self._keys, header), self._incidents)
        self._mailbox.enter(sid, session)
        if self._mailbox.is_closed:
            session.end(Code.CLOSED)
        try:
            async with background() as tasks:
                tasks.start_soon(session.run)
                try:
                    yield session
                finally:
                    await session.farewell()
        finally:
            self._mailbox.leave(sid)

    async def _put(self, texts: Sequence[str], until: float) -> Posted:
        posted = await self._post(texts, until)
        self._mailbox.stir()
        return posted

    async def _sealed(self, mid: str, body: bytes, budget_s: float) -> Sequence[str]:
        header = Header(
            direction=Direction.REQUEST,
            mid=mid,
            kind=Kind.REQUEST,
            reply=self._name,
            budget_ms=int(budget_s * 1000),
        )
        if len(body) < LARGE:
            return seal_texts(self._keys, header, body)
        return await to_thread.run_sync(seal_texts, self._keys, header, body)

    async def _send_and_wait(
        self, pending: Pending, request: Message, texts: Sequence[str], budget_s: float
    ) -> Message:
        began = anyio.current_time()
        posted = _NOTHING
        try:
            with anyio.CancelScope(deadline=began + budget_s):
                posted = await self._post(texts, began + budget_s)
                self._mailbox.sent(pending)
                self._on_event(FrameEvent(Hop.SENT, pending.mid, request["method"]))
                absence = await self._answered_unless_absent(pending, posted)
                if absence is not None:
                    return self._incidents.failed(
                        pending.mid,
                        request,
                        absence.code,
                        Layer.LISTENER,
                        Executed.NO,
                        absence.details(),
                    )
        except CarrierFault as fault:
            in_doubt = isinstance(fault, CarrierUnreachable)
            executed = Executed.UNKNOWN if in_doubt else Executed.NO
            return self._incidents.failed(pending.mid, request, fault.code, Layer.CARRIER, executed)
        except anyio.get_cancelled_exc_class():
            if not self._mailbox.is_closed:
                self._tasks.start_soon(self._withdraw, pending.mid, posted)
            raise
        if pending.response is not None:
            elapsed_ms = (anyio.current_time() - began) * 1000
            event = FrameEvent(Hop.RECEIVED, pending.mid, request["method"], elapsed_ms)
            self._on_event(event)
            return {**pending.response, "id": request["id"]}
        untouched = await self._withdraw(pending.mid, posted)
        executed = Executed.NO if untouched else Executed.UNKNOWN
        code = Code.CLOSED if self._mailbox.is_closed else Code.TIMED_OUT
        return self._incidents.failed(pending.mid, request, code, Layer.CALLER, executed)

    async def _answered_unless_absent(self, pending: Pending, posted: Posted) -> Absence | None:
        """Wait for the reply; or why there is none to wait for, the request being recalled."""
        with anyio.move_on_after(ABSENT_AFTER_S):
            await pending.answered.wait()
            return None
        absence = await self._lookout.absence()
        if absence is not None and not posted.may_have_doubles:
            with suppress(CarrierFault):
                if await self._recall(posted.receipts):
                    return absence
        await pending.answered.wait()
        return None

    async def _post(self, texts: Sequence[str], until: float) -> Posted:
        """Put the request; where nobody has served yet, the queue is made here."""
        try:
            return await post(self._carrier, self._names.requests, texts, until=until)
        except QueueMissing:
            await self._carrier.create(self._names.requests)
            return await post(self._carrier, self._names.requests, texts, until=until)

    async def _withdraw(self, mid: str, posted: Posted) -> bool:
        """Take the request back; True if nobody had taken it, so that it certainly never runs."""
        with anyio.move_on_after(WITHDRAW_S, shield=True):
            try:
                if await self._recall(posted.receipts) and not posted.may_have_doubles:
                    return True
                header = Header(
                    direction=Direction.REQUEST, mid=mid, kind=Kind.CANCEL, reply=self._name
                )
                texts = seal_texts(self._keys, header, b"")
                until = anyio.current_time() + CANCEL_LIFE_S
                await post(self._carrier, self._names.requests, texts, until=until)
            except CarrierFault:
                return False
        return False

    async def _recall(self, receipts: Sequence[Receipt]) -> bool:
        """Delete what is still untouched: a request that misses one chunk is never run."""
        untouched = False
        for receipt in receipts:
            try:
                await self._carrier.delete(self._names.requests, receipt)
            except (LeaseLost, CarrierDenied):  # taken; or this side may only put
                continue
            untouched = True
        return untouched


@asynccontextmanager
async def open_caller(
    carrier: Carrier,
    name: str,
    keys: KeyRing,
    *,
    caller_id: str | None = None,
    options: CallerOptions | None = None,
    on_event: OnEvent = ignore,
) -> AsyncGenerator[Caller]:
    """A caller on the bridge `name`, with a response queue of its own that goes when it closes.

    `carrier` is entered by whoever made it. Where this side may not create queues, `caller_id`
    names a response queue that was made beforehand; it must belong to one process only.

    Raises:
        LocalFault: BAD_SETTINGS, a name that no queue can have.
    """
    names = queue_names(name)
    caller = caller_id or dated_caller()
    queue = names.responses(caller)
    mailbox = Mailbox(carrier, queue, keys, on_event)
    await mailbox.create()
    try:
        async with background() as tasks:
            tasks.start_soon(mailbox.run)
            try:
                yield Caller(
                    carrier,
                    names,
                    caller,
                    keys,
                    tasks,
                    mailbox,
                    options or CallerOptions(),
                    on_event,
                )
            finally:
                mailbox.close()
    finally:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await (_drop(carrier, queue) if mailbox.made_here else mailbox.tidy())


async def _drop(carrier: Carrier, queue: str) -> None:
    try:
        await carrier.drop(queue)
    except CarrierFault:
        return
