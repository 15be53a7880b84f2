"""`karte-bridge doctor`: is this PC fit for it, and if not, why."""

from __future__ import annotations

import argparse
import json

from desktop.cli.world import World
from desktop.core.doctor import Row, State, check_up
from desktop.core.texts import Texts


def doctor(options: argparse.Namespace, world: World) -> int:
    """Print each check; 1 if one failed."""
    rows = list(check_up(world.paths))
    if options.json:
        checks = [
            {"check": row.name, "state": row.state.value, "text": _text(row, world.texts)}
            for row in rows
        ]
        world.terminal.say(json.dumps({"checks": checks}, ensure_ascii=False))
    else:
        for row in rows:
            state = world.texts(f"doctor.{row.state.value}")
            title = world.texts(f"doctor.{row.name}")
            world.terminal.say(f"[{state}] {title}: {_text(row, world.texts)}")
    return 1 if any(row.state is State.FAIL for row in rows) else 0


def _text(row: Row, texts: Texts) -> str:
    return texts(f"doctor.{row.name}_{row.detail}", **row.fields)
