"""Runs the window: Qt and asyncio on one loop; the only module that knows qasync."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import closing
from typing import Any, cast

import anyio.to_thread
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop  # pyright: ignore[reportMissingTypeStubs]

from desktop.core.paths import Paths
from desktop.core.settings import Settings
from desktop.gui.garbage import garbage_on_this_thread, spare_what_stays
from desktop.gui.i18n import Language
from desktop.gui.interrupts import on_interrupt
from desktop.gui.main_window import MainWindow
from desktop.gui.memory import Memory
from desktop.gui.session import OpenWorkbench, Session
from desktop.gui.theme import Look
from desktop.gui.views.base import Scene

_log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Show the window until the doctor closes it. Returns the exit code."""
    app = QApplication(sys.argv[:1])
    # A closed dialogue must not end the loop; the window says when it is time.
    app.setQuitOnLastWindowClosed(False)
    app.setApplicationName("Karte Bridge")
    memory = Memory(Paths.here().data)
    settings = memory.apply_to(settings)
    scene = Scene(Look(app, settings.theme), Language(app, settings.lang))
    window = MainWindow(scene)
    window.restoreGeometry(memory.geometry())
    window.show()
    loop = cast("asyncio.AbstractEventLoop", QEventLoop(app))  # qasync has no types
    loop.set_exception_handler(report)
    with closing(loop), garbage_on_this_thread():
        session = Session(window, settings)
        with on_interrupt(session.leave):
            loop.run_until_complete(session.run(load_composition))
    memory.save(lang=scene.language.lang, theme=scene.look.theme, geometry=window.saveGeometry())
    window.deleteLater()
    return 0


async def load_composition() -> OpenWorkbench:
    """Import what is heavy (openai, mcp: over a second) after the window is up, in a thread."""

    def load() -> OpenWorkbench:
        from desktop.core.composition import open_workbench  # noqa: PLC0415

        return open_workbench

    opener = await anyio.to_thread.run_sync(load)
    spare_what_stays()
    return opener


def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio would log with all its values: the type alone."""
    fault = context.get("exception")
    _log.error("The event loop met an error: %s", type(fault).__name__)
