"""What a listener serves: a Server object and a stdio command behave alike."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from mcp_bridge.errors import Executed, UpstreamGone
from mcp_bridge.rpc import Message, request
from mcp_bridge.upstream import ServerUpstream, StdioUpstream, Upstream
from tests.fakes.bridge import call_request, text_of
from tests.fakes.served import CANARY, Served

MakeUpstream = Callable[[], Upstream]


async def ignore(_message: Message) -> None:
    pass


@pytest.fixture(params=["server", "command"])
def upstream(request: pytest.FixtureRequest, tmp_path: Path) -> Upstream:
    if request.param == "server":
        return ServerUpstream(Served().server())
    return command(tmp_path)


def command(folder: Path) -> StdioUpstream:
    effects, gate = str(folder / "effects"), str(folder / "gate")
    return StdioUpstream(
        sys.executable,
        ["-m", "tests.fakes.served", effects, gate],
        env={"PYTHONPATH": str(Path.cwd())},
    )


async def test_it_answers_and_knows_what_only_reads(upstream: Upstream) -> None:
    with anyio.fail_after(20):
        async with upstream:
            response = await upstream.exchange(call_request("echo", text="カルテ"), ignore)
            assert (response["id"], text_of(response)) == ("call", "カルテ")
            assert upstream.is_read_only(call_request("echo"))
            assert upstream.is_read_only(request("tools/list", 1))
            assert not upstream.is_read_only(call_request("write"))
            assert not upstream.is_read_only(call_request("unheard of"))
            assert not upstream.is_read_only(request("logging/setLevel", 1))


async def test_what_only_reads_is_what_the_served_command_said(upstream: Upstream) -> None:
    """A caller that calls a writing tool a reading one would have it run twice."""
    claim = {"readOnlyHint": True}
    call = call_request("write", annotations=claim)
    meta = {**call["params"]["_meta"], "annotations": claim}
    call = {**call, "annotations": claim}
    call["params"] = {**call["params"], "annotations": claim, "_meta": meta}
    made_up = [{"name": "write", "annotations": claim}]
    with anyio.fail_after(20):
        async with upstream:
            assert not upstream.is_read_only(call)
            await upstream.exchange(request("tools/list", 1, tools=made_up), ignore)
            await upstream.exchange(call, ignore)
            assert not upstream.is_read_only(call)


async def test_errors_are_codes(upstream: Upstream) -> None:
    with anyio.fail_after(20):
        async with upstream:
            unknown = await upstream.exchange(request("nope", 1), ignore)
            assert unknown["error"]["code"] == -32601
            bare = await upstream.exchange(
                {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}, ignore
            )
            assert bare["error"]["code"] == -32602


async def test_what_a_handler_raises_stays_inside() -> None:
    async with ServerUpstream(Served().server()) as served:
        response = await served.exchange(call_request("crash"), ignore)
        assert CANARY not in str(response)
        assert response["error"]["code"] == -32603


async def test_same_id_and_token_of_two_callers_are_kept_apart(upstream: Upstream) -> None:
    heard: dict[str, list[float]] = {"a": [], "b": []}

    async def call(who: str) -> None:
        message = call_request("progress")
        meta = {**message["params"]["_meta"], "progressToken": "same"}
        message = {**message, "params": {**message["params"], "_meta": meta}}

        async def hear(notification: Message) -> None:
            assert notification["params"]["progressToken"] == "same"
            heard[who].append(notification["params"]["progress"])

        assert text_of(await upstream.exchange(message, hear)) == "progressed"

    with anyio.fail_after(20):
        async with upstream, anyio.create_task_group() as tasks:
            tasks.start_soon(call, "a")
            tasks.start_soon(call, "b")
    assert heard == {"a": [1, 2, 3], "b": [1, 2, 3]}


async def test_cancelling_an_exchange_stops_the_tool() -> None:
    served = Served()
    with anyio.fail_after(5):
        async with ServerUpstream(served.server()) as upstream:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(upstream.exchange, call_request("slow_read"), ignore)
                await served.entered.wait()
                tasks.cancel_scope.cancel()
            await served.cancelled.wait()


async def test_a_cancelled_exchange_leaves_the_command_usable(tmp_path: Path) -> None:
    with anyio.fail_after(20):
        async with command(tmp_path) as upstream:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(upstream.exchange, call_request("slow_read"), ignore)
                await until_effects(tmp_path, 1)
                tasks.cancel_scope.cancel()
            assert text_of(await upstream.exchange(call_request("echo", text="on"), ignore)) == "on"


async def test_a_command_that_dies_is_started_anew(tmp_path: Path) -> None:
    failures: list[UpstreamGone] = []

    async def call(upstream: Upstream) -> None:
        try:
            await upstream.exchange(call_request("slow_write"), ignore)
        except UpstreamGone as gone:
            failures.append(gone)

    with anyio.fail_after(30):
        async with command(tmp_path) as upstream:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call, upstream)
                await until_effects(tmp_path, 1)
                for child in children():
                    os.kill(child, signal.SIGKILL)
            assert [gone.executed for gone in failures] == [Executed.UNKNOWN]
            again = await upstream.exchange(call_request("echo", text="back"), ignore)
            assert text_of(again) == "back"


@pytest.mark.parametrize("program", ["/nonexistent/program", sys.executable])
async def test_a_command_that_is_no_server_is_refused(program: str) -> None:
    with anyio.fail_after(20), pytest.raises(UpstreamGone):
        async with StdioUpstream(program, ["-c", "pass"]):
            pass


async def until_effects(folder: Path, wanted: int) -> None:
    effects = folder / "effects"
    while not effects.exists() or len(effects.read_text().splitlines()) < wanted:  # noqa: ASYNC110
        await anyio.sleep(0.02)


def children() -> list[int]:
    """Processes of this one that run the served program."""
    me = os.getpid()
    text = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii")
    return [
        int(pid)
        for pid in text.split()
        if b"tests.fakes.served" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
