"""Python's cyclic garbage is collected on Qt's thread only.

Left alone, the collector runs on whichever thread allocates next. On a worker thread it would
destroy Qt objects there, and Qt aborts ("Timers cannot be stopped from another thread" is the mild
form).
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import Qt, QTimer

EVERY_MS = 1000


@contextmanager
def garbage_on_this_thread() -> Generator[None]:
    """While open, collect by a timer of this thread instead of by the way."""
    was_on = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
    timer.timeout.connect(collect_when_due)
    timer.start(EVERY_MS)
    try:
        yield
    finally:
        timer.stop()
        gc.collect()
        if was_on:
            gc.enable()


def collect_when_due() -> None:
    """The oldest generation that Python itself would collect now."""
    due = [
        generation
        for generation, (count, limit) in enumerate(
            zip(gc.get_count(), gc.get_threshold(), strict=True)
        )
        if count > limit
    ]
    if due:
        gc.collect(max(due))


def spare_what_stays() -> None:
    """Modules and classes live as long as the app: never look through them again.

    Keeps a full collection far below the 50 ms that the window's thread may take.
    """
    gc.freeze()
