"""A stdio command as upstream: one warm child for all exchanges, started anew when it dies."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.message import SessionMessage

from mcp_bridge.background import background
from mcp_bridge.errors import Executed, UpstreamGone
from mcp_bridge.rpc import Message, Notify
from mcp_bridge.upstream.child import Child
from mcp_bridge.upstream.elder import greet
from mcp_bridge.upstream.port import Exchanging, ReadOnlyTools, listed_tools
from mcp_bridge.upstream.related import pass_on

START_S = 30.0  # until a new child has been greeted and has listed its tools
STEADY_S = 10.0  # a child that lived this long is started anew at once
FIRST_PAUSE_S = 0.1
LAST_PAUSE_S = 5.0


class StdioUpstream:
    """Serves a command that speaks MCP over stdin and stdout, of either era.

    `env` is added to the few variables that the SDK lets a child inherit (PATH, HOME and the like).
    """

    def __init__(
        self, command: str, args: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> None:
        self._parameters = StdioServerParameters(
            command=command, args=list(args), env=dict(env or {})
        )
        self._stack = AsyncExitStack()
        self._read_only = ReadOnlyTools()
        self._child: Exchanging | None = None
        self._door = anyio.Event()  # set: `_child` is worth looking at
        self._has_served = False

    async def __aenter__(self) -> Self:
        """Start the command. Raises UpstreamGone if it does not come up within START_S."""
        async with AsyncExitStack() as stack:
            tasks = await stack.enter_async_context(background())
            tasks.start_soon(self._keep_alive)
            if await self._current() is not None:
                self._stack = stack.pop_all()
                return self
        raise UpstreamGone(Executed.NO)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the child: the SDK closes its stdin, waits, then kills, each step bounded."""
        await self._stack.__aexit__(kind, error, trace)

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """Pass one request to the child. Raises UpstreamGone if there is none, or it dies."""
        child = await self._current()
        if child is None:
            raise UpstreamGone(Executed.NO)
        return await child.exchange(request, notify)

    async def session(
        self,
        read: MemoryObjectReceiveStream[SessionMessage | Exception],
        write: MemoryObjectSendStream[SessionMessage],
    ) -> None:
        """Serve one client of the handshake era, with a child of its own, until `read` ends."""
        try:
            async with stdio_client(self._parameters, errlog=sys.stderr) as (from_child, to_child):
                await pass_on(read, write, from_child, to_child.send)
        except OSError:
            raise UpstreamGone(Executed.NO) from None

    def is_read_only(self, request: Message) -> bool:
        """Whether running it twice does no more than once."""
        return self._read_only.covers(request)

    async def _current(self) -> Exchanging | None:
        """The child, after a bounded wait while it is being started."""
        with anyio.move_on_after(START_S):
            await self._door.wait()
        return self._child

    async def _keep_alive(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            born = anyio.current_time()
            await self._live_once()
            if not self._has_served:
                self._door.set()  # it cannot even start: nobody shall wait for it
                return
            steady = anyio.current_time() - born > STEADY_S
            pause = FIRST_PAUSE_S if steady else min(pause * 2, LAST_PAUSE_S)
            await anyio.sleep(pause)

    async def _live_once(self) -> None:
        """One life of a child, from its start to its end."""
        try:
            async with (
                stdio_client(self._parameters, errlog=sys.stderr) as (read, write),
                anyio.create_task_group() as tasks,
            ):
                child = Child(write.send)
                tasks.start_soon(self._greet, child, tasks.cancel_scope)
                try:
                    await child.listen(read)
                finally:
                    self._shut_the_door()
                tasks.cancel_scope.cancel()
        except OSError:
            return  # there is no such command, or it may not be run

    def _shut_the_door(self) -> None:
        """Whoever comes now waits for the next child."""
        if self._child is not None:
            self._child, self._door = None, anyio.Event()

    async def _greet(self, child: Child, life: anyio.CancelScope) -> None:
        """Learn the tools of a new child, then let requests through."""
        try:
            served = await greet(child, child)
            self._read_only.learn(await listed_tools(served))
        except UpstreamGone:
            life.cancel()
            return
        self._child, self._has_served = served, True
        self._door.set()
