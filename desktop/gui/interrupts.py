"""Ctrl+C in the terminal that started the window: the same as closing it.

Python runs signal handlers between two steps of its own code, and Qt may take none for minutes. The
handler's wake-up byte arrives on a socket that Qt watches.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from PySide6.QtCore import QSocketNotifier


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Generator[None]:
    """Call `act` for SIGINT and SIGTERM while the context is open. For the main thread only."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)

    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: reader.recv(64))
    known = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handle) for number in known}
    old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(old_fd)
        for number, old in before.items():
            signal.signal(number, old)
        notifier.setEnabled(False)
        reader.close()
        writer.close()
