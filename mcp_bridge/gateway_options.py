"""How the gateway lets people in, as the command line says it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from mcp.server.auth.provider import TokenVerifier

from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.gateway import GatewayOptions, IssuerTokens, TokenFile

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def add_gateway(parser: argparse.ArgumentParser) -> None:
    """The options; whoever listens beyond this PC must name who may come in."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--tokens", type=Path, help="file of bearer tokens: a `NAME TOKEN` a line")
    parser.add_argument("--issuer", help="of signed bearer tokens (Entra and kin)")
    parser.add_argument("--audience", help="that signed tokens must be for")
    parser.add_argument("--issuer-keys", metavar="URL", help="the issuer's jwks_uri")
    parser.add_argument("--scope", action="append", default=[], help="that a token must have")
    parser.add_argument("--allow-host", action="append", default=[], help="value of Host, in full")
    parser.add_argument("--allow-origin", action="append", default=[], help="value of Origin")
    parser.add_argument("--rate", type=float, default=20.0, help="calls a second of one caller")


def gateway_of(options: argparse.Namespace) -> GatewayOptions:
    """What was asked for.

    Raises:
        LocalFault: BAD_SETTINGS, anybody could come in from outside, or an issuer is half named;
            BAD_KEY, the file of tokens cannot be used.
    """
    tokens = _tokens(options)
    if (tokens is None and options.host not in _LOOPBACK) or options.rate <= 0:
        raise LocalFault(Code.BAD_SETTINGS)
    usual = GatewayOptions()
    return replace(
        usual,
        hosts=(*usual.hosts, *options.allow_host),
        origins=(*usual.origins, *options.allow_origin),
        tokens=tokens,
        scopes=tuple(options.scope),
        calls_per_s=options.rate,
    )


def _tokens(options: argparse.Namespace) -> TokenVerifier | None:
    signed = (options.issuer, options.audience, options.issuer_keys)
    if any(signed):
        if not all(signed) or options.tokens is not None:
            raise LocalFault(Code.BAD_SETTINGS)
        return IssuerTokens.of(*signed)
    return None if options.tokens is None else TokenFile(options.tokens)
