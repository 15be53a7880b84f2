"""Drives the window as a doctor would; every wait is for a condition and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTextBrowser, QWidget

from desktop.core.settings import Settings
from desktop.gui.main_window import MainWindow
from desktop.gui.session import OpenWorkbench, Session
from desktop.gui.views.approval_card import ApprovalCard
from desktop.gui.views.base import Scene
from desktop.gui.views.chat_view import ChatView
from desktop.gui.views.main_page import MainPage
from tests.fakes.workbench import FakeWorkbench, fake_opener

LIMIT_S = 10.0
TURN_S = 0.005


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until a condition holds."""
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110  a condition over widgets has no event
            await asyncio.sleep(TURN_S)


class Desk:
    """What stands before the doctor."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    @property
    def page(self) -> MainPage:
        assert self.window.main is not None
        return self.window.main

    @property
    def chat(self) -> ChatView:
        chat = self.page.workspace.chats.currentWidget()
        assert isinstance(chat, ChatView)
        return chat

    @property
    def card(self) -> ApprovalCard:
        """The newest question."""
        return list(self.chat.cards.values())[-1]

    async def ready(self) -> None:
        start = self.window.start
        await until(
            lambda: (
                start.retry.isVisible()
                or (self.window.main and self.page.patients.model.rowCount())
            )
        )
        assert self.window.main, start.code.text()

    async def open(self, patient_id: str = "P-001") -> None:
        """Wait for the patients, and turn to one."""
        await self.ready()
        await self.pick(patient_id)

    async def pick(self, patient_id: str) -> None:
        self.page.patients.choose(patient_id)
        await until(self.page.workspace.record.model.count)

    async def ask(self, text: str) -> None:
        """Write in the field and press Return."""
        self.page.workspace.show_tab("chat")
        self.chat.composer.edit.setPlainText(text)
        press(self.chat.composer.edit, Qt.Key.Key_Return)

    async def question(self) -> ApprovalCard:
        await until(lambda: self.chat.cards and self.card.is_open)
        return self.card

    async def answered(self) -> str:
        """Wait for the end of the answer; returns all text that is visible in the chat."""
        await until(lambda: not self.chat.composer.stop.isVisible())
        return self.text()

    def text(self) -> str:
        shown = [w.toPlainText() for w in self.chat.findChildren(QTextBrowser) if w.isVisible()]
        shown += [w.text() for w in self.chat.findChildren(QLabel) if w.isVisible()]
        return "\n".join(shown)


def press(
    widget: QWidget,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """One key on one widget."""
    QTest.keyClick(widget, key, modifiers)


@asynccontextmanager
async def sitting(
    scene: Scene,
    workbench: FakeWorkbench | None = None,
    *,
    opener: OpenWorkbench | None = None,
    settings: Settings | None = None,
    size: tuple[int, int] = (1440, 900),
) -> AsyncIterator[Desk]:
    """An open window on a workbench; closed in order at the end."""
    window = MainWindow(scene)
    window.resize(*size)
    window.show()
    window.activateWindow()
    session = Session(window, settings or Settings(lang="ja"))

    async def load() -> OpenWorkbench:
        return opener or fake_opener(workbench or FakeWorkbench())

    async with asyncio.TaskGroup() as group:
        running = group.create_task(session.run(load))
        desk = Desk(window)
        try:
            yield desk
        finally:
            window.close()
            async with asyncio.timeout(LIMIT_S):
                await running
            window.deleteLater()
            QApplication.processEvents()
