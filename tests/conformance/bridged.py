"""The everything-server, far away: behind a listener, two queues, a caller and the gateway."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing

import anyio

from mcp_bridge.background import background
from mcp_bridge.caller import open_caller
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.gateway import GatewayOptions, build_app, serve_http
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Listener
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing, PairingSecret
from mcp_bridge.upstream import ServerUpstream
from tests.servers.everything import everything

Wrap = Callable[[Carrier], Carrier]


def plain(carrier: Carrier) -> Carrier:
    return carrier


@asynccontextmanager
async def bridged(queue: str, name: str, wrap: Wrap = plain) -> AsyncGenerator[str]:
    """The gateway's URL; each side has a carrier of its own, wrapped by `wrap`."""
    keys = KeyRing(PairingSecret.generate())
    async with AsyncExitStack() as stack:
        near = await stack.enter_async_context(wrap(open_carrier(queue)))
        far = await stack.enter_async_context(wrap(open_carrier(queue)))
        journal = stack.enter_context(closing(Journal(":memory:")))
        upstream = ServerUpstream(everything())
        listener = Listener(
            far,
            name,
            keys,
            journal,
            upstream,
            lambda message: message,
            policy=Policy.everything(),
        )
        tasks = await stack.enter_async_context(background())
        tasks.start_soon(listener.run)
        caller = await stack.enter_async_context(open_caller(near, name, keys))
        port: list[int] = []
        listening = anyio.Event()

        def on_listening(its: int) -> None:
            port.append(its)
            listening.set()

        app = build_app(caller, GatewayOptions())
        tasks.start_soon(serve_http, app, "127.0.0.1", 0, on_listening)
        with anyio.fail_after(5):
            await listening.wait()
        yield f"http://127.0.0.1:{port[0]}/mcp"
