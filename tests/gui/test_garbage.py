"""Cyclic garbage goes away, and only on Qt's thread."""

from __future__ import annotations

import gc
import threading
import weakref

from pytestqt.qtbot import QtBot

from desktop.gui.garbage import collect_when_due, garbage_on_this_thread


class Knot:
    """Garbage that only the collector finds; says where it died."""

    def __init__(self, where: list[int]) -> None:
        self.me = self
        weakref.finalize(self, lambda: where.append(threading.get_ident()))


def test_a_busy_worker_collects_nothing(qtbot: QtBot) -> None:
    where: list[int] = []

    def work() -> None:
        Knot(where)
        assert len([[n] for n in range(100_000)]) == 100_000

    with garbage_on_this_thread():
        worker = threading.Thread(target=work)
        worker.start()
        worker.join(timeout=20)
        assert where == []
        kept = [[n] for n in range(10_000)]  # now a collection is due
        qtbot.waitUntil(lambda: where == [threading.get_ident()], timeout=10_000)
    assert gc.isenabled()
    assert kept


def test_nothing_is_collected_when_nothing_is_due() -> None:
    gc.collect()
    where: list[int] = []
    gc.disable()
    try:
        Knot(where)
        collect_when_due()
        assert where == []
    finally:
        gc.enable()
        gc.collect()
    assert where
