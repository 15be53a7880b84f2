"""Takes the pictures of the README: the real app in demo mode, at the question before sending.

`python -m tests.gui.make_screenshots`, without a screen and in a data folder of its own. Needs a
Japanese font on this machine.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from desktop.core.settings import Settings, Theme
from desktop.gui.app import load_composition
from desktop.gui.i18n import Language
from desktop.gui.main_window import MainWindow
from desktop.gui.session import Session
from desktop.gui.theme import Look
from desktop.gui.views.base import Scene
from desktop.gui.views.chat_view import ChatView
from local_tools.model import Lang
from local_tools.resources import resource

PICTURES = resource("pictures")
SIZE = (1440, 900)
PATIENTS: dict[Lang, str] = {"ja": "K-100231", "en": "K-100612"}  # of resources/patients
SYMPTOMS: dict[Lang, str] = {"ja": "めまいと動悸", "en": "Dizziness and palpitations"}
PATIENCE_S = 30.0
PAINT_S = 0.4  # for layouts and animations to come to rest before a picture is taken


async def until(holds: Callable[[], object]) -> None:
    """Let the loop turn until a condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  a condition over widgets has no event
            await asyncio.sleep(0.02)
    await asyncio.sleep(PAINT_S)


async def take(window: MainWindow, lang: Lang) -> None:
    """Drive the window to the question, and take its picture."""
    session = asyncio.get_running_loop().create_task(
        Session(window, Settings(lang=lang)).run(load_composition)
    )
    await until(lambda: window.main and window.main.patients.model.rowCount())
    page = window.main
    if page is None:
        sys.exit("the window closed")
    page.patients.choose(PATIENTS[lang])
    await until(page.workspace.record.model.count)
    page.workspace.show_tab("chat")
    chat = page.workspace.chats.currentWidget()
    if not isinstance(chat, ChatView):
        sys.exit("no chat")
    chat.composer.set_text(SYMPTOMS[lang])
    chat.composer.send.click()
    await until(lambda: chat.cards)
    window.grab().save(str(PICTURES / f"window-{lang}.png"))
    window.close()
    await session


def main() -> None:
    """One picture a language."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    look, language = Look(app, Theme.LIGHT), Language(app, "ja")
    with closing(QEventLoop(app)) as loop:
        for lang in ("ja", "en"):
            language.use(lang)
            with tempfile.TemporaryDirectory() as home:
                os.environ["KARTE_HOME"] = home
                window = MainWindow(Scene(look, language))
                window.resize(*SIZE)
                window.show()
                window.activateWindow()
                loop.run_until_complete(take(window, lang))


if __name__ == "__main__":
    main()
