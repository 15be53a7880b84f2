"""Runs the window: Qt and asyncio on one loop, and one task that owns the workbench."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, closing
from typing import TYPE_CHECKING, Any, Protocol, cast

import anyio.to_thread
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop  # pyright: ignore[reportMissingTypeStubs]

from desktop.core.errors import AppError, SettingsError
from desktop.core.paths import Paths
from desktop.core.settings import Settings
from desktop.gui.garbage import garbage_on_this_thread, spare_what_stays
from desktop.gui.i18n import Language
from desktop.gui.interrupts import on_interrupt
from desktop.gui.main_window import MainWindow
from desktop.gui.memory import Memory
from desktop.gui.presenter import Presenter
from desktop.gui.tasks import code_of
from desktop.gui.theme import Look
from desktop.gui.views.base import Scene
from local_tools.errors import RecordError

if TYPE_CHECKING:
    from desktop.core.workbench import Workbench

_log = logging.getLogger(__name__)


class OpenWorkbench(Protocol):
    """`desktop.core.composition.open_workbench`, or a test's."""

    def __call__(self, settings: Settings) -> AbstractAsyncContextManager[Workbench]:
        """Open one."""
        ...


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


class Session:
    """Opens the workbench, shows the main page, waits, and closes both in order."""

    def __init__(self, window: MainWindow, settings: Settings) -> None:
        self._window = window
        self._settings = settings
        self._left = asyncio.Event()
        self._again = asyncio.Event()
        window.left.connect(self.leave)
        window.again.connect(self._again.set)

    def leave(self) -> None:
        """End soon."""
        self._left.set()

    async def run(self, load: Callable[[], Awaitable[OpenWorkbench]]) -> None:
        """One task from start to end: what it opened, it closes."""
        while not self._left.is_set():
            self._again.clear()
            self._window.start.show_starting()
            try:
                await self._work(load)
            except Exception as fault:  # noqa: BLE001  shown on the page, by its code
                self._show(fault)
                await first_of(self._left, self._again)
        self._window.hide()

    async def _work(self, load: Callable[[], Awaitable[OpenWorkbench]]) -> None:
        open_workbench = await load()
        async with open_workbench(self._settings) as workbench:
            presenter = Presenter(workbench, self._window.open_main())
            try:
                await self._left.wait()
            finally:
                self._window.hide()
                await presenter.close()
                self._window.close_main()

    def _show(self, fault: Exception) -> None:
        code = code_of(fault)
        _log.warning("The workbench did not open: %s (%s)", code, type(fault).__name__)
        self._window.close_main()
        self._window.start.show_failure(code, places(fault))


def places(fault: Exception) -> tuple[str, ...]:
    """Names of files and settings that a failure speaks of; never values."""
    if isinstance(fault, SettingsError):
        return fault.places
    if isinstance(fault, RecordError):
        return (fault.place,)
    return getattr(fault, "missing", ()) if isinstance(fault, AppError) else ()


async def first_of(*events: asyncio.Event) -> None:
    """Wait until one of them is set."""
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
