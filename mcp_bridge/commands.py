"""What the commands do, once their arguments are understood. Failures are BridgeErrors."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import anyio
import platformdirs

from mcp_bridge.azurite import azurite
from mcp_bridge.background import background
from mcp_bridge.bench import measure
from mcp_bridge.caller import CallerOptions, open_caller
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.connect import connect as serve_stdio
from mcp_bridge.console import tell_health, warn_of_unsealed
from mcp_bridge.contracts import Unsealed
from mcp_bridge.doctor import examine
from mcp_bridge.errors import LocalFault
from mcp_bridge.gateway import GatewayOptions, build_app, serve_http
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.names import queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.presence import Attendance, OpeningHours
from mcp_bridge.quarantine import described, find, frames
from mcp_bridge.rpc import Message
from mcp_bridge.sealing import read_key_file
from mcp_bridge.upstream import Upstream


async def serve(  # noqa: PLR0913 - all that a listener is made of
    queue: str,
    name: str,
    key_file: Path,
    upstream: Upstream,
    *,
    policy: Policy,
    unsealed: Unsealed,
    hours: OpeningHours | None,
    journal_file: Path | None,
    lease_s: int,
) -> None:
    """Carry requests to an MCP server until SIGINT or SIGTERM, then drain.

    The server's own messages are let through as they are: it guards itself, as karte-tools does.
    """
    keys = read_key_file(key_file)
    doors = unsealed.doors(queue_names(name))
    warn_of_unsealed(unsealed)
    async with open_carrier(queue) as carrier:
        with closing(Journal(journal_file or _default_journal(name))) as journal:
            listener = Listener(
                carrier,
                name,
                keys,
                journal,
                upstream,
                pass_through,
                policy=policy,
                options=ListenerOptions(lease_s=lease_s),
                on_event=tell_health,
            )
            for door in doors:
                listener.add(door)
            where = queue_names(name).presence
            attendance = Attendance(carrier, where, keys, listener, hours=hours)
            await _until_told_to_stop(partial(_serve_attended, listener, attendance))


async def _serve_attended(listener: Listener, attendance: Attendance) -> None:
    async with background() as tasks:
        tasks.start_soon(attendance.run)
        await listener.run()


async def connect(
    queue: str, name: str, key_file: Path, caller_id: str | None, budget_s: float
) -> None:
    """Be the far server on stdin and stdout, until stdin ends."""
    keys = read_key_file(key_file)
    options = CallerOptions(budget_s=budget_s)
    async with (
        open_carrier(queue) as carrier,
        open_caller(
            carrier, name, keys, caller_id=caller_id, options=options, on_event=tell_health
        ) as caller,
    ):
        await serve_stdio(caller)


async def gateway(
    queue: str,
    name: str,
    key_file: Path,
    caller_id: str | None,
    *,
    host: str,
    port: int,
    options: GatewayOptions,
) -> None:
    """Be the far server at `http://HOST:PORT/mcp` until SIGINT or SIGTERM; prints that address."""
    keys = read_key_file(key_file)

    def tell(its_port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        _say(f"http://{shown}:{its_port}/mcp\n")

    async with (
        open_carrier(queue) as carrier,
        open_caller(carrier, name, keys, caller_id=caller_id, on_event=tell_health) as caller,
    ):
        app = build_app(caller, options)
        await _until_told_to_stop(partial(serve_http, app, host, port, tell))


async def bench(queue: str, *, as_json: bool, delay_s: float) -> None:
    """Measure, with `delay_s` added to each operation, and print the figures."""
    async with _bench_carrier(queue) as spec:
        figures = await measure(spec, delay_s=delay_s)
    if as_json:
        _say(json.dumps(figures) + "\n")
    else:
        _say("".join(f"{key:20} {value:10.2f}\n" for key, value in figures.items()))


async def doctor(
    queue: str,
    name: str,
    key_file: Path,
    caller_id: str | None,
    *,
    as_json: bool,
    explain: bool,
) -> None:
    """Examine, and print what was found. Raises LocalFault with the code of what fails."""
    keys = read_key_file(key_file)
    async with open_carrier(queue) as carrier:
        report = await examine(carrier, name, keys, caller_id)
    _say(json.dumps(report.as_json()) + "\n" if as_json else report.as_text(explain=explain))
    if report.failing is not None:
        raise LocalFault(report.failing.code)


async def quarantine(action: str, frame_id: str | None, queue: str, name: str) -> None:
    """List what was put aside, show one frame as it stands, or discard one."""
    where = queue_names(name).quarantine
    async with open_carrier(queue) as carrier:
        if frame_id is None:
            async for taken in frames(carrier, where):
                _say(json.dumps(described(taken)) + "\n")
            return
        found = await find(carrier, where, frame_id)
        if action == "show":
            _say(found.text + "\n")
        else:
            await carrier.delete(where, found.receipt)


def pass_through(message: Message) -> Message:
    """The guard in front of a server that guards itself."""
    return message


@asynccontextmanager
async def _bench_carrier(queue: str) -> AsyncGenerator[str]:
    if queue == "azurite":
        async with azurite() as url:
            yield url
    else:
        yield queue


def _default_journal(name: str) -> Path:
    folder = platformdirs.user_data_path("mcp-bridge", appauthor=False)
    return folder / f"{queue_names(name).requests}.journal"


async def _until_told_to_stop(work: Callable[[], Awaitable[None]]) -> None:
    """Run until SIGINT or SIGTERM cancels it; Windows has KeyboardInterrupt only."""
    if sys.platform == "win32":
        await work()
        return
    with (
        anyio.CancelScope() as told,
        anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals,
    ):

        async def cancel_on_signal() -> None:
            async for _ in signals:
                told.cancel()

        async with background() as tasks:
            tasks.start_soon(cancel_on_signal)
            await work()


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
