"""The serving side of the bench, in a process of its own as in real life.

Started by `measure` as `python -m mcp_bridge.bench CARRIER NAME DELAY_S`. It reads the key from the
first line of stdin; then each line "start" or "stop" starts or stops the listener, and is answered
by a line with the operations counted so far. It ends with stdin.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import anyio.abc
from anyio.streams.text import TextReceiveStream

from mcp_bridge.background import background
from mcp_bridge.bench.delayed import delayed
from mcp_bridge.bench.echo import as_it_is, echo_server
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier, Operation
from mcp_bridge.errors import Executed, UpstreamGone
from mcp_bridge.events import BridgeEvent, Health, HealthEvent
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing, PairingSecret
from mcp_bridge.upstream import ServerUpstream

ANSWER_S = 20.0  # from a line to its answer
END_S = 5.0  # from SIGTERM to its end
WORKERS = 32


class OperationCount:
    """Counts the operations of a carrier."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, _operation: Operation) -> None:
        """One more."""
        self.total += 1


class ServingProcess:
    """The other process, as its parent drives it."""

    def __init__(self, process: anyio.abc.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - both were asked for
        assert process.stdout is not None  # noqa: S101
        self._stdin = process.stdin
        self._answers = TextReceiveStream(process.stdout)

    async def give(self, secret: PairingSecret) -> None:
        """Give it the key."""
        await self._stdin.send(f"{secret.to_text()}\n".encode("ascii"))

    async def operations_after(self, word: str) -> int:
        """Tell it to "start" or to "stop"; what it has asked of the carrier in all.

        Raises:
            UpstreamGone: it does not answer.
        """
        try:
            await self._stdin.send(f"{word}\n".encode("ascii"))
            with anyio.fail_after(ANSWER_S):
                return int(await self._answers.receive())
        except (anyio.EndOfStream, anyio.BrokenResourceError, TimeoutError):
            raise UpstreamGone(Executed.NO) from None


@asynccontextmanager
async def serving_process(
    spec: str, name: str, secret: PairingSecret, *, delay_s: float = 0.0
) -> AsyncGenerator[ServingProcess]:
    """Start it; when the body ends it is ended by its handle."""
    command = [sys.executable, "-m", "mcp_bridge.bench", spec, name, str(delay_s)]
    process = await anyio.open_process(command, stderr=None)
    try:
        serving = ServingProcess(process)
        await serving.give(secret)
        yield serving
    finally:
        process.terminate()
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + END_S):
            await process.wait()
            await process.aclose()


async def serve_as_told(spec: str, name: str, delay_s: float) -> None:
    """Be that process, until stdin ends."""
    line = await anyio.wrap_file(sys.stdin).readline()
    keys = KeyRing(PairingSecret.from_text(line.strip()))
    count = OperationCount()
    with tempfile.TemporaryDirectory() as folder:
        async with open_carrier(spec, on_operation=count) as carrier:
            with closing(Journal(Path(folder) / "journal")) as journal:
                await _obey(delayed(carrier, delay_s), name, keys, journal, count)


async def _obey(
    carrier: Carrier, name: str, keys: KeyRing, journal: Journal, count: OperationCount
) -> None:
    serving: _Serving | None = None
    async with background() as tasks:
        async for line in anyio.wrap_file(sys.stdin):
            if line.strip() == "start":
                serving = _Serving(carrier, name, keys, journal)
                tasks.start_soon(serving.run)
                await serving.ready.wait()
            elif serving is not None:
                serving.scope.cancel()
                await serving.ended.wait()
            sys.stdout.write(f"{count.total}\n")
            sys.stdout.flush()


class _Serving:
    """One listener, from start to stop."""

    def __init__(self, carrier: Carrier, name: str, keys: KeyRing, journal: Journal) -> None:
        self.ready = anyio.Event()
        self.ended = anyio.Event()
        self.scope = anyio.CancelScope()
        self._listener = Listener(
            carrier,
            name,
            keys,
            journal,
            ServerUpstream(echo_server()),
            as_it_is,
            policy=Policy.everything(),
            options=ListenerOptions(workers=WORKERS, drain_s=1.0),
            on_event=self._heed,
        )

    async def run(self) -> None:
        with self.scope:
            await self._listener.run()
        self.ended.set()

    def _heed(self, event: BridgeEvent) -> None:
        if isinstance(event, HealthEvent) and event.health is Health.READY:
            self.ready.set()
