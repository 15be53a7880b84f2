"""Many calls through a bridge on a bad day, and the account of what came of each.

One listener after the other and one caller after the other (each may die), a service between them,
all on virtual time. Every call has a number, and every run of its tool is counted, so that each
answer can be held against what happened: "no" means that it did not run, "yes" that it ran, and no
tool that writes runs twice, whatever the day was like.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from typing_extensions import override

from mcp_bridge.background import background
from mcp_bridge.cadence import Cadence
from mcp_bridge.caller import Caller, CallerOptions, open_caller
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Carrier, Operation
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.journal import Journal, Record
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import as_it_is, call_request, new_keys
from tests.fakes.faulty_carrier import Fault, FaultyCarrier
from tests.fakes.virtual_time import this_loop

BUDGET_S = 60.0
AT_ONCE = 32
SETTLED_S = 200.0  # after the last answer; longer than any message of a call can live
LIVES_ON_S = 1.0  # between a death and the next life

# A fault for this operation now, or none.
Choose = Callable[[random.Random, Operation], Fault | None]


def fair_weather(_dice: random.Random, _operation: Operation) -> Fault | None:
    """Nothing goes wrong."""
    return None


@dataclass(frozen=True)
class Day:
    """What may go wrong. All of it is driven by one seed."""

    listening: Choose = fair_weather
    calling: Choose = fair_weather
    full_disk: float = 0.0  # share of the journal's writes that fail
    deaths_every: int = 0  # steps of each listener's life, at most; 0: it does not die
    callers_die_every: int = 0  # the same for the caller
    listener_dies_at: int = 0  # this step of the first life; the second goes on
    caller_dies_at: int = 0
    clock_jumps_s: float = 0.0  # of the service's clock, back and forth, at most
    sleeps_s: float = 0.0  # of the whole PC, at most
    chunks: bool = False  # some requests and answers need several frames


@dataclass
class Account:
    """What happened."""

    effects: Counter[int] = field(default_factory=Counter[int])
    outcomes: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    abandoned: set[int] = field(default_factory=set[int])  # their caller is dead
    left_over: int = 0  # messages on the request queue at the end

    def settle(self, numbers: range) -> Counter[str]:
        """Hold every answer against what happened; how many of each kind there were."""
        kinds: Counter[str] = Counter()
        for number in numbers:
            ran = self.effects[number]
            if writes(number):
                assert ran <= 1, (number, ran)
            if number in self.abandoned:
                kinds["abandoned"] += 1
                continue
            [outcome] = self.outcomes[number]  # exactly one
            kind = _kind(outcome)
            assert kind != "no" or ran == 0, (number, ran, outcome)
            assert kind not in {"yes", "result"} or ran >= 1, (number, ran, outcome)
            kinds[kind] += 1
        assert self.abandoned.isdisjoint(self.outcomes)
        assert self.effects.keys() <= set(numbers)
        assert self.left_over == 0
        return kinds


def writes(number: int) -> bool:
    """Every third call only reads."""
    return number % 3 != 0


def _kind(outcome: Mapping[str, Any]) -> str:
    if "result" in outcome:
        return "result"
    data = outcome["error"]["data"]
    assert data["retry"] is (data["executed"] == "no")
    return data["executed"]


class Weather(FaultyCarrier):
    """A service with faults as they come, and a process on it that may die."""

    def __init__(self, inner: Carrier, choose: Choose, dice: random.Random, life: Life) -> None:
        super().__init__(inner)
        self._choose = choose
        self._dice = dice
        self._life = life

    @override
    async def _call(self, operation: Operation, act: Any, **others: Any) -> Any:
        await self._step()
        self.inject(operation, self._choose(self._dice, operation))
        result = await super()._call(operation, act, **others)
        await self._step()
        return result

    async def _step(self) -> None:
        if self._life.step():
            await anyio.sleep_forever()


class Life:
    """Of a process; it ends at this step of its work, or with None not at all."""

    def __init__(self, steps: int | None) -> None:
        self._left = steps
        self.over = anyio.Event()

    def step(self) -> bool:
        """One more; whether it is over."""
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.over.set()
        return self.over.is_set()


class Diary(Journal):
    """A journal on a disk that is full now and then, of a process that may die."""

    def __init__(self, path: Path | str, life: Life, full: float, dice: random.Random) -> None:
        super().__init__(path)
        self._life = life
        self._full = full
        self._dice = dice

    @override
    def receive(self, mid: str, digest: bytes, reply_queue: str) -> Record:
        self._write()
        record = super().receive(mid, digest, reply_queue)
        self._step()
        return record

    @override
    def start(self, mid: str, after: int) -> bool:
        self._write()
        started = super().start(mid, after)
        self._step()
        return started

    @override
    def done(self, mid: str, reply_texts: Sequence[str]) -> None:
        self._write()
        super().done(mid, reply_texts)
        self._step()

    def _write(self) -> None:
        self._step()
        if self._dice.random() < self._full:
            raise LocalFault(Code.JOURNAL_UNUSABLE)

    def _step(self) -> None:
        if anyio.from_thread.run_sync(self._life.step):
            raise LocalFault(Code.JOURNAL_UNUSABLE)  # what is then said, nobody carries


@dataclass
class Harness:
    """Runs calls on one such day."""

    day: Day
    seed: int
    journal: Path
    account: Account = field(default_factory=Account)
    _clock_off_s: float = 0.0

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - a drill
        self._lives: Counter[str] = Counter()
        self._keys: KeyRing = new_keys()
        self._service = MemoryCarrier(clock=lambda: anyio.current_time() + self._clock_off_s)

    async def run(self, calls: int) -> Counter[str]:
        """Make so many calls; what came of them, checked."""
        this_loop()
        await self._service.create("test-req")
        numbers = deque(range(calls))
        async with background() as tasks:
            tasks.start_soon(self._live_and_die)
            if self.day.clock_jumps_s or self.day.sleeps_s:
                tasks.start_soon(self._disturb_the_clocks)
            while numbers:
                await self._call_until_death(numbers)
            self._clock_off_s = 0.0
            await anyio.sleep(SETTLED_S)
        self.account.left_over = await self._service.length("test-req")
        return self.account.settle(range(calls))

    async def _call_until_death(self, numbers: deque[int]) -> None:
        life = self._life("caller", self.day.callers_die_every, self.day.caller_dies_at)
        carrier = Weather(self._service, self.day.calling, self._dice, life)
        options = CallerOptions(budget_s=BUDGET_S)

        with anyio.CancelScope() as scope:
            async with (
                self._death(life, scope),
                open_caller(carrier, "test", self._keys, options=options) as caller,
                anyio.create_task_group() as calls,
            ):
                caller._mailbox._cadence = Cadence(idle_cap_s=0.5, clock=anyio.current_time)
                for _ in range(AT_ONCE):
                    calls.start_soon(self._call_in_turn, caller, numbers)

    @asynccontextmanager
    async def _death(self, life: Life, scope: anyio.CancelScope) -> AsyncIterator[None]:
        async def die() -> None:
            await life.over.wait()
            scope.cancel()

        async with background() as tasks:
            tasks.start_soon(die)
            yield

    async def _call_in_turn(self, caller: Caller, numbers: deque[int]) -> None:
        while numbers:
            number = numbers.popleft()
            tool = "write" if writes(number) else "read"
            padding = self._dice.randbytes(60_000).hex() if self._is_long() else ""
            request = call_request(tool, number=number, padding=padding)
            self.account.abandoned.add(number)
            outcome = await caller.exchange(request)
            self.account.abandoned.remove(number)
            self.account.outcomes.setdefault(number, []).append(outcome)

    def _life(self, whose: str, every: int, at: int) -> Life:
        self._lives[whose] += 1
        if every:
            return Life(self._dice.randint(1, every))
        return Life(at if at and self._lives[whose] == 1 else None)

    def _is_long(self) -> bool:
        return self.day.chunks and self._dice.random() < 0.1

    async def _live_and_die(self) -> None:
        while True:
            life = self._life("listener", self.day.deaths_every, self.day.listener_dies_at)
            with closing(Diary(self.journal, life, self.day.full_disk, self._dice)) as diary:
                async with background() as tasks:
                    tasks.start_soon(self._listener(life, diary).run)
                    await life.over.wait()
            await anyio.sleep(LIVES_ON_S)

    def _listener(self, life: Life, diary: Diary) -> Listener:
        listener = Listener(
            Weather(self._service, self.day.listening, self._dice, life),
            "test",
            self._keys,
            diary,
            ServerUpstream(self._server(life)),
            as_it_is,
            policy=Policy.everything(),
            options=ListenerOptions(drain_s=0.01),
        )
        listener._polling._cadence = Cadence(idle_cap_s=2.0, clock=anyio.current_time)
        return listener

    def _server(self, life: Life) -> Server[Any]:
        async def tools(
            _ctx: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
        ) -> ListToolsResult:
            return ListToolsResult(tools=[_tool("read", reads=True), _tool("write", reads=False)])

        async def call(
            _ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams
        ) -> CallToolResult:
            arguments = params.arguments or {}
            if life.step():
                await anyio.sleep_forever()  # dead before the effect
            self.account.effects[arguments["number"]] += 1
            await anyio.sleep(self._dice.choice((0.0, 0.0, 0.01, 1.0)))
            if life.step():
                await anyio.sleep_forever()
            return CallToolResult(content=[TextContent(text=arguments["padding"])])

        return Server("counted", on_list_tools=tools, on_call_tool=call)

    async def _disturb_the_clocks(self) -> None:
        while True:
            await anyio.sleep(self._dice.uniform(0.5, 10))
            self._clock_off_s = self._dice.uniform(-1, 1) * self.day.clock_jumps_s
            this_loop().jump(self._dice.random() * self.day.sleeps_s)


def _tool(name: str, *, reads: bool) -> Tool:
    schema: dict[str, Any] = {"type": "object"}
    hint = ToolAnnotations(read_only_hint=reads)
    return Tool(name=name, input_schema=schema, annotations=hint)
