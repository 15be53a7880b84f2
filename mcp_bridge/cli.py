"""The command line: `mcp-bridge keygen|provision|serve|connect|gateway|doctor|bench|quarantine`.

Exit codes: 0 fine, 1 it failed, 2 wrong usage, 3 not configured. What goes wrong is one sentence on
stderr; stdout belongs to results, and with `connect` to the protocol.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio

from mcp_bridge import commands
from mcp_bridge.console import quiet_logs
from mcp_bridge.contract_options import CONTRACTS_USAGE, add_contracts, unsealed_of
from mcp_bridge.errors import BridgeError, Code
from mcp_bridge.gateway_options import add_gateway, gateway_of
from mcp_bridge.policy_options import add_policy, policy_of
from mcp_bridge.presence import OpeningHours
from mcp_bridge.trust import add_trust
from mcp_bridge.upstream_options import add_upstream, upstream_of

FINE, FAILED, WRONG_USAGE, NOT_CONFIGURED = 0, 1, 2, 3

_DESCRIPTION = "Carries MCP over storage queues: the far server needs no open port."
_QUEUE_HELP = "sqlite:PATH, a queue service URL, or env:VARIABLE that holds a connection string"

_NOT_CONFIGURED: Final = frozenset({Code.BAD_SETTINGS, Code.BAD_KEY})

_SENTENCES: Final = {
    Code.BAD_SETTINGS: "A tool of --foundry-tool or --plain-rpc is not allowed too, or its queues"
    " clash; or --queue, --name or --caller is not usable: no such carrier, no variable of"
    " that name, or characters other than a-z, 0-9 and single hyphens; or the gateway's address is"
    " taken, or open to others without --tokens, or with half of an issuer; or the file of a grant"
    " is there already, or its carrier cannot sign one; or --url is neither https"
    " nor on this PC, or its token is missing.",
    Code.BAD_KEY: "The key file is missing, readable by others, holds no key, or (keygen) is there"
    " already; or it has no such key, or no other.",
    Code.PAIRING_FAILED: "Not paired: nobody answered in time, the code was another one, or it was"
    " not confirmed. Begin again on both sides.",
    Code.EXPIRED: "There is no such frame, or somebody has discarded it.",
    Code.JOURNAL_UNUSABLE: "The journal cannot be opened or written.",
    Code.UPSTREAM_GONE: "The served command does not start, or nobody answers at --url, or it does"
    " not speak MCP.",
    Code.UNREACHABLE: "The queue service does not answer.",
    Code.DENIED: "The queue service refuses these credentials or this role, or the server at --url"
    " its token.",
    Code.BUSY: "The queue service is overloaded; try again later.",
    Code.QUEUE_MISSING: "A queue is missing; `mcp-bridge provision` makes it.",
}

Run = Callable[[argparse.Namespace], Coroutine[Any, Any, None]]


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    ours, served = _split(arguments)
    options = _parser().parse_args(ours)
    options.served = served
    if (options.command == "serve") is not (bool(served) is not _has_url(options)):
        _complain("`-- COMMAND ARGS...`, or else --url, is needed by serve, and by serve only.")
        return WRONG_USAGE
    if options.command == "quarantine" and (options.action == "list") is not (options.id is None):
        _complain("show and discard need the id of a frame, list takes none.")
        return WRONG_USAGE
    quiet_logs()
    try:
        anyio.run(partial(options.run, options))
    except BridgeError as fault:
        _complain(_SENTENCES.get(fault.code, f"It failed: {fault.code.value}."))
        return NOT_CONFIGURED if fault.code in _NOT_CONFIGURED else FAILED
    except KeyboardInterrupt:
        return FAILED
    return FINE


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What is ours, and the served command behind `--`."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _has_url(options: argparse.Namespace) -> bool:
    return options.command == "serve" and options.url is not None


def _complain(sentence: str) -> None:
    sys.stderr.write(f"mcp-bridge: {sentence}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mcp-bridge", description=_DESCRIPTION)
    add = parser.add_subparsers(dest="command", required=True).add_parser

    add_trust(add, _bridge)

    serve = add("serve", help="carry requests to an MCP server", usage=_SERVE_USAGE)
    _bridge(serve)
    add_upstream(serve)
    add_policy(serve)
    add_contracts(serve)
    serve.add_argument("--open", metavar="HOURS", help="such as 'Mo-Fr 08:30-18:00'")
    serve.add_argument("--journal", type=Path, help="default: in this user's data folder")
    serve.add_argument(
        "--lease",
        type=int,
        default=30,
        help="seconds until what a crash interrupted is taken up",
    )
    serve.set_defaults(run=_serve)

    connect = add("connect", help="be a stdio MCP server that is the far one")
    _bridge(connect)
    connect.add_argument("--caller", help="name of a response queue that was made beforehand")
    connect.add_argument("--budget", type=float, default=60.0, help="seconds a call may take")
    connect.set_defaults(run=_connect)

    gateway = add("gateway", help="be the far server over Streamable HTTP, at /mcp")
    _bridge(gateway)
    gateway.add_argument("--caller", help="name of a response queue that was made beforehand")
    add_gateway(gateway)
    gateway.set_defaults(run=_gateway)

    bench = add("bench", help="measure calls beside the bare queue")
    bench.add_argument("--queue", required=True, help=f"{_QUEUE_HELP}; or azurite")
    bench.add_argument("--json", action="store_true")
    bench.add_argument("--delay-ms", type=float, default=0.0, help="added to each operation")
    bench.set_defaults(run=_bench)

    doctor = add("doctor", help="find the layer that fails, by a round trip through both queues")
    _bridge(doctor)
    doctor.add_argument("--caller", help="name of a response queue that was made beforehand")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--explain", action="store_true", help="say what to do")
    doctor.set_defaults(run=_doctor)

    quarantine = add("quarantine", help="look at frames that were put aside")
    quarantine.add_argument("action", choices=["list", "show", "discard"])
    quarantine.add_argument("id", nargs="?", help="of a frame, for show and discard")
    _bridge(quarantine, False)
    quarantine.set_defaults(run=_quarantine)
    return parser


_SERVE_USAGE = (
    "mcp-bridge serve --queue CARRIER --name NAME --key-file FILE (--allow TOOL... | --allow-all)"
    " [--allow-method METHOD...] [--caller-rate N] [--caller-at-once N] [--tool-rate N]"
    " [--tool-at-once N] [--open HOURS] [--journal FILE] [--lease SECONDS]"
    f"{CONTRACTS_USAGE} "
    " (-- COMMAND ARGS... | --url URL [--url-token env:VARIABLE])"
)


def _bridge(parser: argparse.ArgumentParser, needs_key: bool = True) -> None:
    parser.add_argument("--queue", required=True, metavar="CARRIER", help=_QUEUE_HELP)
    parser.add_argument("--name", required=True, help="of the bridge: up to 32 of a-z, 0-9, hyphen")
    parser.add_argument("--key-file", type=Path, required=needs_key)


async def _serve(options: argparse.Namespace) -> None:
    policy = policy_of(options)
    await commands.serve(
        options.queue,
        options.name,
        options.key_file,
        upstream_of(options),
        policy=policy,
        unsealed=unsealed_of(options, policy),
        hours=None if options.open is None else OpeningHours.parse(options.open),
        journal_file=options.journal,
        lease_s=options.lease,
    )


async def _connect(options: argparse.Namespace) -> None:
    await commands.connect(
        options.queue, options.name, options.key_file, options.caller, options.budget
    )


async def _gateway(options: argparse.Namespace) -> None:
    await commands.gateway(
        options.queue,
        options.name,
        options.key_file,
        options.caller,
        host=options.host,
        port=options.port,
        options=gateway_of(options),
    )


async def _bench(options: argparse.Namespace) -> None:
    await commands.bench(options.queue, as_json=options.json, delay_s=options.delay_ms / 1000)


async def _doctor(options: argparse.Namespace) -> None:
    await commands.doctor(
        options.queue,
        options.name,
        options.key_file,
        options.caller,
        as_json=options.json,
        explain=options.explain,
    )


async def _quarantine(options: argparse.Namespace) -> None:
    await commands.quarantine(options.action, options.id, options.queue, options.name)
