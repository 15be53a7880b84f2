"""Qt without a screen, and one loop for Qt and asyncio that ends clean."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from desktop.core.settings import Theme
from desktop.gui.garbage import garbage_on_this_thread
from desktop.gui.i18n import Language
from desktop.gui.theme import Look
from desktop.gui.views.base import Scene

Runner = Callable[[Coroutine[Any, Any, None]], None]
PATIENCE_S = 20.0


@pytest.fixture
def scene(qapp: QApplication) -> Iterator[Scene]:
    """English words and light colours; what a test installs goes away with it."""
    made = Scene(Look(qapp, Theme.LIGHT), Language(qapp, "en"))
    yield made
    made.language.use("en")
    made.look.deleteLater()
    made.language.deleteLater()


def _is_late_thread(context: dict[str, Any]) -> bool:
    """A worker thread whose caller was cancelled reports to nobody.

    Qt may deliver that report between two runs of the loop, where anyio finds none running.
    """
    nobody = "WorkerThread._report_result(<Future cancelled>" in str(context.get("message"))
    fault = context.get("exception")
    return nobody and isinstance(fault, RuntimeError) and str(fault) == "no running event loop"


@pytest.fixture
def qloop(qapp: QApplication) -> Iterator[Runner]:
    """Run a coroutine on Qt's loop; a task that it leaves behind fails the test."""
    loop = QEventLoop(qapp)
    unheard: list[str] = []

    def hear(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not _is_late_thread(context):
            unheard.append(str(context.get("message")))

    loop.set_exception_handler(hear)

    async def bounded(work: Coroutine[Any, Any, None]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await work

    def run(work: Coroutine[Any, Any, None]) -> None:
        loop.run_until_complete(bounded(work))

    asyncio.set_event_loop(loop)
    with garbage_on_this_thread():
        with closing(loop):
            yield run
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left, timeout=5))
        asyncio.set_event_loop(None)
    assert not left, f"{len(left)} tasks were left"
    assert not unheard, unheard
