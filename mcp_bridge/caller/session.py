"""One session with the far server, on the calling side.

It is kept alive while it is open, often while a request of the client waits. When it is lost, every
request that waits gets a typed failure: one answer to each, whatever happens.
"""

from __future__ import annotations

from contextlib import suppress

import anyio

from mcp_bridge.errors import CarrierFault, Code, Executed, Layer, PeerFault
from mcp_bridge.incidents import Incidents
from mcp_bridge.rpc import Message, RequestId, is_request, is_response, params_of
from mcp_bridge.sessions import (
    Control,
    End,
    Item,
    Keep,
    Resequencer,
    Said,
    Sender,
    Unanswered,
    decode_items,
)

KEEP_BUSY_S = 20.0  # between two signs of life while a request waits
KEEP_IDLE_S = 300.0
SILENCE_S = 3 * KEEP_BUSY_S  # while a request waits; then the far side is not there
MAX_INBOX = 4096  # items that the client's transport has not taken
FAREWELL_S = 2.0  # to say that it is over


class Session:
    """Made by `Caller.open_session`. Iterate over it for what the far server says, until its end.

    `code` then says why: None when the far server ended it in order.
    """

    def __init__(self, sid: str, sender: Sender, incidents: Incidents) -> None:
        self.code: Code | None = None
        self._sid = sid
        self._sender = sender
        self._incidents = incidents
        self._order: Resequencer[list[Item]] = Resequencer()
        self._put, self._inbox = anyio.create_memory_object_stream[Item](MAX_INBOX)
        self._waiting: dict[RequestId, Said] = {}
        self._stirred = anyio.Event()
        self._heard_at = anyio.current_time()
        self._said_at = anyio.current_time()
        self._has_spoken = False

    def send(self, item: Item) -> None:
        """Send this after all that was sent before; what cannot be sent ends the session."""
        if isinstance(item, Said) and is_request(item.message):
            if not self._waiting:
                self._heard_at = anyio.current_time()
            self._waiting[item.message["id"]] = item
        elif isinstance(item, Said):
            self._forget_cancelled(item.message)
        try:
            self._sender.send(item)
        except PeerFault as fault:
            self.end(fault.code)
        self._said_at, self._has_spoken = anyio.current_time(), True
        self._stirred.set()

    def __aiter__(self) -> Session:
        """Itself."""
        return self

    async def __anext__(self) -> Item:
        """The next thing that the far server says; Keep and End are not among it."""
        try:
            item = await self._inbox.receive()
        except anyio.EndOfStream:
            if not self._waiting:
                raise StopAsyncIteration from None
            _, said = self._waiting.popitem()
            return Said(self._lost(said.message))
        match item:
            case Said(message) if is_response(message):
                self._waiting.pop(message.get("id", ""), None)
            case Unanswered(request_id):
                self._waiting.pop(request_id, None)
            case _:
                pass
        return item

    def deliver(self, seq: int, body: bytes) -> None:
        """Take a frame of the far side. Raises PeerFault: it is none."""
        self._heard_at = anyio.current_time()
        items = list(decode_items(body))
        if seq == 0:  # outside of any order: the far side does not know this session
            self._receive(items)
            return
        for ready in self._order.add(seq, items):
            self._receive(ready)

    def end(self, code: Code | None) -> None:
        """Nothing comes any more."""
        self.code = self.code or code
        self._put.close()
        self._stirred.set()

    async def run(self) -> None:
        """Send, and show that it is still wanted, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_alive)
            try:
                await self._sender.run()
            except CarrierFault as fault:
                self.end(fault.code)

    async def farewell(self) -> None:
        """Tell the far side that it is over; bounded."""
        with anyio.move_on_after(FAREWELL_S, shield=True), suppress(CarrierFault):
            if self._has_spoken:
                self.send(End())
                await self._sender.flush()
        self._put.close()
        self._inbox.close()

    def _receive(self, items: list[Item]) -> None:
        for item in items:
            match item:
                case End(code):
                    self.end(code)
                    return
                case Keep():
                    continue
                case _:
                    try:
                        self._put.send_nowait(item)
                    except anyio.WouldBlock:
                        self.end(Code.OVERLOADED)
                        return
                    except anyio.ClosedResourceError:
                        return

    async def _keep_alive(self) -> None:
        while True:
            self._stirred = anyio.Event()
            now = anyio.current_time()
            if self._waiting and now - self._heard_at > SILENCE_S:
                self.end(Code.TIMED_OUT)
            every_s = KEEP_BUSY_S if self._waiting else KEEP_IDLE_S
            wait_s = self._said_at + every_s - now
            if wait_s <= 0:
                self.send(Keep())
                continue
            with anyio.move_on_after(wait_s):
                await self._stirred.wait()

    def _forget_cancelled(self, message: Message) -> None:
        """Whoever cancels a request waits for nothing, unless his transport must be told."""
        if message.get("method") == "notifications/cancelled":
            request_id: RequestId = params_of(message).get("requestId", "")
            said = self._waiting.get(request_id)
            if said is not None and Control.UNANSWERED not in said.controls:
                del self._waiting[request_id]

    def _lost(self, request: Message) -> Message:
        code = self.code or Code.SESSION_LOST
        return self._incidents.failed(self._sid, request, code, Layer.CALLER, Executed.UNKNOWN)
