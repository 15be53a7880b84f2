"""`karte-bridge` alone: the window, or a paragraph on why there is none."""

from __future__ import annotations

import argparse

from desktop.cli.world import World
from desktop.core.this_pc import display_is_there, qt_pair


def window(_options: argparse.Namespace, world: World) -> int:
    """Open the window and return its exit code."""
    pair = qt_pair()
    if pair.pyside is None:
        world.terminal.note(world.texts("app.no_window"))
        return 1
    if not pair.is_sound:
        text = world.texts("app.bad_pair", python=pair.python, pyside=pair.pyside)
        world.terminal.note(text)
        return 1
    if not display_is_there():
        world.terminal.note(world.texts("app.no_display").strip())
        return 1
    # Qt takes a moment to load and is missing on servers: only this command needs it.
    from desktop.gui.app import run  # noqa: PLC0415

    return run(world.settings())
