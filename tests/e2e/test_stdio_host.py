"""karte-tools as a host starts it: its own process, the official client, the README's config."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from local_tools.records.karte_json import KarteFolder
from local_tools.resources import resource

ROOT = Path(__file__).parents[2]
TOOL = "get_patient_background"
PATIENT = KarteFolder(resource("patients")).patients()[0].patient_id


def host_blocks() -> list[tuple[str, dict[str, Any]]]:
    """Every server entry of every block that a README marks as a host's configuration."""
    found: list[tuple[str, dict[str, Any]]] = []
    for readme in ("README.md", "local_tools/README.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        blocks = re.findall(r"<!-- host-config -->\n+```json\n(.*?)```", text, re.DOTALL)
        for i, block in enumerate(blocks):
            config = json.loads(block)
            servers = config.get("mcpServers") or config["servers"]
            found += ((f"{readme} {i} {name}", entry) for name, entry in servers.items())
    return found


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with karte-tools: the installed one, or what pip would have made of pyproject."""
    installed = shutil.which("karte-tools", path=str(Path(sys.executable).parent))
    if installed:
        return Path(installed).parent
    with (ROOT / "pyproject.toml").open("rb") as file:
        module, function = tomllib.load(file)["project"]["scripts"]["karte-tools"].split(":")
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "karte-tools"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from {module} import {function}\nsys.exit({function}())\n"
    )
    script.chmod(0o755)
    return folder


def module_parameters(home: Path, *arguments: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "local_tools", *arguments],
        env={"KARTE_HOME": str(home)},
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    ("name", "entry"), host_blocks(), ids=lambda v: v if isinstance(v, str) else ""
)
async def test_the_config_block_of_the_readme_works(
    name: str, entry: dict[str, Any], programs: Path, tmp_path: Path
) -> None:
    """Literally as written. The app does not run here, so the call is refused, with a code."""
    del name
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    parameters = StdioServerParameters(
        command=shutil.which(entry["command"], path=path) or entry["command"],
        args=entry["args"],
        env={"KARTE_HOME": str(tmp_path / "home"), "PATH": path} | entry.get("env", {}),
    )
    with anyio.fail_after(60):
        async with Client(parameters) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == [TOOL]
            result = await client.call_tool(TOOL, {"symptoms": "めまいと動悸"})
    assert result.is_error
    assert result.content[0].text == "denied_by_rule"  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_a_host_lists_and_calls(mode: str, tmp_path: Path) -> None:
    parameters = module_parameters(tmp_path, "--patient", PATIENT, "--approval", "auto")
    with anyio.fail_after(60):
        async with Client(parameters, mode=mode) as client:
            (tool,) = (await client.list_tools()).tools
            result = await client.call_tool(TOOL, {"symptoms": "めまいと動悸"})
            bad = await client.call_tool(TOOL, {"symptoms": 1})
    assert tool.output_schema is not None
    if not result.is_error:  # a patient of 90 needs a person
        assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
    assert bad.content[0].text == "bad_arguments"  # type: ignore[union-attr]
    assert (tmp_path / "ledger.db").exists()


async def test_without_a_patient_no_case_is_open(tmp_path: Path) -> None:
    with anyio.fail_after(60):
        async with Client(module_parameters(tmp_path, "--approval", "auto")) as client:
            result = await client.call_tool(TOOL, {"symptoms": "めまい"})
    assert result.content[0].text == "no_case_open"  # type: ignore[union-attr]


async def test_stderr_says_codes_only(tmp_path: Path) -> None:
    """What the host writes into its log file."""
    errors = (tmp_path / "stderr").open("w+", encoding="utf-8")
    with errors, anyio.fail_after(60):
        transport = stdio_client(module_parameters(tmp_path, "--patient", PATIENT), errlog=errors)
        async with Client(transport) as client:
            await client.call_tool(TOOL, {"symptoms": "カナリア鳥之助"})
            await client.call_tool("カナリア鳥之助", {})
        errors.seek(0)
        lines = errors.read().splitlines()
    hint = "The app did not answer. Start karte-bridge, so that it can ask you."
    assert lines == [f"WARNING local_tools.approval_desk: {hint}"]


async def ended(home: Path, *arguments: str) -> tuple[int, bytes, list[str]]:
    """Exit code, stdout, and lines of stderr of a start that comes to nothing."""
    with anyio.fail_after(60):
        process = await anyio.run_process(
            [sys.executable, "-m", "local_tools", *arguments],
            env=os.environ | {"KARTE_HOME": str(home)},
            cwd=ROOT,
            check=False,
            input=b"",
        )
    return process.returncode, process.stdout, process.stderr.decode().splitlines()


async def test_an_unknown_patient_is_not_configured(tmp_path: Path) -> None:
    outcome = await ended(tmp_path, "--patient", "カナリア鳥之助")
    assert outcome == (3, b"", ["ERROR local_tools.cli: record_not_found"])


async def test_a_failure_that_nobody_thought_of_is_a_code(tmp_path: Path) -> None:
    (tmp_path / "カナリア").write_text("a file where the data folder should be")
    assert await ended(tmp_path / "カナリア") == (1, b"", ["ERROR local_tools.cli: internal"])


async def test_wrong_usage_is_wrong_usage(tmp_path: Path) -> None:
    code, out, _ = await ended(tmp_path, "--approval", "perhaps")
    assert (code, out) == (2, b"")
