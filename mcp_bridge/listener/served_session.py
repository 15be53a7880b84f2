"""One session on the serving side: a stream of its own into the server, or one open subscription.

Its frames come in order and once. A frame with requests is journalled before the server sees it, so
that a copy which a later life of this process finds on the queue never runs; a session itself does
not outlive the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256

import anyio
from mcp.shared.message import SessionMessage

from mcp_bridge.background import background
from mcp_bridge.errors import (
    CarrierFault,
    Code,
    Executed,
    Layer,
    LocalFault,
    NotAdmitted,
    PeerFault,
)
from mcp_bridge.incidents import Incidents
from mcp_bridge.listener.claims import Verdict
from mcp_bridge.listener.session_streams import FromServer, SessionStreams
from mcp_bridge.policy import Admission
from mcp_bridge.rpc import Message, is_request
from mcp_bridge.sessions import End, Item, Keep, Resequencer, Said, Sender, decode_items
from mcp_bridge.upstream.port import Upstream

MAX_INBOX = 256  # frames that the server has not read
BUFFER = 16  # messages between the server and its guard
FAREWELL_S = 2.0  # to say that it is over
LISTEN = "subscriptions/listen"

Claiming = Callable[[str, bytes], Awaitable[Verdict]]  # of a frame: its mid, its digest


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One frame, opened and whole."""

    mid: str
    digest: bytes
    items: Sequence[Item]


class ServedSession:
    """Made for the first frame of a `sid`; `run` serves until either side ends it."""

    def __init__(
        self,
        sid: str,
        caller: str,
        sender: Sender,
        upstream: Upstream,
        admission: Admission,
        guard: Callable[[Message], Message],
        incidents: Incidents,
        claim: Claiming,
    ) -> None:
        self.caller = caller
        self._sid = sid
        self._sender = sender
        self._upstream = upstream
        self._admission = admission
        self._guard = guard
        self._incidents = incidents
        self._claim = claim
        self._order: Resequencer[Part] = Resequencer()
        self._to_inbox, self._inbox = anyio.create_memory_object_stream[Part](MAX_INBOX)
        self._life = anyio.CancelScope()
        self._code: Code | None = None

    def expects(self, seq: int) -> bool:
        """Whether this frame was not here before."""
        return self._order.is_new(seq)

    def take(self, seq: int, mid: str, body: bytes) -> None:
        """Take a frame. Raises PeerFault: it is none, or too many wait."""
        part = Part(mid, sha256(body).digest(), decode_items(body))
        try:
            for ready in self._order.add(seq, part):
                self._to_inbox.send_nowait(ready)
        except anyio.WouldBlock:
            self.end(Code.OVERLOADED)

    def live_until(self, deadline: float) -> None:
        """Nothing more may come after this, on the loop's clock, unless something comes before."""
        self._life.deadline = deadline

    def end(self, code: Code) -> None:
        """Stop it, and tell the client why."""
        self._code = self._code or code
        self._life.cancel()

    async def run(self) -> None:
        """Serve."""
        async with background() as tasks:
            tasks.start_soon(self._send)
            with self._life:
                await self._serve_safely()
            if self._life.cancelled_caught:
                self._code = self._code or Code.EXPIRED
            with (
                anyio.move_on_after(FAREWELL_S, shield=True),
                suppress(CarrierFault, PeerFault),  # whoever is not there needs no farewell
            ):
                self._sender.send(End(self._code))
                await self._sender.flush()
        self._to_inbox.close()
        self._inbox.close()

    async def _send(self) -> None:
        try:
            await self._sender.run()
        except (CarrierFault, PeerFault) as fault:
            self.end(fault.code)

    async def _serve_safely(self) -> None:
        try:
            await self._serve()
        except PeerFault as fault:
            self._code = fault.code
        except Exception:  # noqa: BLE001 - a defect in one session must not end the others
            self._code = Code.UNKNOWN_OUTCOME

    async def _serve(self) -> None:
        first = await self._inbox.receive()
        match first.items:
            case [Said(message), *_] if message.get("method") == LISTEN and is_request(message):
                await self._listen(first, message)
            case _:
                await self._stream(first)

    async def _listen(self, first: Part, request: Message) -> None:
        """A subscription of protocol 2026-07-28: it lasts as long as the session is wanted."""
        if not await self._may_run(first):
            return
        try:
            self._admission.admit(self.caller, request).close()  # it runs as long as it likes
        except NotAdmitted as refused:
            self._sender.send(Said(self._failed(request, refused.code, Layer.POLICY, Executed.NO)))
            return
        async with background() as tasks:
            tasks.start_soon(self._await_end)
            try:
                response = self._guard(await self._upstream.exchange(request, self._tell))
            except Exception:  # noqa: BLE001 - whatever it was, its text stays here
                response = self._failed(
                    request, Code.UPSTREAM_GONE, Layer.UPSTREAM, Executed.UNKNOWN
                )
            self._sender.send(Said(response))

    def _failed(self, request: Message, code: Code, layer: Layer, executed: Executed) -> Message:
        return self._incidents.failed(self._sid, request, code, layer, executed)

    async def _tell(self, notification: Message) -> None:
        try:
            guarded = self._guard(notification)
        except Exception:  # noqa: BLE001 - refused: it does not leave, the subscription goes on
            return
        self._sender.send(Said(guarded))

    async def _await_end(self) -> None:
        async for part in self._inbox:
            for item in part.items:
                if isinstance(item, End):
                    self._life.cancel()
                elif isinstance(item, Keep):
                    self._sender.send(item)

    async def _stream(self, first: Part) -> None:
        to_server, server_reads = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_client, from_server = anyio.create_memory_object_stream[FromServer](BUFFER)
        streams = SessionStreams(
            self._sid,
            self.caller,
            self._admission,
            self._guard,
            self._incidents,
            self._sender.send,
            to_server,
            to_client,
        )

        async def serve() -> None:
            async with server_reads, to_client:
                try:
                    await self._upstream.session(server_reads, to_client)
                except Exception:  # noqa: BLE001 - whatever it was, its text stays here
                    self._code = Code.UPSTREAM_GONE

        async with to_server, from_server, background() as tasks:
            tasks.start_soon(serve)
            tasks.start_soon(self._hear, first, streams)
            with closing(streams):
                await streams.say(from_server)
                streams.give_up(Code.UPSTREAM_GONE)

    async def _hear(self, first: Part, streams: SessionStreams) -> None:
        """Give the server what comes; at the client's end, the server's stream ends too."""
        with streams.to_server:
            if not await self._pass_on(first, streams):
                return
            async for part in self._inbox:
                if not await self._pass_on(part, streams):
                    return

    async def _pass_on(self, part: Part, streams: SessionStreams) -> bool:
        """False at the end."""
        try:
            if not await self._may_run(part):
                return False
        except LocalFault as fault:
            for item in part.items:
                if isinstance(item, Said):
                    streams.refuse(item, fault.code)
            return True
        for item in part.items:
            match item:
                case Said():
                    await streams.hear(item)
                case Keep():
                    self._sender.send(item)
                case End():
                    return False
                case _:
                    continue  # what only the serving side says
        return True

    async def _may_run(self, part: Part) -> bool:
        """Journal a frame that asks for something; one that is known ran in an earlier life."""
        if not any(isinstance(item, Said) and "id" in item.message for item in part.items):
            return True
        if await self._claim(part.mid, part.digest) is Verdict.RUN:
            return True
        self._code = Code.SESSION_LOST
        return False
