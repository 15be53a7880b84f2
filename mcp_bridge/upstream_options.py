"""The served MCP server as it stands on a command line: a command, or an address."""

from __future__ import annotations

import argparse
import os

from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.upstream import StdioUpstream, Upstream, UrlUpstream

_VARIABLE = "env:"  # where a secret may stand


def add_upstream(parser: argparse.ArgumentParser) -> None:
    """The options beside `-- COMMAND ARGS...`."""
    parser.add_argument("--url", help="of a Streamable HTTP server: https, or http on this PC")
    parser.add_argument(
        "--url-token", metavar="env:VARIABLE", help="the variable that holds its bearer token"
    )


def upstream_of(options: argparse.Namespace) -> Upstream:
    """What is to be served; nothing is started yet.

    Raises:
        LocalFault: BAD_SETTINGS, the address is not usable, or there is no such token.
    """
    token = None if options.url_token is None else _secret(options.url_token)
    if options.url is not None:
        return UrlUpstream(options.url, token)
    if token is not None:
        raise LocalFault(Code.BAD_SETTINGS)
    command, *arguments = options.served
    return StdioUpstream(command, arguments, env=_environment_without(options.queue))


def _secret(spec: str) -> str:
    secret = os.environ.get(spec.removeprefix(_VARIABLE), "").strip()
    if not (spec.startswith(_VARIABLE) and secret):
        raise LocalFault(Code.BAD_SETTINGS)
    return secret


def _environment_without(queue: str) -> dict[str, str]:
    """This environment, but for the variable that holds the carrier's secret."""
    hidden = queue.removeprefix(_VARIABLE) if queue.startswith(_VARIABLE) else None
    return {key: value for key, value in os.environ.items() if key != hidden}
