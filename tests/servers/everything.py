"""Our everything-server for the official conformance suite: every feature of MCP, in both eras.

python -m tests.servers.everything              over stdio, as `mcp-bridge serve -- …` runs it
python -m tests.servers.everything --http       over Streamable HTTP: the direct run to compare
                                                with; prints its URL, then serves
"""

from __future__ import annotations

import argparse
import logging
import warnings
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import anyio
import mcp_types as t
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from typing_extensions import override

from tests.servers.everything_tools import (
    IMAGE,
    NAME,
    PIXEL,
    WATCHED,
    Answer,
    Context,
    ask_for,
    embedded,
    entries,
)
from tests.servers.http import serve_http

SERVER_NAME = "everything"
STATE_KEY = b"not a secret: a fixed key for the tests' state"
RETRY_MS = 100

STATIC = "test://static-text"
BINARY = "test://static-binary"
TEMPLATE = "test://template/{id}/data"

Messages = list[t.PromptMessage]


def everything() -> Server[Any]:
    """A server of its own: its lists and its subscriptions are shared with no other."""
    bus = InMemorySubscriptionBus()
    tools = {entry.name: entry for entry in entries(bus)}

    async def list_tools(_ctx: Context, _params: object) -> t.ListToolsResult:
        return t.ListToolsResult(tools=[entry.tool() for entry in tools.values()])

    async def call_tool(ctx: Context, params: t.CallToolRequestParams) -> Answer:
        entry = tools.get(params.name)
        if entry is None:
            raise MCPError(code=t.INVALID_PARAMS, message="Unknown tool")
        return await entry.handler(ctx, params)

    server: Server[Any] = Server(
        SERVER_NAME,
        version="1",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=accept,
        on_unsubscribe_resource=accept,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
        on_subscriptions_listen=ListenHandler(bus),
    )
    server.add_request_handler("logging/setLevel", t.SetLevelRequestParams, accept)
    security = RequestStateSecurity(keys=[STATE_KEY])
    server.middleware.append(RequestStateBoundary(security, default_audience=SERVER_NAME))
    return server


async def accept(_ctx: Context, _params: object) -> t.EmptyResult:
    return t.EmptyResult()


async def complete(_ctx: Context, _params: t.CompleteRequestParams) -> t.CompleteResult:
    return t.CompleteResult(completion=t.Completion(values=["paris", "park"], total=2))


async def list_resources(_ctx: Context, _params: object) -> t.ListResourcesResult:
    plain = "text/plain"
    return t.ListResourcesResult(
        resources=[
            t.Resource(uri=STATIC, name="text", description="A text", mime_type=plain),
            t.Resource(uri=BINARY, name="image", description="A pixel", mime_type="image/png"),
            t.Resource(uri=WATCHED, name="watched", description="It changes", mime_type=plain),
        ]
    )


async def list_templates(_ctx: Context, _params: object) -> t.ListResourceTemplatesResult:
    template = t.ResourceTemplate(
        uri_template=TEMPLATE, name="data", description="By id", mime_type="application/json"
    )
    return t.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(_ctx: Context, params: t.ReadResourceRequestParams) -> t.ReadResourceResult:
    uri = str(params.uri)
    if uri == BINARY:
        blob = b64encode(b64decode(PIXEL)).decode("ascii")
        contents = t.BlobResourceContents(uri=uri, mime_type="image/png", blob=blob)
        return t.ReadResourceResult(contents=[contents])
    texts = {STATIC: "This is the content of the static text resource.", WATCHED: "Watched."}
    before, after = TEMPLATE.split("{id}")
    text = texts.get(uri)
    if text is None and uri.startswith(before) and uri.endswith(after):
        text = f'{{"id":"{uri[len(before) : -len(after)]}"}}'
    if text is None:
        raise MCPError(code=t.INVALID_PARAMS, message="Resource not found", data={"uri": uri})
    kind = "text/plain" if uri in texts else "application/json"
    contents = t.TextResourceContents(uri=uri, mime_type=kind, text=text)
    return t.ReadResourceResult(contents=[contents])


async def list_prompts(_ctx: Context, _params: object) -> t.ListPromptsResult:
    def prompt(name: str, *arguments: str) -> t.Prompt:
        return t.Prompt(
            name=name,
            description=f"For tests: {name}",
            arguments=[
                t.PromptArgument(name=argument, description="A text", required=True)
                for argument in arguments
            ],
        )

    return t.ListPromptsResult(
        prompts=[
            prompt("test_simple_prompt"),
            prompt("test_prompt_with_arguments", "arg1", "arg2"),
            prompt("test_prompt_with_embedded_resource", "resourceUri"),
            prompt("test_prompt_with_image"),
            prompt("test_input_required_result_prompt"),
        ]
    )


async def get_prompt(
    _ctx: Context, params: t.GetPromptRequestParams
) -> t.GetPromptResult | t.InputRequiredResult:
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return _prompt(t.TextContent(text="This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            text = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
            return _prompt(t.TextContent(text=text))
        case "test_prompt_with_embedded_resource":
            resource = embedded(given["resourceUri"], "text/plain", "Embedded for testing.")
            return _prompt(resource, t.TextContent(text="Please read the resource above."))
        case "test_prompt_with_image":
            return _prompt(IMAGE, t.TextContent(text="Please look at the image above."))
        case "test_input_required_result_prompt":
            if "user_context" not in (params.input_responses or {}):
                wish = ask_for(NAME, "Which context?")
                return t.InputRequiredResult(input_requests={"user_context": wish})
            return _prompt(t.TextContent(text="With the context that you gave."))
        case _:
            raise MCPError(code=t.INVALID_PARAMS, message="Unknown prompt")


def _prompt(*content: t.ContentBlock) -> t.GetPromptResult:
    messages = [t.PromptMessage(role="user", content=each) for each in content]
    return t.GetPromptResult(messages=messages)


class Events(EventStore):
    """Everything that was sent, for clients that come back to a stream."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._events: dict[str, tuple[str, t.JSONRPCMessage | None]] = {}

    @override
    async def store_event(self, stream_id: str, message: t.JSONRPCMessage | None) -> str:
        event_id = str(next(self._numbers))
        self._events[event_id] = (stream_id, message)
        return event_id

    @override
    async def replay_events_after(
        self, last_event_id: str, send_callback: EventCallback
    ) -> str | None:
        if last_event_id not in self._events:
            return None
        stream, _ = self._events[last_event_id]
        for event_id, (its_stream, message) in list(self._events.items()):
            if its_stream == stream and message is not None and int(event_id) > int(last_event_id):
                await send_callback(EventMessage(message, event_id))
        return stream


async def over_stdio() -> None:
    server = everything()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def over_http() -> None:
    app = everything().streamable_http_app(event_store=Events(), retry_interval=RETRY_MS)
    await serve_http(app)


def main(run: Callable[[], Awaitable[None]]) -> None:
    logging.basicConfig(level=logging.ERROR)
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    anyio.run(run)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", action="store_true")
    main(over_http if parser.parse_args().http else over_stdio)
