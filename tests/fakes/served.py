"""An MCP server for tests of the bridge; as a program, the same over stdio.

    python -m tests.fakes.served EFFECTS_FILE GATE_FILE

Each run of `read` and `write` is an effect, and appended to the file as a line. `slow_read` and
`slow_write` have theirs and then wait for the gate.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

CANARY = "canary-Yamada-Taro"
READING = ("arguments", "echo", "read", "slow_read", "progress", "big", "crash")
WRITING = ("write", "slow_write")


@dataclass
class Served:
    """The tools, what they did, and the gate that the slow ones wait for."""

    effects: list[str] = field(default_factory=list)
    entered: anyio.Event = field(default_factory=anyio.Event)
    gate: Callable[[], Awaitable[None]] | None = None
    gate_opens: anyio.Event = field(default_factory=anyio.Event)
    cancelled: anyio.Event = field(default_factory=anyio.Event)
    on_effect: Callable[[str], None] = lambda _name: None
    running: int = 0
    most_running: int = 0

    def server(self) -> Server[Any]:
        return Server("served", on_list_tools=self._list, on_call_tool=self._call)

    async def _list(
        self, _ctx: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(
            tools=[
                Tool(
                    name=name,
                    input_schema={"type": "object"},
                    annotations=ToolAnnotations(read_only_hint=name in READING),
                )
                for name in (*READING, *WRITING)
            ]
        )

    async def _call(
        self, ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams
    ) -> CallToolResult:
        arguments = params.arguments or {}
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return CallToolResult(
                content=[TextContent(text=await self._text(ctx, params.name, arguments))]
            )
        except anyio.get_cancelled_exc_class():
            self.cancelled.set()
            raise
        finally:
            self.running -= 1

    async def _text(
        self, ctx: ServerRequestContext[Any, Any], name: str, arguments: dict[str, Any]
    ) -> str:
        match name:
            case "arguments":
                return json.dumps(arguments)
            case "echo":
                return str(arguments.get("text", ""))
            case "big":
                return str(arguments["text"]) * int(arguments["times"])
            case "progress":
                for step in range(1, 4):
                    await ctx.session.report_progress(step, 3)
                return "progressed"
            case "crash":
                raise RuntimeError(CANARY)
            case "read" | "write" | "slow_read" | "slow_write":
                return await self._effect(name)
            case _:
                raise ValueError(CANARY)

    async def _effect(self, name: str) -> str:
        self.effects.append(name)
        self.on_effect(name)
        self.entered.set()
        if name.startswith("slow"):
            await (self.gate() if self.gate else self.gate_opens.wait())
        else:
            await anyio.lowlevel.checkpoint()
        return f"{name} {len(self.effects)}"


async def _main(effects: Path, gate: Path) -> None:
    def append(name: str) -> None:
        with effects.open("a", encoding="ascii") as file:
            file.write(f"{name}\n")

    async def wait_for_gate() -> None:
        while not gate.exists():  # noqa: ASYNC110, ASYNC240 - another process opens it
            await anyio.sleep(0.02)

    server = Served(gate=wait_for_gate, on_effect=append).server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(_main, Path(sys.argv[1]), Path(sys.argv[2]))
