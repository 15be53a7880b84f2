"""Servers that we did not write, and clients that we did not write, on both ends of the bridge.

Both servers are of the handshake era and know nothing of protocol 2026-07-28; `serve` and `connect`
are processes of their own, as a user runs them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from mcp_bridge.sealing import PairingSecret, write_key_file
from tests.fakes.commands import environment, serving
from tests.node_tools import EVERYTHING, INSPECTOR, MEMORY, NODE, installed

Mode = Literal["auto", "legacy", "2026-07-28"]
MODES: tuple[Mode, ...] = ("auto", "legacy", "2026-07-28")


@dataclass(frozen=True)
class Ways:
    """How to start a server directly, and how to reach it over the bridge."""

    direct: StdioServerParameters
    bridged: StdioServerParameters


@pytest.fixture(scope="module", params=[EVERYTHING, MEMORY], ids=["everything", "memory"])
def program(request: pytest.FixtureRequest) -> Path:
    installed()
    return request.param


@pytest.fixture(scope="module")
def ways(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    folder = tmp_path_factory.mktemp("any-server")
    write_key_file(folder / "key", PairingSecret.generate())
    queue = f"sqlite:{folder / 'queues'}"
    connect = ["--queue", queue, "--name", "any", "--key-file", str(folder / "key")]
    command = (str(NODE), str(program))
    with serving(
        folder, queue, name="any", command=command, MEMORY_FILE_PATH=str(folder / "bridged.json")
    ):
        yield Ways(
            StdioServerParameters(
                command=command[0],
                args=[command[1]],
                env={"MEMORY_FILE_PATH": str(folder / "direct.json")},
            ),
            StdioServerParameters(
                command=sys.executable,
                args=["-m", "mcp_bridge", "connect", *connect],
                env={"PYTHONPATH": str(Path.cwd())},
            ),
        )


@asynccontextmanager
async def client_of(way: StdioServerParameters, mode: Mode) -> AsyncIterator[Client]:
    with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230
        async with Client(stdio_client(way, errlog=nowhere), mode=mode) as client:
            yield client


@pytest.mark.parametrize("mode", MODES)
async def test_lists_and_answers_are_the_direct_ones(ways: Ways, program: Path, mode: Mode) -> None:
    with anyio.fail_after(60):
        async with client_of(ways.direct, "legacy") as client:
            direct = await everything_of(client, program)
        async with client_of(ways.bridged, mode) as client:
            assert await everything_of(client, program) == direct


async def everything_of(client: Client, program: Path) -> dict[str, Any]:
    """What a client can see of a server, and what some calls come to."""
    found: dict[str, Any] = {"tools": (await client.list_tools()).tools}
    if program == MEMORY:
        name = {"names": ["bridge"]}
        entity = {"name": "bridge", "entityType": "thing", "observations": ["carries 荷物"]}
        calls: list[tuple[str, dict[str, Any]]] = [
            ("create_entities", {"entities": [entity]}),
            ("open_nodes", name),
            ("delete_entities", {"entityNames": name["names"]}),
            ("read_graph", {}),
            ("no_such_tool", {}),
        ]
    else:
        found["prompts"] = (await client.list_prompts()).prompts
        found["resources"] = (await client.list_resources()).resources
        found["templates"] = (await client.list_resource_templates()).resource_templates
        found["read"] = (await client.read_resource(found["resources"][0].uri)).contents
        found["prompt"] = (await client.get_prompt("simple-prompt")).messages
        calls = [
            ("echo", {"message": "カルテ 🩺"}),
            ("get-sum", {"a": 2, "b": 40}),
            ("get-sum", {"a": "two"}),
            ("get-tiny-image", {}),
            ("get-structured-content", {"location": "New York"}),
            ("get-annotated-message", {"messageType": "error", "includeImage": True}),
        ]
    found["calls"] = [await client.call_tool(name, arguments) for name, arguments in calls]
    return found


@pytest.mark.parametrize("program", [EVERYTHING], indirect=True)
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_progress_comes_through(ways: Ways, mode: Mode) -> None:
    heard: list[float] = []

    async def hear(progress: float, _total: float | None, _message: str | None) -> None:
        heard.append(progress)

    with anyio.fail_after(30):
        async with client_of(ways.bridged, mode) as client:
            result = await client.call_tool(
                "trigger-long-running-operation",
                {"duration": 1.5, "steps": 3},
                progress_callback=hear,
            )
    assert not result.is_error
    assert heard[-1:] == [3]
    assert heard == sorted(heard)


@pytest.mark.parametrize("program", [EVERYTHING], indirect=True)
def test_the_inspector_lists_and_calls(ways: Ways) -> None:
    listed = json.loads(inspect(ways.bridged, "--method", "tools/list"))
    assert listed["tools"] == json.loads(inspect(ways.direct, "--method", "tools/list"))["tools"]
    call = ("--method", "tools/call", "--tool-name", "echo", "--tool-arg", "message=through")
    said = json.loads(inspect(ways.bridged, *call))
    assert said["content"] == [{"type": "text", "text": "Echo: through"}]


def inspect(server: StdioServerParameters, *arguments: str) -> str:
    """What the official inspector's command line prints."""
    done = subprocess.run(
        [str(NODE), str(INSPECTOR), *arguments, "--", server.command, *server.args],
        env=environment(**(server.env or {})),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
