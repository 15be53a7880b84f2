"""All sessions of a listener, by `sid`.

Every frame of a session must reach the listener that opened it. One that does not know the session
leaves the frame on the queue, for a listener beside it; if nobody takes it, the session is lost and
its caller is told so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.abc
from anyio import to_thread

from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.chunks import Assembler
from mcp_bridge.errors import CarrierFault, Code, PeerFault
from mcp_bridge.frames import Direction, Header, Kind
from mcp_bridge.incidents import Incidents
from mcp_bridge.journal import Journal
from mcp_bridge.listener.claims import Verdict, claim
from mcp_bridge.listener.run import Guard
from mcp_bridge.listener.served_session import ServedSession
from mcp_bridge.names import QueueNames
from mcp_bridge.policy import Admission
from mcp_bridge.posting import Posted, post, seal_texts
from mcp_bridge.sealing import KeyRing
from mcp_bridge.sessions import End, Sender, encode_item
from mcp_bridge.sessions.order import FIRST
from mcp_bridge.upstream.port import Upstream

MAX_SESSIONS = 64
MAX_ASSEMBLED = 64 * 2**20  # bytes of messages of which chunks are missing
MAX_ENDED = 1024  # sessions remembered that are over
LET_GO_S = 1  # until a frame of an unknown session is delivered again
GIVEN_UP_AFTER = 10  # deliveries of such a frame: with two listeners, none is lost by bad luck
TELL_S = 5.0  # to tell a caller that its session is lost


@dataclass(slots=True)
class Sessions:
    """For one thread."""

    carrier: Carrier
    names: QueueNames
    keys: KeyRing
    journal: Journal
    upstream: Upstream
    admission: Admission
    guard: Guard
    incidents: Incidents
    _open: dict[str, ServedSession] = field(default_factory=dict[str, ServedSession])
    _ended: OrderedDict[str, None] = field(default_factory=OrderedDict[str, None])
    _assembler: Assembler = field(
        default_factory=lambda: Assembler(clock=anyio.current_time, max_bytes=MAX_ASSEMBLED)
    )

    async def take(
        self, taken: Taken, header: Header, piece: bytes, tasks: anyio.abc.TaskGroup
    ) -> bool:
        """Take one frame; whether it can be deleted. New sessions run in `tasks`.

        Raises:
            PeerFault: it is no frame of this session, and belongs into quarantine.
        """
        sid, caller = header.sid, header.reply
        if sid is None or caller is None:
            raise PeerFault
        session = self._open.get(sid)
        life_s = header.budget_ms / 1000 - taken.age_s
        if session is None:
            if sid in self._ended or life_s <= 0:
                return True
            if header.seq != FIRST:
                return await self._pass_by(taken, header, caller)
            if len(self._open) >= MAX_SESSIONS:
                await self._tell_end(header, caller, Code.OVERLOADED)
                return True
            session = self._begin(sid, caller, header.kid, tasks)
        if session.caller != caller:
            raise PeerFault(Code.REPLAYED)
        session.live_until(anyio.current_time() + life_s)
        if session.expects(header.seq):
            body = self._assembler.add(header.mid, header.part, header.parts, piece)
            if body is not None:
                session.take(header.seq, header.mid, body)
        return True

    def close(self) -> None:
        """End all of them: this listener stops."""
        for session in self._open.values():
            session.end(Code.CLOSED)

    def _begin(self, sid: str, caller: str, kid: str, tasks: anyio.abc.TaskGroup) -> ServedSession:
        header = Header(direction=Direction.REPLY, mid=sid, kind=Kind.SESSION, sid=sid, kid=kid)
        queue = self.names.responses(caller)
        session = ServedSession(
            sid,
            caller,
            Sender(partial(self._put, queue), self.keys, header),
            self.upstream,
            self.admission,
            self.guard,
            self.incidents,
            partial(self._claim, queue),
        )
        self._open[sid] = session
        tasks.start_soon(self._run, sid, session)
        return session

    async def _run(self, sid: str, session: ServedSession) -> None:
        try:
            await session.run()
        finally:
            del self._open[sid]
            self._ended[sid] = None
            if len(self._ended) > MAX_ENDED:
                self._ended.popitem(last=False)

    async def _claim(self, queue: str, mid: str, digest: bytes) -> Verdict:
        do = partial(claim, self.journal, mid, digest, queue, read_only=False)
        return (await to_thread.run_sync(do)).verdict

    async def _put(self, queue: str, texts: Sequence[str], until: float) -> Posted:
        return await post(self.carrier, queue, texts, until=until)

    async def _pass_by(self, taken: Taken, header: Header, caller: str) -> bool:
        if taken.times_taken < GIVEN_UP_AFTER:
            try:
                queue = self.names.requests
                await self.carrier.renew(queue, taken.receipt, lease_s=LET_GO_S)
            except CarrierFault:
                pass  # then it comes again later
            return False
        await self._tell_end(header, caller, Code.SESSION_LOST)
        return True

    async def _tell_end(self, its: Header, caller: str, code: Code) -> None:
        """Outside of any order: nothing else comes from here for this session."""
        sid = its.sid or its.mid
        header = Header(
            direction=Direction.REPLY, mid=sid, kind=Kind.SESSION, sid=sid, seq=0, kid=its.kid
        )
        texts = seal_texts(self.keys, header, b"[" + encode_item(End(code)) + b"]")
        try:
            queue = self.names.responses(caller)
            await self._put(queue, texts, anyio.current_time() + TELL_S)
        except CarrierFault:
            return  # it will ask again
