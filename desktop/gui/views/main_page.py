"""The page that a doctor works on: patients, one patient, and what leaves this computer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QSplitter

from desktop.gui.views.base import Scene, View, column
from desktop.gui.views.leaving_dock import LeavingDock
from desktop.gui.views.notice import Notice
from desktop.gui.views.patient_panel import PatientPanel
from desktop.gui.views.status_bar import StatusBar
from desktop.gui.views.top_bar import TopBar
from desktop.gui.views.workspace import Workspace


class MainPage(View):
    """Holds the parts and nothing else."""

    def __init__(self, scene: Scene, top: TopBar) -> None:
        super().__init__(scene)
        self._top = top
        self.notice = Notice(scene)
        self.patients = PatientPanel(scene)
        self.workspace = Workspace(scene)
        self.dock = LeavingDock(scene)
        self.status = StatusBar(scene)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        for part, least, most in (
            (self.patients, 208, 360),
            (self.workspace, 500, None),
            (self.dock, 264, 420),
        ):
            part.setMinimumWidth(least)
            if most is not None:
                part.setMaximumWidth(most)
            splitter.addWidget(part)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([236, 900, 288])
        layout = column(self, spacing=0)
        layout.addWidget(self.notice)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.status)
        find = QShortcut(QKeySequence("Ctrl+K"), self)
        find.activated.connect(self._find)

    def show_agent(self, name: str, *, is_demo: bool) -> None:
        """Who answers; a demo is called one everywhere."""
        self._top.show_demo(is_demo)
        self.status.show_agent(name, is_demo)

    def _find(self) -> None:
        self.patients.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.patients.search.selectAll()
