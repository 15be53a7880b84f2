"""From a line in the settings to a carrier."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import pytest

from mcp_bridge.carriers.azure import AzureCarrier
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.sqlite import SqliteCarrier
from mcp_bridge.errors import CarrierUnreachable, Code, LocalFault

SAS = "sv=2025-11-05&ss=q&sp=rap&se=2030-01-01T00%3A00%3A00Z&sig=c2lnbmF0dXJl"


def test_a_file_is_the_embedded_carrier(tmp_path: Path) -> None:
    assert isinstance(open_carrier(f"sqlite:{tmp_path / 'queues.sqlite'}"), SqliteCarrier)
    assert not list(tmp_path.iterdir()), "nothing is made before it is entered"


def test_memory_is_new_each_time() -> None:
    one, two = open_carrier("memory:"), open_carrier("memory:")
    assert isinstance(one, MemoryCarrier)
    assert one is not two


async def test_an_azure_url_signs_in_by_azure_identity_and_connects_to_nothing_yet() -> None:
    async with open_carrier("https://account.queue.core.windows.net") as carrier:
        assert isinstance(carrier, AzureCarrier)


@pytest.mark.parametrize(
    "secret",
    [
        f"https://account.queue.core.windows.net?{SAS}",
        f"QueueEndpoint=https://account.queue.core.windows.net;SharedAccessSignature={SAS}",
        "DefaultEndpointsProtocol=https;AccountName=account;AccountKey=a2V5",
    ],
    ids=["url with SAS", "connection string with SAS", "connection string with key"],
)
async def test_a_secret_stands_in_the_environment(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARTE_TEST_QUEUE", secret)
    async with open_carrier("env:KARTE_TEST_QUEUE") as carrier:
        assert isinstance(carrier, AzureCarrier)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "sqlite",
        "sqlite:",
        "memory",
        "memory:shared",
        "env:",
        "env:KARTE_TEST_NOT_SET",
        "ftp://account.queue.core.windows.net",
        "https://",
        "https://[",
        f"https://account.queue.core.windows.net?{SAS}",
        "https://user:word@account.queue.core.windows.net",
        "http://account.queue.core.windows.net",
        "http://account.queue.core.windows.net/devstoreaccount1",
        "http://127.0.0.1:10001/another",
        "AccountName=account;AccountKey=a2V5",
    ],
)
def test_anything_else_is_a_wrong_setting(spec: str) -> None:
    with pytest.raises(LocalFault) as caught:
        open_carrier(spec)
    assert caught.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize("secret", ["", "  ", "nonsense", "AccountName=only", "https://["])
def test_a_variable_that_holds_no_connection_is_a_wrong_setting(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARTE_TEST_QUEUE", secret)
    with pytest.raises(LocalFault) as caught:
        open_carrier("env:KARTE_TEST_QUEUE")
    assert str(caught.value) == "bad_settings"


async def test_the_proxy_of_this_pc_is_used_with_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    with anyio.fail_after(10):
        async with await asyncio.start_server(refuse, "127.0.0.1") as proxy:
            port = proxy.sockets[0].getsockname()[1]
            monkeypatch.setenv("https_proxy", f"http://me:pass@127.0.0.1:{port}")
            monkeypatch.setenv("KARTE_Q", "https://acc.queue.core.windows.net/?sig=x")
            async with open_carrier("env:KARTE_Q") as carrier:
                with pytest.raises(CarrierUnreachable):
                    await carrier.length("queue")
    assert asked[0].startswith(b"CONNECT acc.queue.core.windows.net:443")
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in asked[0]
