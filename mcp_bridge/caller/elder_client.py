"""A client of the handshake era on a stream, such as a stdio host: one session carries it.

The far side forgets its sessions when it restarts, and a stdio host knows no way to begin again. So
its `initialize` is kept, and said anew in a new session before whatever it asks next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import anyio
import anyio.abc

from mcp_bridge.caller.session import Session
from mcp_bridge.rpc import Message, is_request
from mcp_bridge.sessions import Said

INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class ElderClient:
    """Its sessions live in `tasks`; `say` gives it what the far server says."""

    def __init__(
        self,
        open_session: Callable[[], AbstractAsyncContextManager[Session]],
        say: Callable[[Message], Awaitable[None]],
        tasks: anyio.abc.TaskGroup,
    ) -> None:
        self._open_session = open_session
        self._say = say
        self._tasks = tasks
        self._session: Session | None = None
        self._initialize: Message | None = None
        self._ours: set[str] = set()  # ids of requests that the client did not make

    async def take(self, message: Message) -> None:
        """Carry one message of the client; only a request can begin a session."""
        session = self._session
        if session is None:
            if not is_request(message):
                return  # it belongs to a session that was lost
            session = self._session = await self._tasks.start(self._run)
            self._begin_again(session, message)
        if message.get("method") == "initialize":
            self._initialize = message
        session.send(Said(message))

    def _begin_again(self, session: Session, message: Message) -> None:
        if self._initialize is None or message["method"] == "initialize":
            return
        ours = uuid4().hex
        self._ours.add(ours)
        session.send(Said({**self._initialize, "id": ours}))
        session.send(Said(INITIALIZED))

    async def _run(
        self, *, task_status: anyio.abc.TaskStatus[Session] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        async with self._open_session() as session:
            task_status.started(session)
            async for item in session:
                if isinstance(item, Said) and item.message.get("id") not in self._ours:
                    await self._say(item.message)
            self._session = None
