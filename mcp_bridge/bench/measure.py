"""What a call costs beside the bare queue, measured side by side in one run.

floor_p50_ms       put, take, put, take by the bare carrier, one after the other: no call can be
                   faster (on Azure the carrier is the SDK and some microseconds)
call_p50_ms        an echo through `mcp.Client`, caller, queue, listener and back
ratio_p50, _p95    call by floor
ops_per_call       operations of both sides during the calls, the two deletes included
idle_ops_per_hour  what the listener's cadence asks in an hour without traffic, on a virtual clock
calls_per_s_32     with 32 calls in flight
bare_cycles_per_s  the six operations of a call by the bare carrier, 32 in flight
poller_ratio       p50 of a plain poller (1 s sleeps, a response queue a request) by call_p50_ms

Both sides run in this process, so they share one core; rounds of floor and of calls alternate, and
no listener polls while the floor is measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from statistics import median, quantiles
from time import perf_counter

import anyio
from mcp import Client

from mcp_bridge.bench.bare import cycles_per_s, floor, plain_poller
from mcp_bridge.bench.echo import echoing_client
from mcp_bridge.cadence import Cadence
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier, Operation
from mcp_bridge.errors import CarrierFault
from mcp_bridge.journal import Journal
from mcp_bridge.sealing import KeyRing, PairingSecret

ROUNDS = 5
WARM_UP = 10  # calls of each round that do not count
SAMPLES = 60  # of floor and of calls, each round
AT_ONCE = 32
EACH = 20  # calls of each of those
POLLED_CALLS = 5
HOUR_S = 3600.0
TEXT_BYTES = 1600  # of a sealed echo; the floor carries messages of the same size
LONGEST_S = 120.0  # then the carrier is too slow to be measured


async def measure(spec: str) -> Mapping[str, float]:
    """The figures of the carrier that `spec` names; its queues are removed again.

    Raises:
        BridgeError: the carrier cannot be opened or used.
    """
    count = _Count()
    name = f"bench-{token_hex(4)}"
    async with open_carrier(spec, on_operation=count) as carrier:
        try:
            with tempfile.TemporaryDirectory() as folder, anyio.fail_after(LONGEST_S):
                return await _Bench(carrier, name, count, Path(folder)).figures()
        except TimeoutError:
            raise CarrierFault from None
        finally:
            for queue in await carrier.queues(name):
                await carrier.drop(queue)


@dataclass(slots=True)
class _Count:
    """The operations of a carrier."""

    operations: int = 0

    def __call__(self, _operation: Operation) -> None:
        """One more."""
        self.operations += 1


@dataclass(slots=True)
class _Bench:
    carrier: Carrier
    name: str
    count: _Count
    folder: Path
    text: str = "x" * TEXT_BYTES
    keys: KeyRing = field(default_factory=lambda: KeyRing(PairingSecret.generate()))
    floors: list[float] = field(default_factory=list[float])
    calls: list[float] = field(default_factory=list[float])
    operations: int = 0

    async def figures(self) -> Mapping[str, float]:
        there, back = f"{self.name}-there", f"{self.name}-back"
        await self.carrier.create(there)
        await self.carrier.create(back)
        with closing(Journal(self.folder / "journal")) as journal:
            for _ in range(ROUNDS):
                for _ in range(SAMPLES):
                    self.floors.append(await floor(self.carrier, there, back, self.text))
                await self._round_of_calls(journal)
            calls_per_s = await self._calls_per_s(journal)
        bare_cycles = await cycles_per_s(
            self.carrier, there, back, self.text, at_once=AT_ONCE, each=EACH
        )
        polled = await plain_poller(self.carrier, there, self.text, POLLED_CALLS)
        return self._summary() | {
            "calls_per_s_32": calls_per_s,
            "bare_cycles_per_s": bare_cycles,
            "poller_ratio": median(polled) / median(self.calls),
        }

    async def _round_of_calls(self, journal: Journal) -> None:
        async with echoing_client(
            self.carrier, self.name, self.keys, journal, at_once=AT_ONCE
        ) as client:
            for _ in range(WARM_UP):
                await _echo(client)
            before = self.count.operations
            for _ in range(SAMPLES):
                began = perf_counter()
                await _echo(client)
                self.calls.append(perf_counter() - began)
            self.operations += self.count.operations - before

    async def _calls_per_s(self, journal: Journal) -> float:
        async def work() -> None:
            for _ in range(EACH):
                await _echo(client)

        async with echoing_client(
            self.carrier, self.name, self.keys, journal, at_once=AT_ONCE
        ) as client:
            await _echo(client)
            began = perf_counter()
            async with anyio.create_task_group() as tasks:
                for _ in range(AT_ONCE):
                    tasks.start_soon(work)
            return AT_ONCE * EACH / (perf_counter() - began)

    def _summary(self) -> dict[str, float]:
        floor_p50, call_p50 = median(self.floors), median(self.calls)
        return {
            "floor_p50_ms": floor_p50 * 1000,
            "call_p50_ms": call_p50 * 1000,
            "ratio_p50": call_p50 / floor_p50,
            "ratio_p95": _p95(self.calls) / _p95(self.floors),
            "ops_per_call": self.operations / len(self.calls),
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
