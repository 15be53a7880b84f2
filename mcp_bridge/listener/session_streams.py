"""One session's messages between its frames and the streams that an MCP server reads and writes.

The server may be anybody's: whatever it writes passes the guard, and whatever it reads has been
checked, since the SDK answers a malformed message with silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import INTERNAL_ERROR, jsonrpc_message_adapter
from pydantic import ValidationError

from mcp_bridge.errors import Code, Executed, Layer, NotAdmitted, PeerFault
from mcp_bridge.incidents import Incidents
from mcp_bridge.policy import Admission, Ticket
from mcp_bridge.rpc import (
    Message,
    RequestId,
    error,
    invalid_request,
    is_request,
    is_response,
    without_text,
)
from mcp_bridge.sessions import CloseStream, Control, Item, Said, Unanswered

MAX_RUNNING = 64  # requests of one session at a time; the SDK itself has no limit

FromServer = SessionMessage | CloseStream | Unanswered


@dataclass(frozen=True, slots=True)
class _Running:
    request: Message
    ticket: Ticket


@dataclass(slots=True)
class SessionStreams:
    """Both ways of one session; `send` takes items for the client, in order."""

    sid: str
    caller: str
    admission: Admission
    guard: Callable[[Message], Message]
    incidents: Incidents
    send: Callable[[Item], None]
    to_server: MemoryObjectSendStream[SessionMessage | Exception]
    to_client: MemoryObjectSendStream[FromServer]
    _running: dict[RequestId, _Running] = field(default_factory=dict[RequestId, _Running])

    async def hear(self, said: Said) -> None:
        """Hand a message of the client to the server, or answer it here."""
        message = said.message
        asks = "method" in message and "id" in message
        if asks and len(self._running) >= MAX_RUNNING:
            self._fail(message, Code.OVERLOADED, Layer.LISTENER, Executed.NO)
            return
        try:
            parsed = jsonrpc_message_adapter.validate_python(message, by_name=False)
        except ValidationError:
            if asks:
                self.send(Said(invalid_request(_id_of(message))))
            return
        if asks:
            if not self._admit(message):
                return
        elif "method" in message and not self.admission.hears(message):
            return
        await self.to_server.send(SessionMessage(parsed, self._metadata(said) if asks else None))

    async def say(self, from_server: MemoryObjectReceiveStream[FromServer]) -> None:
        """Send the client what the server writes, until it ends."""
        async for item in from_server:
            if isinstance(item, SessionMessage):
                await self._say(item)
            else:
                self.send(item)

    def refuse(self, said: Said, code: Code) -> None:
        """Answer a request that must not run."""
        if "method" in said.message and "id" in said.message:
            self._fail(said.message, code, Layer.LISTENER, Executed.NO)

    def give_up(self, code: Code) -> None:
        """Answer what runs: the server has ended."""
        for running in list(self._running.values()):
            self._fail(running.request, code, Layer.UPSTREAM, Executed.UNKNOWN)

    def close(self) -> None:
        """Nothing of this session runs any more."""
        for request_id in list(self._running):
            self._ended(request_id)

    def _admit(self, request: Message) -> bool:
        """Ask the policy; a request that it refuses is answered here."""
        if request["id"] in self._running:
            self.send(Said(invalid_request(request["id"])))
            return False
        try:
            ticket = self.admission.admit(self.caller, request)
        except NotAdmitted as refused:
            self._fail(request, refused.code, Layer.POLICY, Executed.NO)
            return False
        self._running[request["id"]] = _Running(request, ticket)
        return True

    def _ended(self, request_id: RequestId | None) -> Message | None:
        """The request that has ended, if it ran."""
        running = self._running.pop("" if request_id is None else request_id, None)
        if running is None:
            return None
        running.ticket.close()
        return running.request

    async def _say(self, item: SessionMessage) -> None:
        message = item.message.model_dump(mode="json", by_alias=True, exclude_unset=True)
        related = None
        if isinstance(item.metadata, ServerMessageMetadata):
            related = item.metadata.related_request_id
        request = self._ended(_id_of(message)) if is_response(message) else None
        try:
            guarded = self.guard(without_text(self.admission.visible(request or {}, message)))
        except Exception:  # noqa: BLE001 - a guard that raises has refused
            await self._refused(message, request)
            return
        try:
            self.send(Said(guarded, related))
        except PeerFault as fault:
            if request is None:
                raise
            self._fail(request, fault.code, Layer.LISTENER, Executed.YES)

    async def _refused(self, message: Message, request: Message | None) -> None:
        """Nothing of it leaves; whoever waits for it is told so."""
        if request is not None:
            self._fail(request, Code.GUARD_REFUSED, Layer.GUARD, Executed.YES)
        elif is_request(message):  # the server asks, and would wait for ever
            answer = error(message["id"], INTERNAL_ERROR, "Refused")
            await self.to_server.send(
                SessionMessage(jsonrpc_message_adapter.validate_python(answer))
            )

    def _metadata(self, said: Said) -> ServerMessageMetadata:
        """What the server may do for a request beside answering it; all in the same order."""
        request_id = said.message["id"]
        unanswered = partial(self._unanswered, request_id, Control.UNANSWERED in said.controls)
        if Control.CLOSE not in said.controls:
            return ServerMessageMetadata(on_request_unanswered=unanswered)
        return ServerMessageMetadata(
            on_request_unanswered=unanswered,
            close_sse_stream=partial(self.to_client.send, CloseStream(request_id)),
            close_standalone_sse_stream=partial(self.to_client.send, CloseStream(None)),
        )

    async def _unanswered(self, request_id: RequestId, tell: bool) -> None:
        self._ended(request_id)
        if tell:
            await self.to_client.send(Unanswered(request_id))

    def _fail(self, request: Message, code: Code, layer: Layer, executed: Executed) -> None:
        self._ended(_id_of(request))
        self.send(Said(self.incidents.failed(self.sid, request, code, layer, executed)))


def _id_of(message: Message) -> RequestId | None:
    request_id = message.get("id")
    return request_id if isinstance(request_id, str | int) else None
