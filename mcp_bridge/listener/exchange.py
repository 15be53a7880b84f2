"""One whole request, from the journal to the reply on the caller's queue.

At most one effect, exactly one answer: the order is fixed by DESIGN section 6. Journal RECEIVED and
STARTED, run, guard, seal, journal DONE with the sealed reply, put the reply. What then becomes of
the request's messages is the loop's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from hashlib import sha256
from itertools import count

import anyio
from anyio import to_thread

from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import (
    CarrierFault,
    Code,
    Executed,
    Layer,
    LocalFault,
    PeerFault,
    QueueMissing,
)
from mcp_bridge.events import FrameEvent, Hop
from mcp_bridge.frames import Direction, Header, Kind
from mcp_bridge.incidents import Incidents
from mcp_bridge.journal import Journal
from mcp_bridge.listener.claims import Claim, Verdict, claim
from mcp_bridge.listener.intake import Work
from mcp_bridge.listener.run import Runner
from mcp_bridge.names import QueueNames
from mcp_bridge.posting import post, seal_texts
from mcp_bridge.rpc import Message, decode_request, encode
from mcp_bridge.sealing import KeyRing

NOTICE_S = 5.0  # a progress frame that cannot be put within this is left out


class Fate(Enum):
    """What becomes of a request's messages."""

    DELETE = auto()  # it is answered, or nobody waits
    REFUSE = auto()  # the journal failed: it did not run, and shall not when it comes again
    DELIVER_AGAIN = auto()  # it is journalled, but the reply could not be put
    QUARANTINE = auto()  # it was started too often


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """Sealed texts for the caller's queue."""

    texts: Sequence[str]
    hop: Hop = Hop.ANSWERED
    fate: Fate = Fate.DELETE


@dataclass(frozen=True, slots=True)
class Exchange:
    """What every request needs."""

    carrier: Carrier
    names: QueueNames
    keys: KeyRing
    journal: Journal
    runner: Runner
    incidents: Incidents

    async def serve(self, work: Work, body: bytes) -> Fate:
        """Answer one request.

        Raises:
            PeerFault: the body is no request, or its `mid` was used for another one.
        """
        request = decode_request(body)
        reply = await self._reply(work, request, body)
        if work.recalled:
            return reply.fate
        return await self._put(work, request, reply)

    async def _reply(self, work: Work, request: Message, body: bytes) -> Reply:
        try:
            claimed = await self._claim(work, request, body)
        except LocalFault as fault:
            executed = Executed.UNKNOWN if work.came_before else Executed.NO
            refusal = self._failed(work, request, fault.code, executed)
            return Reply(self._sealed(work, [refusal]), fate=Fate.REFUSE)
        match claimed.verdict:
            case Verdict.RESEND:
                return Reply(claimed.texts, hop=Hop.RESENT)
            case Verdict.RUN:
                self._tell(Hop.STARTED, work, request)
                messages = await self.runner.run(
                    work, request, partial(self._send_notices, work, count(1))
                )
                return Reply(await self._settled(work, request, messages))
            case Verdict.UNKNOWN | Verdict.POISON:
                failure = self._failed(work, request, Code.UNKNOWN_OUTCOME, Executed.UNKNOWN)
                texts = await self._settled(work, request, [failure])
                poison = claimed.verdict is Verdict.POISON
                return Reply(texts, fate=Fate.QUARANTINE if poison else Fate.DELETE)

    async def _claim(self, work: Work, request: Message, body: bytes) -> Claim:
        return await to_thread.run_sync(
            partial(
                claim,
                self.journal,
                work.mid,
                sha256(body).digest(),
                self.names.responses(work.caller),
                read_only=self.runner.upstream.is_read_only(request),
            )
        )

    async def _settled(
        self, work: Work, request: Message, messages: Sequence[Message]
    ) -> Sequence[str]:
        """Seal, and journal DONE. What cannot be sealed or journalled does not leave."""
        try:
            return await to_thread.run_sync(self._seal_and_journal, work, messages)
        except LocalFault as fault:
            return self._sealed(work, [self._failed(work, request, fault.code, Executed.YES)])
        except PeerFault as fault:
            code = fault.code  # too large
        except (TypeError, ValueError):
            code = Code.NOT_JSON_RPC  # of the upstream, or of the guard
        return await self._settled(work, request, [self._failed(work, request, code, Executed.YES)])

    def _seal_and_journal(self, work: Work, messages: Sequence[Message]) -> Sequence[str]:
        """Runs in a worker thread: large messages take a while to seal, the disk to sync."""
        texts = self._sealed(work, messages)
        self.journal.done(work.mid, texts)
        return texts

    def _sealed(self, work: Work, messages: Sequence[Message]) -> Sequence[str]:
        header = Header(direction=Direction.REPLY, mid=work.mid, kind=Kind.REPLY)
        return seal_texts(self.keys, header, encode(*messages))

    async def _put(self, work: Work, request: Message, reply: Reply) -> Fate:
        queue = self.names.responses(work.caller)
        try:
            await post(self.carrier, queue, reply.texts, until=work.deadline)
        except CarrierFault as fault:
            self._tell(Hop.FAILED, work, request, code=fault.code)
            # A caller that left took its queue along: then nobody waits for the reply.
            return reply.fate if isinstance(fault, QueueMissing) else Fate.DELIVER_AGAIN
        self._tell(reply.hop, work, request, size=sum(map(len, reply.texts)))
        return reply.fate

    async def _send_notices(
        self, work: Work, numbers: Iterator[int], notices: Sequence[Message]
    ) -> None:
        header = Header(
            direction=Direction.REPLY, mid=work.mid, kind=Kind.PROGRESS, seq=next(numbers)
        )
        queue = self.names.responses(work.caller)
        try:
            texts = seal_texts(self.keys, header, encode(*notices))
            await post(self.carrier, queue, texts, until=anyio.current_time() + NOTICE_S)
        except (CarrierFault, PeerFault, TypeError, ValueError):
            return  # progress is a courtesy; the reply does not depend on it

    def _failed(self, work: Work, request: Message, code: Code, executed: Executed) -> Message:
        return self.incidents.failed(work.mid, request, code, Layer.LISTENER, executed)

    def _tell(
        self,
        hop: Hop,
        work: Work,
        request: Message,
        *,
        size: int | None = None,
        code: Code | None = None,
    ) -> None:
        elapsed_ms = (anyio.current_time() - work.taken_at) * 1000
        event = FrameEvent(hop, work.mid, request["method"], elapsed_ms, size, code)
        self.incidents.on_event(event)
