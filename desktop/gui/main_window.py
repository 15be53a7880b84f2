"""The window: the bar on top, and below it the start page or the main page."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget
from typing_extensions import override

from desktop.core.settings import Theme
from desktop.gui.views.base import Scene, View, column
from desktop.gui.views.main_page import MainPage
from desktop.gui.views.start_page import StartPage
from desktop.gui.views.top_bar import TopBar

SMALLEST = (1024, 700)
USUAL = (1440, 900)


class MainWindow(QMainWindow):
    """Emits `left` when the doctor closes it; the app then ends in order."""

    left = Signal()
    again = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.setWindowTitle("Karte Bridge")
        self.setWindowIcon(scene.look.icon("app", scene.look.colours.accent, 64))
        self.top = TopBar(scene)
        self.top.lang_chosen.connect(self._use_lang)
        self.top.theme_chosen.connect(self._use_theme)
        self.start = StartPage(scene)
        self.start.left.connect(self.left)
        self.start.again.connect(self.again)
        self.main: MainPage | None = None
        self._pages = QStackedWidget()
        self._pages.addWidget(self.start)
        whole = View(scene)
        whole.setObjectName("window")
        layout = column(whole, spacing=0)
        layout.addWidget(self.top)
        layout.addWidget(self._pages, 1)
        self.setCentralWidget(whole)
        self.setMinimumSize(*SMALLEST)
        scene.look.changed.connect(self._dress)
        self._dress()
        self.resize(*USUAL)

    def open_main(self) -> MainPage:
        """A fresh main page, shown."""
        self.close_main()
        self.main = MainPage(self.scene, self.top)
        self._pages.addWidget(self.main)
        self._pages.setCurrentWidget(self.main)
        self.main.patients.search.setFocus()
        return self.main

    def close_main(self) -> None:
        """Back to the start page."""
        self._pages.setCurrentWidget(self.start)
        self.top.show_demo(False)
        if self.main is not None:
            self._pages.removeWidget(self.main)
            self.main.deleteLater()
            self.main = None

    def _dress(self) -> None:
        self.setStyleSheet(self.scene.look.sheet())

    def _use_lang(self, lang: str) -> None:
        self.scene.language.use("ja" if lang == "ja" else "en")

    def _use_theme(self, theme: str) -> None:
        self.scene.look.use(Theme(theme))

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        """The app decides when the window goes: first nothing may be on its way any more."""
        event.ignore()
        self.left.emit()
