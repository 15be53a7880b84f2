"""`serve` as a process, with an agent's queue tool and a plain poller as its callers."""

from __future__ import annotations

import json
from pathlib import Path

import anyio

from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import Carrier
from tests.fakes.commands import mcp_bridge, serving
from tests.fakes.unsealed import as_base64, from_base64

TEXT = "三日前から咳。"


async def _answer(carrier: Carrier, queue: str) -> str:
    with anyio.fail_after(10):
        while not (taken := await carrier.take(queue, limit=1, lease_s=30)):  # noqa: ASYNC110
            await anyio.sleep(0.02)
    return taken[0].text


async def test_an_agent_and_a_poller_are_served_beside_each_other(tmp_path: Path) -> None:
    queue = f"sqlite:{tmp_path / 'queues'}"
    assert mcp_bridge("keygen", "--key-file", str(tmp_path / "key")).returncode == 0
    plain = {
        "id": 7,
        "method": "tools/call",
        "params": {"name": "echo", "arguments": {"text": TEXT}},
        "request_id": "r",
    }
    options = ["--foundry-tool", "echo=ask:answer", "--plain-rpc", "echo"]
    with serving(tmp_path, queue, name="clinic", options=options):
        async with open_carrier(queue) as carrier:
            for name in ("ask", "answer", "clinic-plain-ask", "clinic-plain-answer-r"):
                await carrier.create(name)
            asked = {"CorrelationId": "c", "function_args": {"text": TEXT}}
            await carrier.put("ask", as_base64(asked), ttl_s=60)
            await carrier.put("clinic-plain-ask", json.dumps(plain), ttl_s=60)
            answer = from_base64(await _answer(carrier, "answer"))
            assert answer == {"Value": TEXT, "CorrelationId": "c"}
            reply = json.loads(await _answer(carrier, "clinic-plain-answer-r"))
            assert reply["result"]["content"][0]["text"] == TEXT
