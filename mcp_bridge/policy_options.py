"""The policy as it stands on a command line: `serve --allow TOOL… --tool-rate 60 …`."""

from __future__ import annotations

import argparse

from mcp_bridge.policy import TOOL_METHODS, Limit, Policy


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add the options; one of --allow and --allow-all is required."""
    allowed = parser.add_mutually_exclusive_group(required=True)
    allowed.add_argument("--allow", action="append", metavar="TOOL", help="a tool that is let in")
    allowed.add_argument(
        "--allow-all", action="store_true", help="all that the command has, resources and prompts"
    )
    parser.add_argument(
        "--allow-method",
        action="append",
        default=[],
        metavar="METHOD",
        help="besides the listing and calling of tools, such as resources/read",
    )
    for whose in ("caller", "tool"):
        parser.add_argument(
            f"--{whose}-rate", type=_positive, metavar="N", help=f"calls a minute of one {whose}"
        )
        parser.add_argument(
            f"--{whose}-at-once", type=_positive, metavar="N", help=f"at a time of one {whose}"
        )


def policy_of(options: argparse.Namespace) -> Policy:
    """What the options say."""
    caller = Limit(options.caller_rate, options.caller_at_once)
    tool = Limit(options.tool_rate, options.tool_at_once)
    if options.allow_all:
        return Policy(tools=None, methods=None, caller=caller, tool=tool)
    methods = TOOL_METHODS.union(options.allow_method)
    return Policy(frozenset(options.allow), methods, caller, tool)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number
