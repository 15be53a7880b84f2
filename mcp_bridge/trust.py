"""The commands by which two sides come to trust each other: keygen, pair, provision, grant.

No secret is an argument, and none is printed but the one-time code, which is there to be read. A
code is read from stdin.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from anyio import to_thread

from mcp_bridge import pairing
from mcp_bridge.carriers.grant_file import write_grant
from mcp_bridge.carriers.opening import grant_tokens, open_carrier
from mcp_bridge.contract_options import add_contracts, unsealed_of
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.key_files import adopt, retire, rotate, sealing_secret
from mcp_bridge.names import queue_names
from mcp_bridge.policy import Policy
from mcp_bridge.rights import caller_rights, listener_rights
from mcp_bridge.sealing import PairingSecret, write_key_file
from mcp_bridge.sweeping import sweep

DEFAULT_HOURS = 12.0
DEFAULT_MINUTES = 10.0

AddParser = Callable[..., argparse.ArgumentParser]
AddBridge = Callable[[argparse.ArgumentParser, bool], None]  # --queue, --name; True: --key-file


def add_trust(add: AddParser, add_bridge: AddBridge) -> None:
    """Add the parsers; each sets `run`."""
    key = add("keygen", help="write a new pairing secret to a file that both sides need")
    key.add_argument("--key-file", type=Path, required=True)
    change = key.add_mutually_exclusive_group()
    change.add_argument("--rotate", action="store_true", help="a new one first, the old stay")
    change.add_argument("--retire", metavar="KID", help="take an old secret out")
    key.set_defaults(run=_keygen)

    pair = add("pair", help="bring the pairing secret to the other side by a one-time code")
    add_bridge(pair, True)
    side = pair.add_mutually_exclusive_group(required=True)
    side.add_argument("--offer", action="store_true", help="this side has the secret: show a code")
    side.add_argument("--code", action="store_true", help="read the code from stdin")
    pair.add_argument("--minutes", type=float, default=DEFAULT_MINUTES, help="the code is good for")
    pair.set_defaults(run=_pair)

    provision = add("provision", help="make the queues beforehand; remove orphans")
    add_bridge(provision, False)
    provision.add_argument("--caller", action="append", default=[], help="also its response queue")
    add_contracts(provision)
    provision.add_argument("--pair", action="store_true", help="also the two queues for pairing")
    provision.add_argument("--sweep", action="store_true", help="remove orphaned response queues")
    provision.set_defaults(run=_provision)

    grant = add("grant", help="tokens for the other side, with the least rights, into a file")
    add_bridge(grant, False)
    grant.add_argument("--caller", action="append", required=True, help="whose response queue")
    grant.add_argument("--listener", action="store_true", help="for the serving side of them")
    grant.add_argument("--hours", type=float, default=DEFAULT_HOURS, help="at most 168")
    grant.add_argument("--out", type=Path, required=True, metavar="FILE", help="use: grant:FILE")
    grant.set_defaults(run=_grant)


async def _keygen(options: argparse.Namespace) -> None:
    """Print the key id, which is no secret."""
    if options.retire is not None:
        retire(options.key_file, options.retire)
    elif options.rotate:
        _say(rotate(options.key_file).kid)
    else:
        secret = PairingSecret.generate()
        write_key_file(options.key_file, secret)
        _say(secret.kid)


async def _pair(options: argparse.Namespace) -> None:
    names = queue_names(options.name)
    if options.offer:
        secret = sealing_secret(options.key_file)
        async with open_carrier(options.queue) as carrier:
            life_s = options.minutes * 60
            _say(await pairing.offer(carrier, names, secret, _say, life_s=life_s))
        return
    typed = await _ask("Code: ")
    async with open_carrier(options.queue) as carrier:
        secret, fingerprint = await pairing.accept(carrier, names, typed)
    _say(fingerprint)
    said = await _ask("Does the other side show the same? [y/N] ")
    if said.strip().lower() not in {"y", "yes"}:
        raise LocalFault(Code.PAIRING_FAILED)
    adopt(options.key_file, secret)
    _say(secret.kid)


async def _provision(options: argparse.Namespace) -> None:
    """Make the queues that are missing, and print all their names."""
    names = queue_names(options.name)
    wanted = [
        names.requests,
        names.quarantine,
        names.presence,
        *map(names.responses, options.caller),
    ]
    wanted += unsealed_of(options, Policy.everything()).queues()
    if options.pair:
        wanted += [names.pair_requests, names.pair_replies]
    async with open_carrier(options.queue) as carrier:
        for queue in wanted:
            made = await carrier.create(queue)
            _say(f"{queue} {'made' if made else 'was there'}")
        if options.sweep:
            for queue in await sweep(carrier, names, datetime.now(UTC).date()):
                _say(f"{queue} removed")


async def _grant(options: argparse.Namespace) -> None:
    """Write the tokens; print which rights they carry, and until when."""
    names = queue_names(options.name)
    if options.listener:
        rights = listener_rights(names, options.caller)
    elif len(options.caller) == 1:
        rights = caller_rights(names, options.caller[0])
    else:
        raise LocalFault(Code.BAD_SETTINGS)  # a file is for one process
    grant = await grant_tokens(options.queue, rights, options.hours)
    write_grant(options.out, grant)
    for queue, letters in rights.items():
        _say(f"{queue} {letters}")
    _say(f"until {grant.expires}")


async def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return await to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
