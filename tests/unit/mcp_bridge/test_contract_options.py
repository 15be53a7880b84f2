"""Serving without a seal from the command line: off by itself, and never without a warning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mcp_bridge.cli import run
from mcp_bridge.console import tell_health
from mcp_bridge.events import Contract, Health, HealthEvent

FOUNDRY = ["--foundry-tool", "echo=ask:answer"]
NOTHING = "/nonexistent/command"

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture
def serve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sequence[str]:
    """`serve` as far as it goes without anything to serve."""
    key = str(tmp_path / "key")
    assert run(["keygen", "--key-file", key]) == 0
    capsys.readouterr()
    journal = str(tmp_path / "journal")
    return [
        *("serve", "--queue", "memory:", "--name", "clinic"),
        *("--key-file", key, "--journal", journal),
    ]


def test_each_tool_is_warned_of(serve: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--allow", "echo", "--allow", "read", *FOUNDRY, "--plain-rpc", "read"]
    assert run([*serve, *options, "--", NOTHING]) == 1
    warnings = [line for line in capsys.readouterr().err.splitlines() if "UNSEALED" in line]
    assert len(warnings) == 2
    assert "echo (foundry_tool)" in warnings[0]
    assert "ask and answer" in warnings[0]
    assert "read (plain_rpc)" in warnings[1]
    assert "clinic-plain-ask and clinic-plain-answer-*" in warnings[1]


def test_without_the_options_nothing_is_warned_of(
    serve: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*serve, "--allow-all", "--", NOTHING]) == 1
    assert "UNSEALED" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--allow", "read", *FOUNDRY],
        ["--allow", "read", "--plain-rpc", "echo"],
        ["--allow", "echo", "--foundry-tool", "echo=clinic-req:answer"],
        ["--allow", "echo", *FOUNDRY, *FOUNDRY],
        ["--allow", "echo", "--plain-rpc", "echo", "--plain-queues", "a:b"],
        ["--allow", "echo", "--plain-queues", "requests:answers-"],
    ],
    ids=["not allowed", "not allowed either", "clash", "twice", "no queues", "no tool"],
)
def test_what_cannot_be_served_safely_is_not_configured(
    serve: Sequence[str], options: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*serve, *options, "--", NOTHING]) == 3
    assert "--foundry-tool" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["echo", "echo=ask", "=ask:answer", "echo=ask:ask", "echo=A:b"])
def test_a_tool_without_two_queues_is_wrong_usage(serve: Sequence[str], value: str) -> None:
    with pytest.raises(SystemExit) as end:
        run([*serve, "--allow", "echo", "--foundry-tool", value, "--", NOTHING])
    assert end.value.code == 2


def test_the_state_of_a_contract_says_that_it_is_unsealed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_health(HealthEvent(Health.READY))
    tell_health(HealthEvent(Health.READY, contract=Contract.FOUNDRY_TOOL))
    assert capsys.readouterr().err.splitlines() == [
        "mcp-bridge: ready",
        "mcp-bridge: foundry_tool (unsealed): ready",
    ]


def test_the_queues_can_be_made_beforehand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = f"sqlite:{tmp_path / 'queues'}"
    bridge = ["--queue", queue, "--name", "clinic"]
    assert run(["provision", *bridge, *FOUNDRY, "--plain-rpc", "echo"]) == 0
    made = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert made >= {
        *("clinic-req", "ask", "ask-poison", "answer"),
        *("clinic-plain-ask", "clinic-plain-ask-poison"),
    }
