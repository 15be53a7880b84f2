"""A door for messages that are not sealed: the listener's own work, on a contract's queues.

Claim, journal, policy, guard, lease and answer are those of the sealed frames; the journal keeps
answers sealed here too. All events bear the contract's name.

Nobody vouches for the ids in these messages, so a call is known by its id *and* by what it asks: a
copy is answered with the stored reply and does not run again, whatever id the queue gave it; the
same id with other arguments is another call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from uuid import UUID

import anyio
import anyio.abc
from typing_extensions import override

from mcp_bridge.carriers.port import MAX_TEXT_BYTES, Taken
from mcp_bridge.chunks import Assembler
from mcp_bridge.contracts.shape import CONTRACT_META_KEY, Call, Shape, canonical, poison_queue
from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.events import BridgeEvent, FrameEvent, Health, Hop, OnEvent
from mcp_bridge.frames import Direction, parse
from mcp_bridge.incidents import Incidents
from mcp_bridge.listener.aftermath import Aftermath
from mcp_bridge.listener.answering import Answering, Asked, Fate
from mcp_bridge.listener.door import Door
from mcp_bridge.listener.polling import ListenerOptions, Polling
from mcp_bridge.listener.works import Works
from mcp_bridge.rpc import Message, request
from mcp_bridge.sealing import KeyRing

# Neither contract says how long its caller waits; a run of a Foundry agent ends after 10 minutes.
BUDGET_S = 600.0


class UnsealedDoor(Door):
    """Serves the calls of one contract. Run it in one listener at a time."""

    def __init__(self, shape: Shape, *, budget_s: float = BUDGET_S) -> None:
        """A message older than `budget_s` is deleted unrun: nobody waits for it any more."""
        self._shape = shape
        self._budget_s = budget_s
        self._serving: _Serving | None = None

    @override
    async def serve(self, answering: Answering, options: ListenerOptions) -> None:
        """Serve until cancelled; then finish what runs, for `drain_s` at most."""
        self._serving = _Serving(self._shape, answering, options, self._budget_s)
        try:
            await self._serving.run()
        finally:
            self._serving = None

    @override
    def wake(self) -> None:
        """Poll now and often. From the loop only."""
        if self._serving is not None:
            self._serving.polling.wake()


class _Serving:
    """One life of a door."""

    def __init__(
        self, shape: Shape, answering: Answering, options: ListenerOptions, budget_s: float
    ) -> None:
        on_event = partial(_stamped, shape, answering.incidents.on_event)
        incidents = Incidents(on_event)
        runner = replace(
            answering.runner,
            incidents=incidents,
            admission=answering.runner.admission.only(shape.tools),
        )
        self._shape = shape
        self._answering = replace(answering, runner=runner, incidents=incidents)
        self._budget_s = budget_s
        self._on_event = on_event
        queue, carrier = shape.input_queue, answering.carrier
        self._works = Works(carrier, queue, options.lease_s)
        self._aftermath = Aftermath(carrier, queue, poison_queue(queue), self._works, on_event)
        self.polling = Polling(carrier, queue, self._make_queues, options, on_event)

    async def run(self) -> None:
        self.polling.report(Health.STARTING)
        try:
            await self.polling.run(self._handle, _nothing_to_close)
        finally:
            self.polling.report(Health.STOPPED)

    async def _make_queues(self) -> None:
        for queue in self._shape.own_queues:
            await self._answering.carrier.create(queue)

    async def _handle(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        try:
            await self._take_in(taken, tasks)
        except PeerFault as fault:
            await self._aftermath.put_aside(taken, fault.code)
        except Exception:  # noqa: BLE001 - a defect in one request must not end the others
            self._on_event(FrameEvent(Hop.FAILED, "", code=Code.UNKNOWN_OUTCOME))

    async def _take_in(self, taken: Taken, tasks: anyio.abc.TaskGroup) -> None:
        mid, asked = self._read(taken)
        work = self._works.get(mid)
        if work is not None:  # it was delivered again, or is a copy, while we work on it
            work.hold.add(taken.receipt)
            return
        work = self._works.begin(mid, self._shape.contract.value, taken, self._budget_s)
        work.hold.add(taken.receipt)
        work.is_whole = True  # one message is one call
        self._on_event(FrameEvent(Hop.TAKEN, mid, size=len(taken.text)))
        tasks.start_soon(self._aftermath.keep, work)
        fate = await self._aftermath.fate(work, partial(self._answering.answer, work, asked))
        if fate is Fate.QUARANTINE:
            await self._aftermath.put_aside(taken, Code.UNKNOWN_OUTCOME)
        self.polling.later.add(partial(self._aftermath.end, work, fate))

    def _read(self, taken: Taken) -> tuple[str, Asked]:
        """What it asks for, and its identity. Raises PeerFault."""
        try:
            call = self._shape.read(taken.text)
            return self._asked(call)
        except PeerFault:
            raise
        except Exception:  # noqa: BLE001 - such as a nesting too deep: it will never be readable
            raise PeerFault(Code.NOT_A_CALL) from None

    def _asked(self, call: Call) -> tuple[str, Asked]:
        digest = _digest(call.method, call.params)
        name = (self._shape.contract, self._shape.input_queue, call.identity, digest.hex())
        mid = UUID(bytes=_digest(*name)[:16]).hex
        message = request(call.method, mid, **call.params)
        message["params"]["_meta"][CONTRACT_META_KEY] = self._shape.contract.value
        return mid, Asked(
            message,
            digest,
            call.reply_queue,
            encode=partial(_encoded, call),
            to_put=partial(_opened, self._answering.keys),
            queue_stays=self._shape.reply_queue_stays,
        )


def _digest(*values: object) -> bytes:
    return sha256(canonical(values).encode("ascii")).digest()


def _encoded(call: Call, messages: Sequence[Message]) -> bytes:
    """The text of the response, the last of them: there is no place for notifications."""
    text = call.write(messages[-1]).encode("ascii")
    if len(text) > MAX_TEXT_BYTES:
        raise PeerFault(Code.TOO_LARGE)
    return text


def _opened(keys: KeyRing, sealed: Sequence[str]) -> Sequence[str]:
    """The text that was sealed for the journal. Raises PeerFault if its key is gone."""
    assembler = Assembler(clock=anyio.current_time)
    whole: bytes | None = None
    for text in sealed:
        frame = parse(text)
        head = frame.header
        whole = assembler.add(head.mid, head.part, head.parts, keys.open(frame, Direction.REPLY))
    if whole is None:
        raise PeerFault(Code.DOES_NOT_OPEN)
    return [whole.decode("ascii")]


def _stamped(shape: Shape, on_event: OnEvent, event: BridgeEvent) -> None:
    on_event(replace(event, contract=shape.contract))


def _nothing_to_close() -> None:
    """What runs is finished, what waits is delivered again."""
