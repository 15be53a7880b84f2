"""The everything-server, direct and far away: behind a listener, two queues and the gateway."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import bridge
from tests.fakes.gateway import gateway
from tests.servers.everything import everything

STOP_S = 5.0

Wrap = Callable[[Carrier], Carrier]


@contextmanager
def direct() -> Iterator[str]:
    """The server's own URL; it runs in a process of its own."""
    command = [sys.executable, "-m", "tests.servers.everything", "--http"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(STOP_S)


@asynccontextmanager
async def bridged(queue: str, name: str, wrap: Wrap) -> AsyncIterator[str]:
    """The gateway's URL; each side has a carrier of its own, wrapped by `wrap`."""
    async with (
        wrap(open_carrier(queue)) as near,
        wrap(open_carrier(queue)) as far,
        bridge(far, calling=near, name=name, upstream=ServerUpstream(everything())) as both,
        gateway(both.caller) as url,
    ):
        yield f"{url}/mcp"
