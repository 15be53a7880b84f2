"""The port that a listener drives, and what it must know of tools to run one again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from mcp_bridge.rpc import (
    READING_METHODS,
    Message,
    Notify,
    as_object,
    params_of,
    request as own_request,
)

MAX_PAGES = 50  # of tools/list; a server that never ends its list is not believed


class Exchanging(Protocol):
    """What answers requests of protocol 2026-07-28."""

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """One request and its response. Raises UpstreamGone."""
        ...


class Upstream(Protocol):
    """An MCP server of protocol 2026-07-28: each request stands alone. Entered once."""

    async def __aenter__(self) -> Self:
        """Start it. Raises UpstreamGone if it cannot be started or does not speak the protocol."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it; bounded in time."""
        ...

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """Answer one JSON-RPC request; notifications that belong to it go to `notify`.

        Cancelling the call stops the work. Raises UpstreamGone; an error of the server itself is
        an ordinary error response.
        """
        ...

    async def session(
        self,
        read: MemoryObjectReceiveStream[SessionMessage | Exception],
        write: MemoryObjectSendStream[SessionMessage],
    ) -> None:
        """Serve one client of the handshake era until `read` ends.

        Notifications and requests of the server that belong to a request of the client say so in
        their metadata. Raises UpstreamGone.
        """
        ...

    def is_read_only(self, request: Message) -> bool:
        """Whether running the request twice does no more than running it once."""
        ...


class ReadOnlyTools:
    """The tools that said `readOnlyHint` of themselves in the latest tools/list."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()

    def learn(self, tools: Iterable[Mapping[str, Any]]) -> None:
        """Take over a whole list of tools."""
        self._names = frozenset(
            str(tool.get("name"))
            for tool in tools
            if as_object(tool.get("annotations")).get("readOnlyHint") is True
        )

    def covers(self, request: Message) -> bool:
        """Whether the request only reads; unknown tools are taken to write."""
        method = request.get("method")
        if method == "tools/call":
            return params_of(request).get("name") in self._names
        return method in READING_METHODS


async def listed_tools(server: Exchanging) -> Sequence[Mapping[str, Any]]:
    """All pages of its tools/list. Raises UpstreamGone."""
    tools: list[Mapping[str, Any]] = []
    cursor: dict[str, Any] = {}
    for _ in range(MAX_PAGES):
        listing = own_request("tools/list", "tools", **cursor)
        page = as_object((await server.exchange(listing, unheard)).get("result"))
        tools.extend(page.get("tools", ()))
        if not page.get("nextCursor"):
            break
        cursor = {"cursor": page["nextCursor"]}
    return tools


async def unheard(_message: Message) -> None:
    """A `Notify` for requests of our own."""
