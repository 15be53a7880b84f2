"""What a call costs beside the bare queue, measured side by side in one run.

floor_p50_ms       put, take, put, take of messages of the same size, one after the other, by the
                   bare carrier: on Azure the SDK as it comes, and some microseconds
call_p50_ms        an echo through `mcp.Client`, caller, queue, listener and back
ratio_p50, _p95    call by floor, of each round; the median of the rounds
ops_per_call       operations of both sides during the calls, the two deletes included
idle_ops_per_hour  what the listener's cadence asks in an hour without traffic, on a virtual clock
calls_per_s_32     with 32 calls in flight
bare_cycles_per_s  the six operations of a call by the bare carrier, 32 in flight
poller_ratio       p50 of a plain poller (1 s sleeps, a response queue a request) by call_p50_ms

The serving side is a process of its own. Rounds of floor and of calls alternate, so that whatever
else this PC does hits both; no listener polls while the floor is measured. A delay for each
operation, on both sides and in the floor, stands for a service further away.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from statistics import median, quantiles
from time import perf_counter

import anyio
from mcp import Client
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_bridge.bench.bare import cycles_per_s, floor, plain_poller
from mcp_bridge.bench.delayed import delayed
from mcp_bridge.bench.serving import OperationCount, ServingProcess, serving_process
from mcp_bridge.cadence import Cadence
from mcp_bridge.caller import open_caller, queue_transport
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import CarrierFault
from mcp_bridge.sealing import KeyRing, PairingSecret

AT_ONCE = 32
HOUR_S = 3600.0
TEXT_BYTES = 1600  # of a sealed echo; the floor carries messages of the same size
LONGEST_S = 600.0  # then the carrier is too slow to be measured


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured; this takes about half a minute, on a carrier near by."""

    rounds: int = 7
    warm_up: int = 10  # calls of each round that are not timed
    samples: int = 50  # of floor and of calls, each round
    each: int = 20  # calls of each of the 32 at once
    polled_calls: int = 5  # by the plain poller; a second or two each


async def measure(
    spec: str, effort: Effort | None = None, *, delay_s: float = 0.0
) -> Mapping[str, float]:
    """The figures of the carrier that `spec` names; its queues are removed again.

    Args:
        spec: as `open_carrier` takes it.
        effort: how much is measured.
        delay_s: added to each operation, half before and half after.

    Raises:
        BridgeError: the carrier cannot be opened or used, or is too slow to be measured.
    """
    count = OperationCount()
    name = f"bench-{token_hex(4)}"
    secret = PairingSecret.generate()
    async with (
        open_carrier(spec, on_operation=count) as near,
        open_carrier(spec, bare=True) as bare,
    ):
        carrier = delayed(near, delay_s)
        try:
            with anyio.fail_after(LONGEST_S):
                async with serving_process(spec, name, secret, delay_s=delay_s) as serving:
                    bench = _Bench(
                        carrier,
                        delayed(bare, delay_s),
                        name,
                        KeyRing(secret),
                        count,
                        serving,
                        effort or Effort(),
                    )
                    return await bench.figures()
        except TimeoutError:
            raise CarrierFault from None
        finally:
            for queue in await near.queues(name):
                await near.drop(queue)


@dataclass(frozen=True, slots=True)
class _Round:
    """Seconds of floors and calls that were measured one after the other."""

    floors: list[float]
    calls: list[float]

    def ratio_p50(self) -> float:
        return median(self.calls) / median(self.floors)

    def ratio_p95(self) -> float:
        return _p95(self.calls) / _p95(self.floors)


@dataclass(slots=True)
class _Bench:
    carrier: Carrier
    bare: Carrier
    name: str
    keys: KeyRing
    count: OperationCount
    serving: ServingProcess
    effort: Effort
    rounds: list[_Round] = field(default_factory=list[_Round])
    operations: int = 0

    async def figures(self) -> dict[str, float]:
        there, back = f"{self.name}-there", f"{self.name}-back"
        await self.carrier.create(there)
        await self.carrier.create(back)
        text = "x" * TEXT_BYTES
        for _ in range(self.effort.rounds):
            samples = range(self.effort.samples)
            floors = [await floor(self.bare, there, back, text) for _ in samples]
            self.rounds.append(_Round(floors, await self._round_of_calls()))
        calls_per_s = await self._calls_per_s()
        bare = await cycles_per_s(
            self.bare, there, back, text, at_once=AT_ONCE, each=self.effort.each
        )
        polled = await plain_poller(self.bare, there, text, self.effort.polled_calls)
        summary = self._summary()
        return summary | {
            "calls_per_s_32": calls_per_s,
            "bare_cycles_per_s": bare,
            "poller_ratio": median(polled) * 1000 / summary["call_p50_ms"],
        }

    async def _round_of_calls(self) -> list[float]:
        calls: list[float] = []
        theirs = await self.serving.operations_after("start")
        async with self._client() as client:
            ours = self.count.total
            for number in range(self.effort.warm_up + self.effort.samples):
                began = perf_counter()
                await _echo(client)
                if number >= self.effort.warm_up:
                    calls.append(perf_counter() - began)
            self.operations += self.count.total - ours
        self.operations += await self.serving.operations_after("stop") - theirs
        return calls

    async def _calls_per_s(self) -> float:
        async def work() -> None:
            for _ in range(self.effort.each):
                await _echo(client)

        await self.serving.operations_after("start")
        async with self._client() as client:
            await _echo(client)
            began = perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(AT_ONCE):
                    tasks.start_soon(work)
            elapsed_s = perf_counter() - began
        await self.serving.operations_after("stop")
        return AT_ONCE * self.effort.each / elapsed_s

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Client]:
        async with (
            open_caller(self.carrier, self.name, self.keys) as caller,
            Client(queue_transport(caller), mode=LATEST_MODERN_VERSION) as client,
        ):
            yield client

    def _summary(self) -> dict[str, float]:
        return {
            "floor_p50_ms": median(one for each in self.rounds for one in each.floors) * 1000,
            "call_p50_ms": median(one for each in self.rounds for one in each.calls) * 1000,
            "ratio_p50": median(each.ratio_p50() for each in self.rounds),
            "ratio_p95": median(each.ratio_p95() for each in self.rounds),
            "ops_per_call": self.operations
            / self.effort.rounds
            / (self.effort.warm_up + self.effort.samples),
            "idle_ops_per_hour": _idle_polls(HOUR_S),
        }


async def _echo(client: Client) -> None:
    await client.call_tool("echo", {"text": "hello"})


def _p95(samples: list[float]) -> float:
    return quantiles(samples, n=20)[-1]


def _idle_polls(seconds: float) -> float:
    """Polls of an idle cadence, counted once it has cooled down."""
    now = 0.0
    cadence = Cadence(clock=lambda: now)
    cadence.empty()
    while now < HOUR_S:
        now += cadence.gap()
    began, polls = now, 0
    while now < began + seconds:
        now += cadence.gap()
        polls += 1
    return float(polls)
