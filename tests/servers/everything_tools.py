"""The tools of the everything-server, by the names that the conformance suite calls them.

Each takes the SDK's request context and the call's params. Low-level types throughout, so that each
answer is written out here and nothing is derived from signatures.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import anyio
import mcp_types as t
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourceUpdated,
    SubscriptionBus,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from pydantic import BaseModel

Context = ServerRequestContext[Any, Any]
Answer = t.CallToolResult | t.InputRequiredResult
Reply = TypeVar("Reply", bound=BaseModel)
Handler = Callable[[Context, t.CallToolRequestParams], Awaitable[Answer]]

WATCHED = "test://watched-resource"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
STEP_S = 0.03  # between two notifications of one tool
AWAY_S = 0.2  # how long test_reconnection works after it has closed the client's stream

NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
OK = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
COLOUR = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}

DEFAULTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "A name", "default": "John Doe"},
        "age": {"type": "integer", "description": "Years", "default": 30},
        "score": {"type": "number", "description": "A score", "default": 95.5},
        "status": {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "description": "Whether checked", "default": True},
    },
    "required": [],
}
ENUMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {
            "type": "string",
            "oneOf": [{"const": f"value{n}", "title": f"Option {n}"} for n in (1, 2, 3)],
        },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {
            "type": "array",
            "items": {"type": "string", "enum": ["option1", "option2", "option3"]},
        },
        "titledMulti": {
            "type": "array",
            "items": {"anyOf": [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]},
        },
    },
    "required": [],
}
SCHEMA_2020_12: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def said(text: str, *, is_error: bool = False) -> t.CallToolResult:
    return t.CallToolResult(content=[t.TextContent(text=text)], is_error=is_error)


def showed(*content: t.ContentBlock) -> t.CallToolResult:
    return t.CallToolResult(content=list(content))


def embedded(uri: str, mime_type: str, text: str) -> t.EmbeddedResource:
    resource = t.TextResourceContents(uri=uri, mime_type=mime_type, text=text)
    return t.EmbeddedResource(resource=resource)


IMAGE = t.ImageContent(data=PIXEL, mime_type="image/png")
AUDIO = t.AudioContent(data=SILENCE, mime_type="audio/wav")
RESOURCE = embedded("test://embedded-resource", "text/plain", "This is an embedded resource.")
MIXED = embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')


async def always(answer: Answer, _ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    return answer


async def log(ctx: Context, text: str) -> None:
    await ctx.session.send_log_message("info", text, related_request_id=ctx.request_id)


async def with_logging(ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    for text in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await log(ctx, text)
        await anyio.sleep(STEP_S)
    return said("Logged three lines.")


async def many_logs(ctx: Context, params: t.CallToolRequestParams) -> Answer:
    for number in range(int((params.arguments or {})["count"])):
        await log(ctx, f"line {number}")
    return said("Logged them all.")


async def with_progress(ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    for step in (0, 50, 100):
        await ctx.session.report_progress(step, 100, f"Completed step {step} of 100")
        await anyio.sleep(STEP_S)
    return said("Reported three steps.")


async def sampling(ctx: Context, params: t.CallToolRequestParams) -> Answer:
    prompt = str((params.arguments or {}).get("prompt", ""))
    wish = t.CreateMessageRequest(
        params=t.CreateMessageRequestParams(messages=[_user(prompt)], max_tokens=100)
    )
    reply = await _ask(ctx, wish, t.CreateMessageResult)
    text = reply.content.text if isinstance(reply.content, t.TextContent) else "none"
    return said(f"LLM response: {text}")


async def roots(ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    reply = await _ask(ctx, t.ListRootsRequest(), t.ListRootsResult)
    return said(" ".join(str(root.uri) for root in reply.roots))


async def elicitation(
    schema: Mapping[str, Any], ctx: Context, params: t.CallToolRequestParams
) -> Answer:
    message = str((params.arguments or {}).get("message", "Please answer"))
    reply = await _ask(ctx, ask_for(schema, message), t.ElicitResult)
    return said(f"User response: action={reply.action}, content={json.dumps(reply.content or {})}")


async def reconnection(ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    await log(ctx, "Before the stream is closed")
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    await anyio.sleep(AWAY_S)
    await log(ctx, "After the client may have come back")
    return said("Reconnection test completed")


async def missing_capability(ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    capabilities = ctx.session.client_capabilities
    if capabilities is None or capabilities.sampling is None:
        raise MCPError(
            code=t.MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="This tool needs the client capability 'sampling'",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return said("The client can sample.")


async def failing(_ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    return said("This tool intentionally returns an error for testing", is_error=True)


async def header(_ctx: Context, params: t.CallToolRequestParams) -> Answer:
    return said(f"region={(params.arguments or {}).get('region')}")


async def change(bus: SubscriptionBus, ctx: Context, params: t.CallToolRequestParams) -> Answer:
    """Tell both kinds of listeners that a list, or the watched resource, has changed."""
    match params.name:
        case "test_trigger_tool_change":
            await bus.publish(ToolsListChanged())
            await ctx.session.send_tool_list_changed()
        case "test_trigger_prompt_change":
            await bus.publish(PromptsListChanged())
            await ctx.session.send_prompt_list_changed()
        case _:
            await bus.publish(ResourceUpdated(uri=WATCHED))
            await ctx.session.send_resource_updated(WATCHED)
    return said("Changed.")


async def required_inputs(
    wishes: Mapping[str, t.InputRequest],
    state: str | None,
    _ctx: Context,
    params: t.CallToolRequestParams,
) -> Answer:
    """Asks for all of `wishes` once, and is content when they, and the state, have come back."""
    responses = params.input_responses or {}
    if wishes.keys() <= responses.keys() and params.request_state == state:
        return said("state-ok: " + " ".join(map(_told, responses.values())))
    return t.InputRequiredResult(input_requests=dict(wishes), request_state=state)


async def multi_round(_ctx: Context, params: t.CallToolRequestParams) -> Answer:
    state = json.loads(params.request_state) if params.request_state else {"round": 0}
    responses = params.input_responses or {}
    if state["round"] == 1 and "step1" in responses:
        state = {"round": 2, "name": _told(responses["step1"])}
        wish = ask_for(COLOUR, "Step 2: which colour?")
        return t.InputRequiredResult(
            input_requests={"step2": wish}, request_state=json.dumps(state)
        )
    if state["round"] == 2 and "step2" in responses:
        return said(f"{state['name']} likes {_told(responses['step2'])}")
    wish = ask_for(NAME, "Step 1: what is your name?")
    return t.InputRequiredResult(input_requests={"step1": wish}, request_state='{"round":1}')


async def tampered_state(_ctx: Context, params: t.CallToolRequestParams) -> Answer:
    if params.request_state is None:
        wishes: dict[str, t.InputRequest] = {"confirm": ask_for(OK, "Please confirm")}
        return t.InputRequiredResult(input_requests=wishes, request_state="round-1")
    return said("state-ok")


async def offered_capabilities(ctx: Context, _params: t.CallToolRequestParams) -> Answer:
    offered = ctx.session.client_capabilities
    wishes: dict[str, t.InputRequest] = {}
    if offered is None or offered.sampling is not None:
        wishes["sample"] = SAMPLE
    if offered is None or offered.elicitation is not None:
        wishes["ask"] = ask_for(NAME, "What is your name?")
    return t.InputRequiredResult(input_requests=wishes, request_state="by-capability")


def ask_for(schema: Mapping[str, Any], message: str) -> t.ElicitRequest:
    return t.ElicitRequest(
        params=t.ElicitRequestFormParams(message=message, requested_schema=dict(schema))
    )


async def _ask(ctx: Context, wish: t.ServerRequest, kind: type[Reply]) -> Reply:
    """Ask the client, on the stream of the request that is being served."""
    metadata = ServerMessageMetadata(related_request_id=ctx.request_id)
    return await ctx.session.send_request(wish, kind, metadata=metadata)


def _user(text: str) -> t.SamplingMessage:
    return t.SamplingMessage(role="user", content=t.TextContent(text=text))


def _told(response: object) -> str:
    match response:
        case t.ElicitResult(content=content):
            return " ".join(map(str, (content or {}).values()))
        case t.ListRootsResult(roots=found):
            return f"{len(found)} roots"
        case _:
            return "sampled"


SAMPLE = t.CreateMessageRequest(
    params=t.CreateMessageRequestParams(messages=[_user("What is 2+2?")], max_tokens=50)
)


@dataclass(frozen=True)
class Entry:
    name: str
    handler: Handler
    schema: Mapping[str, Any]
    is_read_only: bool

    def tool(self) -> t.Tool:
        return t.Tool(
            name=self.name,
            description=f"For tests: {self.name.replace('_', ' ')}",
            input_schema=dict(self.schema),
            annotations=t.ToolAnnotations(read_only_hint=self.is_read_only),
        )


def entries(bus: SubscriptionBus) -> Sequence[Entry]:
    """All tools; those that change lists publish on `bus`."""

    def tool(name: str, handler: Handler, *, schema: Mapping[str, Any] = NOTHING) -> Entry:
        return Entry(name, handler, schema, is_read_only=not name.startswith("test_trigger"))

    def asks(name: str, state: str | None, **wishes: t.InputRequest) -> Entry:
        handler = partial(required_inputs, wishes, state)
        return tool(f"test_input_required_result_{name}", handler)

    def fixed(name: str, answer: t.CallToolResult) -> Entry:
        return tool(f"test_{name}", partial(always, answer))

    who = ask_for(NAME, "What is your name?")
    one_string = {"type": "object", "properties": {"region": {"type": "string"}}}
    one_string["properties"]["region"]["x-mcp-header"] = "Region"
    return [
        fixed("simple_text", said("This is a simple text response for testing.")),
        fixed("image_content", showed(IMAGE)),
        fixed("audio_content", showed(AUDIO)),
        fixed("embedded_resource", showed(RESOURCE)),
        fixed("multiple_content_types", showed(t.TextContent(text="Mixed:"), IMAGE, MIXED)),
        tool("test_error_handling", failing),
        tool("test_tool_with_logging", with_logging),
        tool("test_logging_tool", with_logging),
        tool("test_many_logs", many_logs),
        tool("test_tool_with_progress", with_progress),
        tool("test_sampling", sampling, schema=_strings("prompt")),
        tool("test_roots", roots),
        tool("test_elicitation", partial(elicitation, NAME), schema=_strings("message")),
        tool("test_elicitation_sep1034_defaults", partial(elicitation, DEFAULTS)),
        tool("test_elicitation_sep1330_enums", partial(elicitation, ENUMS)),
        tool("test_reconnection", reconnection),
        tool("test_missing_capability", missing_capability),
        tool("test_x_mcp_header", header, schema=one_string),
        tool("json_schema_2020_12_tool", partial(always, said("2020-12")), schema=SCHEMA_2020_12),
        tool("test_trigger_tool_change", partial(change, bus)),
        tool("test_trigger_prompt_change", partial(change, bus)),
        tool("test_trigger_resource_change", partial(change, bus)),
        asks("elicitation", None, user_name=who),
        tool("test_streaming_elicitation", partial(required_inputs, {"user_name": who}, None)),
        asks("sampling", None, capital_question=SAMPLE),
        asks("list_roots", None, client_roots=t.ListRootsRequest()),
        asks("request_state", "nonce", confirm=ask_for(OK, "Please confirm")),
        asks(
            "multiple_inputs",
            "all-three",
            user_name=who,
            greeting=SAMPLE,
            client_roots=t.ListRootsRequest(),
        ),
        tool("test_input_required_result_multi_round", multi_round),
        tool("test_input_required_result_tampered_state", tampered_state),
        tool("test_input_required_result_capabilities", offered_capabilities),
    ]


def _strings(*names: str) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": properties, "required": list(names)}
