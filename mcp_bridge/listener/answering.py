"""From a request to its answer on a queue, whatever the messages there look like.

At most one effect, exactly one answer: the order is fixed by DESIGN section 6. Journal RECEIVED and
STARTED, run, guard, seal, journal DONE with the sealed reply, put the reply. What then becomes of
the request's messages is the business of whoever took them.

The journal holds sealed replies only. Where a contract's answers are not sealed, they are for the
journal, and opened again each time that one is put.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

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
from mcp_bridge.incidents import Incidents, executed_by
from mcp_bridge.journal import Journal
from mcp_bridge.listener.claims import Claim, Verdict, claim
from mcp_bridge.listener.run import Runner
from mcp_bridge.listener.works import Work
from mcp_bridge.posting import post, seal_texts
from mcp_bridge.rpc import Message
from mcp_bridge.sealing import KeyRing


class Fate(Enum):
    """What becomes of a request's messages."""

    DELETE = auto()  # it is answered, or nobody waits
    REFUSE = auto()  # the journal failed: it did not run, and shall not when it comes again
    DELIVER_AGAIN = auto()  # it is journalled, but the reply could not be put
    QUARANTINE = auto()  # it was started too often


async def no_notices(_notices: Sequence[Message]) -> None:
    """For contracts that carry none."""


def as_they_are(sealed: Sequence[str]) -> Sequence[str]:
    """For contracts whose answers leave sealed."""
    return sealed


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request, and how its answer goes back."""

    request: Message
    digest: bytes  # of what was asked: the journal tells a copy from another request
    reply_queue: str
    # The messages that may leave, the response last, as bytes. Raises PeerFault(TOO_LARGE), and
    # TypeError or ValueError for what is no JSON.
    encode: Callable[[Sequence[Message]], bytes]
    # Those bytes, sealed, as texts to put. Raises PeerFault if they do not open any more.
    to_put: Callable[[Sequence[str]], Sequence[str]] = as_they_are
    send_notices: Callable[[Sequence[Message]], Awaitable[None]] = no_notices
    queue_stays: bool = False  # if it is missing, somebody has to make it; else nobody waits


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """Sealed texts."""

    texts: Sequence[str]
    hop: Hop = Hop.ANSWERED
    fate: Fate = Fate.DELETE


@dataclass(frozen=True, slots=True)
class Answering:
    """What every request needs."""

    carrier: Carrier
    keys: KeyRing
    journal: Journal
    runner: Runner
    incidents: Incidents

    async def answer(self, work: Work, asked: Asked) -> Fate:
        """Answer one request.

        Raises:
            PeerFault: its `mid` was used for another one.
        """
        reply = await self._reply(work, asked)
        if work.recalled:
            return reply.fate
        return await self._put(work, asked, reply)

    async def _reply(self, work: Work, asked: Asked) -> Reply:
        try:
            claimed = await self._claim(work, asked)
        except LocalFault as fault:
            return await self._refused(work, asked, fault.code)
        match claimed.verdict:
            case Verdict.RESEND:
                return Reply(claimed.texts, hop=Hop.RESENT)
            case Verdict.RUN:
                work.may_have_run = claimed.again
                self._tell(Hop.STARTED, work, asked)
                messages = await self.runner.run(work, asked.request, asked.send_notices)
                return Reply(await self._settled(work, asked, messages))
            case Verdict.UNKNOWN | Verdict.POISON:
                failure = self._failed(work, asked, Code.UNKNOWN_OUTCOME, Executed.UNKNOWN)
                texts = await self._settled(work, asked, [failure])
                poison = claimed.verdict is Verdict.POISON
                return Reply(texts, fate=Fate.QUARANTINE if poison else Fate.DELETE)

    async def _claim(self, work: Work, asked: Asked) -> Claim:
        return await to_thread.run_sync(
            partial(
                claim,
                self.journal,
                work.mid,
                asked.digest,
                asked.reply_queue,
                read_only=self.runner.upstream.is_read_only(asked.request),
            )
        )

    async def _refused(self, work: Work, asked: Asked, code: Code) -> Reply:
        """The journal failed, so it does not run.

        That it did not is said only when it is off the queue: what comes again, perhaps to the next
        life of this process, may run then.
        """
        may_have_run = await to_thread.run_sync(self._may_have_run, work)
        is_gone = await work.hold.delete()
        executed = Executed.NO if is_gone and not may_have_run else Executed.UNKNOWN
        refusal = self._failed(work, asked, code, executed)
        return Reply(self._sealed(work, asked, [refusal]), fate=Fate.REFUSE)

    def _may_have_run(self, work: Work) -> bool:
        try:
            return work.may_have_run or self.journal.has_started(work.mid)
        except LocalFault:
            return True

    async def _settled(
        self, work: Work, asked: Asked, messages: Sequence[Message]
    ) -> Sequence[str]:
        """Seal, and journal DONE. What cannot be sealed or journalled does not leave."""
        try:
            return await to_thread.run_sync(self._seal_and_journal, work, asked, messages)
        except LocalFault as fault:
            failure = self._failed(work, asked, fault.code, executed_by(messages[-1]))
            return self._sealed(work, asked, [failure])
        except PeerFault as fault:
            code = fault.code  # too large
        except (TypeError, ValueError):
            code = Code.NOT_JSON_RPC  # of the upstream, or of the guard
        failure = self._failed(work, asked, code, executed_by(messages[-1]))
        return await self._settled(work, asked, [failure])

    def _seal_and_journal(
        self, work: Work, asked: Asked, messages: Sequence[Message]
    ) -> Sequence[str]:
        """Runs in a worker thread: large messages take a while to seal, the disk to sync."""
        texts = self._sealed(work, asked, messages)
        self.journal.done(work.mid, texts)
        return texts

    def _sealed(self, work: Work, asked: Asked, messages: Sequence[Message]) -> Sequence[str]:
        header = Header(direction=Direction.REPLY, mid=work.mid, kind=Kind.REPLY, kid=work.kid)
        return seal_texts(self.keys, header, asked.encode(messages))

    async def _put(self, work: Work, asked: Asked, reply: Reply) -> Fate:
        texts = asked.to_put(reply.texts)
        try:
            await post(self.carrier, asked.reply_queue, texts, until=work.deadline)
        except CarrierFault as fault:
            self._tell(Hop.FAILED, work, asked, code=fault.code)
            # A caller that left took its queue along: then nobody waits for the reply.
            left = isinstance(fault, QueueMissing) and not asked.queue_stays
            return reply.fate if left else Fate.DELIVER_AGAIN
        self._tell(reply.hop, work, asked, size=sum(map(len, texts)))
        return reply.fate

    def _failed(self, work: Work, asked: Asked, code: Code, executed: Executed) -> Message:
        return self.incidents.failed(work.mid, asked.request, code, Layer.LISTENER, executed)

    def _tell(
        self,
        hop: Hop,
        work: Work,
        asked: Asked,
        *,
        size: int | None = None,
        code: Code | None = None,
    ) -> None:
        elapsed_ms = (anyio.current_time() - work.taken_at) * 1000
        event = FrameEvent(hop, work.mid, asked.request["method"], elapsed_ms, size, code)
        self.incidents.on_event(event)
