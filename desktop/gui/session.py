"""From the window's start to its end: one task that opens the workbench and closes it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from desktop.core.errors import AppError, SettingsError
from desktop.core.settings import Settings
from desktop.gui.main_window import MainWindow
from desktop.gui.presenter import Presenter
from desktop.gui.tasks import code_of
from local_tools.errors import RecordError
from local_tools.model import Lang

if TYPE_CHECKING:  # the workbench imports the SDKs, which come after the window is up
    from desktop.core.workbench import Workbench

_log = logging.getLogger(__name__)


class OpenWorkbench(Protocol):
    """`desktop.core.composition.open_workbench`, or a test's."""

    def __call__(self, settings: Settings) -> AbstractAsyncContextManager[Workbench]:
        """Open one."""
        ...


Load = Callable[[], Awaitable[OpenWorkbench]]


class Session:
    """Opens the workbench, shows the main page, waits, and closes both in order.

    Another language of the window is that of summaries and answers too, from the next one on.
    """

    def __init__(self, window: MainWindow, settings: Settings) -> None:
        self._window = window
        self._settings = settings
        self._lang: Lang = settings.lang
        self._presenter: Presenter | None = None
        self._left = asyncio.Event()
        self._again = asyncio.Event()
        window.left.connect(self.leave)
        window.again.connect(self._again.set)
        window.scene.language.changed.connect(self._speak)

    def leave(self) -> None:
        """End soon."""
        self._left.set()

    async def run(self, load: Load) -> None:
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

    async def _work(self, load: Load) -> None:
        open_workbench = await load()
        async with open_workbench(self._settings) as workbench:
            page = self._window.open_main()
            workbench.speak(self._lang)  # it may have changed while the workbench opened
            self._presenter = presenter = Presenter(workbench, page)
            try:
                await self._left.wait()
            finally:
                self._presenter = None
                if self._left.is_set():
                    self._window.hide()
                await presenter.close()
                self._window.close_main()

    def _speak(self) -> None:
        self._lang = self._window.scene.language.lang
        if self._presenter is not None:
            self._presenter.speak(self._lang)

    def _show(self, fault: Exception) -> None:
        code = code_of(fault)
        _log.warning("The workbench is not open: %s (%s)", code, type(fault).__name__)
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
