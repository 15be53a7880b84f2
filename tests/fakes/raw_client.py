"""An HTTP client of MCP that does only what it is told: no GET stream, no hidden requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from mcp_bridge.rpc import Message, request as modern_request

BOTH = "application/json, text/event-stream"
HANDSHAKE = "2025-11-25"
MODERN = "2026-07-28"
CAPABILITIES = {"elicitation": {}, "sampling": {}, "roots": {}}


def call(request_id: str | int, tool: str, **arguments: object) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def modern_call(request_id: str | int, tool: str, **arguments: object) -> dict[str, Any]:
    return modern_request("tools/call", request_id, name=tool, arguments=arguments)


def modern_headers(message: Message) -> dict[str, str]:
    name = message["params"].get("name")
    headers = {"mcp-protocol-version": MODERN, "mcp-method": message["method"]}
    return headers | ({"mcp-name": name} if name else {})


@dataclass
class RawClient:
    """One client at one URL."""

    http: httpx2.AsyncClient
    url: str
    headers: dict[str, str] = field(default_factory=lambda: {"accept": BOTH})

    async def post(self, message: Message, **headers: str) -> httpx2.Response:
        return await self.http.post(self.url, json=message, headers=self.headers | headers)

    @asynccontextmanager
    async def stream(self, message: Message, **headers: str) -> AsyncIterator[httpx2.Response]:
        wanted = self.headers | headers
        async with self.http.stream("POST", self.url, json=message, headers=wanted) as response:
            yield response

    async def initialize(self) -> None:
        """From now on in a session."""
        params = {
            "protocolVersion": HANDSHAKE,
            "capabilities": CAPABILITIES,
            "clientInfo": {"name": "raw", "version": "1"},
        }
        hello = {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params}
        response = await self.post(hello)
        assert response.status_code == 200
        self.headers["mcp-session-id"] = response.headers["mcp-session-id"]
        self.headers["mcp-protocol-version"] = HANDSHAKE
        done = await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert done.status_code == 202

    async def modern(self, message: Message) -> httpx2.Response:
        return await self.post(message, **modern_headers(message))


@asynccontextmanager
async def raw_client(url: str) -> AsyncIterator[RawClient]:
    async with httpx2.AsyncClient(timeout=10.0) as http:
        yield RawClient(http, url)


async def events(response: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
    """The messages of a stream, or the one of a JSON reply."""
    if response.headers["content-type"].startswith("application/json"):
        yield json.loads(await response.aread())
        return
    async for line in response.aiter_lines():
        if line.startswith("data:") and line.removeprefix("data:").strip():
            yield json.loads(line.removeprefix("data:"))
