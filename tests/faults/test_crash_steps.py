"""The listener dies between every two steps of its work, and a new one takes over.

Whatever the step: at most one effect of a tool that writes, exactly one answer, and a true word
when nobody can know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.caller import CallerOptions, open_caller
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Carrier, Operation
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.journal import Journal, Record
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.policy import Policy
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import as_it_is, call_request, failure_of, new_keys, text_of
from tests.fakes.faulty_carrier import FaultyCarrier
from tests.fakes.served import Served

# Every step after which the process may be gone, in their order.
STEPS = (
    "taken",
    "before RECEIVED",
    "after RECEIVED",
    "before STARTED",
    "after STARTED",
    "the effect",
    "before DONE",
    "after DONE",
    "before the reply is put",
    "after the reply was put",
)
# The effect may have happened, and the journal does not say that it came to an end.
IN_DOUBT = ("after STARTED", "the effect", "before DONE")


class Life:
    """One life of the process: at the chosen step it ends, and nothing of it moves again."""

    def __init__(self, step: str) -> None:
        self._step = step
        self.over = anyio.Event()

    def reaches(self, step: str) -> None:
        """Raises when it dies here, or is dead already."""
        if step == self._step:
            self.over.set()
        if self.over.is_set():
            raise LocalFault(Code.JOURNAL_UNUSABLE)


class DyingJournal(Journal):
    """It raises where it dies; what is then said, the dead carrier does not carry."""

    def __init__(self, path: Path, life: Life) -> None:
        super().__init__(path)
        self._life = life

    def receive(self, mid: str, digest: bytes, reply_queue: str) -> Record:
        self._reaches("before RECEIVED")
        record = super().receive(mid, digest, reply_queue)
        self._reaches("after RECEIVED")
        return record

    def start(self, mid: str, after: int) -> bool:
        self._reaches("before STARTED")
        started = super().start(mid, after)
        self._reaches("after STARTED")
        return started

    def done(self, mid: str, reply_texts: Sequence[str]) -> None:
        self._reaches("before DONE")
        super().done(mid, reply_texts)
        self._reaches("after DONE")

    def _reaches(self, step: str) -> None:
        anyio.from_thread.run_sync(self._life.reaches, step)


class DyingCarrier(FaultyCarrier):
    """The operations of a process that may be dead; the dead ask for nothing."""

    def __init__(self, inner: MemoryCarrier, life: Life) -> None:
        super().__init__(inner)
        self._life = life

    async def _call(self, operation: Operation, act: Any, **others: Any) -> Any:  # noqa: ANN401
        await self._while_alive()
        if operation is Operation.PUT:
            await self._reach("before the reply is put")
        result = await super()._call(operation, act, **others)
        if operation is Operation.PUT:
            await self._reach("after the reply was put")
        if operation is Operation.TAKE and result:
            await self._reach("taken")
        return result

    async def _reach(self, step: str) -> None:
        try:
            self._life.reaches(step)
        except LocalFault:
            await anyio.sleep_forever()

    async def _while_alive(self) -> None:
        if self._life.over.is_set():
            await anyio.sleep_forever()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("tool", ["read", "write"])
async def test_one_effect_and_one_answer(tool: str, step: str, tmp_path: Path) -> None:
    now = 0.0
    carrier = MemoryCarrier(clock=lambda: now)
    await carrier.create("test-req")
    keys = new_keys()
    life = Life(step)
    mortal = Served(on_effect=lambda _name: life.reaches("the effect"))
    successor = Served(effects=mortal.effects)
    responses: list[Mapping[str, Any]] = []

    async def call() -> None:
        responses.append(await caller.exchange(call_request(tool)))

    def listener(queues: Carrier, journal: Journal, served: Served) -> Listener:
        upstream = ServerUpstream(served.server())
        options = ListenerOptions(drain_s=0.01)
        return Listener(
            queues,
            "test",
            keys,
            journal,
            upstream,
            as_it_is,
            policy=Policy.everything(),
            options=options,
        )

    with anyio.fail_after(10):
        async with (
            open_caller(carrier, "test", keys, options=CallerOptions(budget_s=120)) as caller,
            anyio.create_task_group() as calls,
        ):
            calls.start_soon(call)
            with closing(DyingJournal(tmp_path / "journal", life)) as journal:
                async with background() as tasks:
                    tasks.start_soon(listener(DyingCarrier(carrier, life), journal, mortal).run)
                    await life.over.wait()
            now = 31.0  # the dead listener's lease is over
            with closing(Journal(tmp_path / "journal")) as journal:
                async with background() as tasks:
                    tasks.start_soon(listener(carrier, journal, successor).run)
                    while await carrier.length("test-req"):  # noqa: ASYNC110 - a queue
                        await anyio.sleep(0.005)
    [response] = responses
    _judge(tool, step, mortal.effects, response)


def _judge(tool: str, step: str, effects: list[str], response: Mapping[str, Any]) -> None:
    if tool == "read":
        assert text_of(response).startswith("read")
        assert len(effects) == (2 if step in IN_DOUBT[1:] else 1)
    elif step in IN_DOUBT:
        assert failure_of(response)["code"] == Code.UNKNOWN_OUTCOME
        assert failure_of(response)["executed"] == "unknown"
        assert len(effects) == (0 if step == "after STARTED" else 1)
    else:
        assert text_of(response) == "write 1"
        assert len(effects) == 1
