"""The listener dies between every two steps of an unsealed call, and a new one takes over.

The same promise as for sealed frames (test_crash_steps): at most one effect of a tool that writes,
and one answer, or the same one more than once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from mcp_bridge.background import background
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.contracts import FoundryTool, Unsealed
from mcp_bridge.journal import Journal
from mcp_bridge.listener import Listener, ListenerOptions
from mcp_bridge.names import queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.upstream import ServerUpstream
from tests.fakes.bridge import as_it_is, new_keys
from tests.fakes.served import Served
from tests.fakes.unsealed import as_base64, from_base64
from tests.faults.test_crash_steps import IN_DOUBT, STEPS, DyingCarrier, DyingJournal, Life

ASKED = as_base64({"CorrelationId": "c", "function_args": {}})


async def _answers(carrier: Carrier) -> Sequence[str]:
    taken = await carrier.take("answer", limit=32, lease_s=30)
    return [from_base64(one.text)["Value"] for one in taken]


@pytest.mark.parametrize("tool", ["read", "write"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_costs_no_answer_and_no_second_effect(
    tool: str, step: str, tmp_path: Path
) -> None:
    now, life, keys = 0.0, Life(step), new_keys()
    carrier = MemoryCarrier(clock=lambda: now)
    for queue in ("test-req", "ask", "answer"):
        await carrier.create(queue)

    mortal = Served(on_effect=lambda _name: life.reaches("the effect"))
    successor = Served(effects=mortal.effects)

    def listener(queues: Carrier, journal: Journal, served: Served) -> Listener:
        made = Listener(
            queues,
            "test",
            keys,
            journal,
            ServerUpstream(served.server()),
            as_it_is,
            policy=Policy.everything(),
            options=ListenerOptions(drain_s=0.01),
        )
        for door in Unsealed((FoundryTool(tool, "ask", "answer"),)).doors(queue_names("test")):
            made.add(door)
        return made

    await carrier.put("ask", ASKED, ttl_s=600)
    with anyio.fail_after(10):
        with closing(DyingJournal(tmp_path / "journal", life)) as journal:
            async with background() as tasks:
                tasks.start_soon(listener(DyingCarrier(carrier, life), journal, mortal).run)
                await life.over.wait()
        now = 31.0  # the dead listener's lease is over
        with closing(Journal(tmp_path / "journal")) as journal:
            async with background() as tasks:
                tasks.start_soon(listener(carrier, journal, successor).run)
                while await carrier.length("ask"):  # noqa: ASYNC110 - a queue
                    await anyio.sleep(0.005)
    _judge(tool, step, mortal.effects, await _answers(carrier))


def _judge(tool: str, step: str, effects: list[str], answers: Sequence[str]) -> None:
    assert len(set(answers)) == 1
    assert len(answers) == (2 if step == "after the reply was put" else 1)
    if tool == "read":
        assert answers[0].startswith("read")
        assert len(effects) == (2 if step in IN_DOUBT[1:] else 1)
    elif step in IN_DOUBT:
        told = json.loads(answers[0])["error"]
        assert (told["code"], told["executed"]) == ("unknown_outcome", "unknown")
        assert len(effects) == (0 if step == "after STARTED" else 1)
    else:
        assert answers[0] == "write 1"
        assert len(effects) == 1
