"""Azurite is started, found ready, and ended."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from mcp_bridge import azurite as azurite_module
from mcp_bridge.azurite import azurite, command
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.errors import Code, LocalFault
from tests.node_tools import installed


async def test_it_serves_while_open_and_is_gone_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARTE_AZURITE", str(installed()))
    with anyio.fail_after(60):
        async with azurite() as url, open_carrier(url) as carrier:
            await carrier.create("abc")
            assert await carrier.queues("a") == ["abc"]
    address = urlsplit(url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port or 0), timeout=2)


@pytest.mark.parametrize("script", ["console.log('no server')", "process.exit(3)"])
async def test_a_program_that_does_not_listen_is_a_wrong_setting(
    script: str, tmp_path: Path
) -> None:
    (tmp_path / "main.js").write_text(script)
    with anyio.fail_after(20), pytest.raises(LocalFault) as caught:
        async with azurite(tmp_path / "main.js"):
            pytest.fail("it does not listen")
    assert caught.value.code is Code.BAD_SETTINGS


async def test_a_program_that_never_listens_is_given_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.js").write_text("process.on('SIGTERM', () => {}); setInterval(() => {}, 99)")
    monkeypatch.setattr(azurite_module, "_START_S", 0.5)
    with anyio.fail_after(20), pytest.raises(LocalFault):
        async with azurite(tmp_path / "main.js"):
            pytest.fail("it does not listen")


def test_nowhere_to_be_found_is_a_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KARTE_AZURITE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalFault) as caught:
        command()
    assert caught.value.code is Code.BAD_SETTINGS


def test_one_on_the_path_is_used_when_no_other_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "azurite-queue"
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KARTE_AZURITE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command() == [str(program)]
    with pytest.raises(LocalFault):
        command(tmp_path / "named-but-missing.js")


def test_node_is_the_binary_and_not_the_wrapper_around_it() -> None:
    node, _ = command(installed())
    assert Path(node).stat().st_size > 2**20
    assert node != shutil.which("node")
