"""The commands: exit codes, one sentence for what goes wrong, no secret and no value anywhere."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.cli import run
from mcp_bridge.console import quiet_logs
from tests.fakes.served import CANARY

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def test_keygen_writes_one_key_and_never_overwrites_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    assert run(["keygen", "--key-file", str(key)]) == 0
    text = key.read_text(encoding="ascii")
    printed = capsys.readouterr().out.strip()
    assert printed == text.split(".")[1]
    assert run(["keygen", "--key-file", str(key)]) == 3
    assert key.read_text(encoding="ascii") == text
    assert capsys.readouterr().err.startswith("mcp-bridge: The key file")


def test_provision_makes_the_queues_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = f"sqlite:{tmp_path / 'queues'}"
    arguments = ["provision", "--queue", queue, "--name", "clinic", "--caller", "cloud"]
    assert run(arguments) == 0
    names = ["clinic-req", "clinic-quarantine", "clinic-presence", "clinic-res-cloud"]
    assert capsys.readouterr().out.splitlines() == [f"{name} made" for name in names]
    assert run(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [f"{name} was there" for name in names]


BRIDGE = ["--queue", "memory:", "--name", "clinic"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unheard-of"],
        ["keygen"],
        ["serve", *BRIDGE, "--key-file", "key", "--allow-all"],
        ["serve", *BRIDGE, "--key-file", "key", "--", "command"],
        ["serve", *BRIDGE, "--key-file", "key", "--allow", "a", "--allow-all", "--", "command"],
        ["serve", *BRIDGE, "--key-file", "key", "--allow", "a", "--tool-rate", "0", "--", "x"],
        ["provision", *BRIDGE, "--", "command"],
    ],
)
def test_wrong_usage_is_two(arguments: Sequence[str]) -> None:
    with pytest.raises(SystemExit) as end:
        sys.exit(run(arguments))
    assert end.value.code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["provision", "--queue", "nonsense", "--name", "clinic"],
        ["provision", "--queue", "env:KARTE_NOT_SET", "--name", "clinic"],
        ["provision", "--queue", "memory:", "--name", "No Name"],
        ["serve", *BRIDGE, "--key-file", "/nonexistent/key", "--allow-all", "--", "command"],
        ["connect", *BRIDGE, "--key-file", "/nonexistent/key"],
    ],
)
def test_not_configured_is_three_and_one_sentence(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mcp-bridge: ")
    assert captured.err.count("\n") == 1


def test_a_command_that_does_not_start_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = str(tmp_path / "key")
    assert run(["keygen", "--key-file", key]) == 0
    journal = str(tmp_path / "journal")
    ours = ["serve", *BRIDGE, "--key-file", key, "--journal", journal, "--allow-all"]
    assert run([*ours, "--", "/nonexistent/command"]) == 1
    assert "The served command does not start" in capsys.readouterr().err


def test_quarantine_lists_shows_and_discards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = f"sqlite:{tmp_path / 'queues'}"

    async def put_aside() -> str:
        async with open_carrier(queue) as carrier:
            await carrier.create("clinic-quarantine")
            return (await carrier.put("clinic-quarantine", CANARY, ttl_s=60)).message_id

    def quarantine(*arguments: str) -> tuple[int, str]:
        code = run(["quarantine", *arguments, "--queue", queue, "--name", "clinic"])
        return code, capsys.readouterr().out

    frame_id = anyio.run(put_aside)
    code, listed = quarantine("list")
    assert (code, json.loads(listed)["code"]) == (0, "not_a_frame")
    assert CANARY not in listed
    assert quarantine("show", frame_id) == (0, f"{CANARY}\n")
    assert quarantine("discard", frame_id) == (0, "")
    assert quarantine("list") == (0, "")
    assert quarantine("show") == (2, "")


@pytest.mark.expects_log
def test_a_log_line_holds_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    quiet_logs()
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("mcp.anything").exception("about %s", CANARY)
    logging.getLogger("mcp_bridge.anything").warning("code=%s", "denied")
    assert CANARY not in err.getvalue()
    assert "ValueError" in err.getvalue()
    assert "code=denied" in err.getvalue()
