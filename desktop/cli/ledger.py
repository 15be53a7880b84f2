"""`karte-bridge ledger …`: look at the account of what left."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager

from desktop.cli.world import World
from local_tools.ledger import Ledger


def ledger_verify(_options: argparse.Namespace, world: World) -> int:
    """Walk the chain; 1 if it is broken."""
    with _open(world) as ledger:
        found = ledger.verify()
    if found.ok:
        world.terminal.say(world.texts("cli.ledger_ok", entries=found.entries))
        return 0
    world.terminal.say(world.texts("cli.ledger_bad", first_bad=found.first_bad))
    return 1


def ledger_show(options: argparse.Namespace, world: World) -> int:
    """The newest rows, newest first."""
    with _open(world) as ledger:
        rows = ledger.tail(options.limit)
    for row in rows:
        line = world.texts(
            "cli.ledger_line",
            id=row.id,
            at=row.at.isoformat(timespec="seconds"),
            kind=world.texts(f"kind.{row.kind.value}"),
            decision=row.decision,
            destination=row.destination,
            size=row.size,
            sha256=row.sha256[:16],
        )
        world.terminal.say(line)
    return 0


def ledger_export(_options: argparse.Namespace, world: World) -> int:
    """Every row as a line of JSON."""
    with _open(world) as ledger:
        ledger.export(world.terminal.out)
    world.terminal.out.flush()
    return 0


@contextmanager
def _open(world: World) -> Generator[Ledger]:
    ledger = Ledger(world.paths.ledger)
    try:
        yield ledger
    finally:
        ledger.close()
