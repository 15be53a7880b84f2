"""The commands of karte-bridge: the window, and the same main job in the terminal.

Exit codes: 0 fine, 1 it failed or was not sent, 2 wrong usage, 3 not configured.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from desktop.cli.parser import build_parser, chosen_settings
from desktop.cli.terminal import Terminal
from desktop.cli.world import World
from desktop.core.errors import AppError, NoKeyring, NotConfigured, SettingsError
from desktop.core.logs import start_logging
from desktop.core.paths import Paths
from desktop.core.settings import Settings, load_settings
from desktop.core.texts import Texts
from local_tools.errors import ToolsError
from local_tools.model import Lang
from mcp_bridge.errors import BridgeError, Code

FAILED = 1
NOT_CONFIGURED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    terminal = Terminal.of_process()
    paths = Paths.here()
    lang = _language(paths)
    texts = Texts(lang)
    start_logging(paths.log, farewell=texts("app.stopped", log=paths.log))
    options = build_parser(texts).parse_args(arguments)
    world = World(paths, chosen_settings(options), terminal, Texts(getattr(options, "lang", lang)))
    exit_code = FAILED
    try:
        exit_code = _run(options, world)
    except* BrokenPipeError:  # also out of a task group
        # Whoever read our output went away; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code


def _run(options: argparse.Namespace, world: World) -> int:
    try:
        exit_code: int = options.command(options, world)
    except (SettingsError, NotConfigured, NoKeyring) as fault:
        _explain(fault, world)
        return NOT_CONFIGURED
    except (AppError, ToolsError, BridgeError) as fault:
        _explain(fault, world)
        return NOT_CONFIGURED if fault.code is Code.BAD_SETTINGS else FAILED
    except KeyboardInterrupt:
        world.terminal.note(world.texts("cli.interrupted"))
        return FAILED
    return exit_code


def _language(paths: Paths) -> Lang:
    """The language of the settings; of the defaults if they are broken."""
    try:
        return load_settings(paths).lang
    except SettingsError:
        return Settings().lang


def _explain(fault: AppError | ToolsError | BridgeError, world: World) -> None:
    world.terminal.note(world.texts.error(fault.code.value))
    match fault:
        case SettingsError(places=names) | NotConfigured(missing=names):
            for name in names:
                world.terminal.note(f"  {name}")
        case _:
            pass
