"""Unsealed contracts as they stand on a command line; none of them is on by itself."""

from __future__ import annotations

import argparse
from typing import Final

from mcp_bridge.contracts import FoundryTool, PlainRpc, Unsealed
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.policy import Policy

CONTRACTS_USAGE: Final = (
    " [--foundry-tool TOOL=INPUT_QUEUE:OUTPUT_QUEUE...]"
    " [--plain-rpc TOOL... [--plain-queues REQUESTS:RESPONSE_PREFIX]]"
)


def add_contracts(parser: argparse.ArgumentParser) -> None:
    """The options; each names what whoever may use the queues can then read and call."""
    parser.add_argument(
        "--foundry-tool",
        action="append",
        default=[],
        type=_foundry_tool,
        metavar="TOOL=INPUT_QUEUE:OUTPUT_QUEUE",
        help="UNSEALED: also serve this tool to a Foundry agent's storage-queue function tool",
    )
    parser.add_argument(
        "--plain-rpc",
        action="append",
        default=[],
        metavar="TOOL",
        help="UNSEALED: also serve this tool to plain JSON-RPC messages",
    )
    parser.add_argument(
        "--plain-queues",
        type=_pair,
        metavar="REQUESTS:RESPONSE_PREFIX",
        help="of the plain messages; default: NAME-plain-ask and NAME-plain-answer-",
    )


def unsealed_of(options: argparse.Namespace, policy: Policy) -> Unsealed:
    """What the options say.

    Raises:
        LocalFault: BAD_SETTINGS, the policy does not allow a tool, or its queues are not usable.
    """
    plain: PlainRpc | None = None
    if options.plain_rpc:
        # No bridge has queues of such names, whatever it is called.
        default = (f"{options.name}-plain-ask", f"{options.name}-plain-answer-")
        requests, prefix = options.plain_queues or default
        plain = PlainRpc(frozenset(options.plain_rpc), requests, prefix)
    elif options.plain_queues:
        raise LocalFault(Code.BAD_SETTINGS)
    unsealed = Unsealed(tuple(options.foundry_tool), plain)
    named = {one.tool for one in unsealed.exposed()}
    if policy.tools is not None and not named <= policy.tools:
        raise LocalFault(Code.BAD_SETTINGS)
    return unsealed


def _foundry_tool(text: str) -> FoundryTool:
    tool, _, queues = text.partition("=")
    try:
        return FoundryTool(tool, *_pair(queues))
    except LocalFault:
        raise argparse.ArgumentTypeError("no tool, or no two queues can be called that") from None


def _pair(text: str) -> tuple[str, str]:
    first, colon, second = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError("a colon is missing")
    return first, second
