"""Which record files could not be read: file and field, never a value."""

from __future__ import annotations

from PySide6.QtWidgets import QScrollArea
from typing_extensions import override

from desktop.gui.views.base import Scene, View, button, column, label
from local_tools.model import RecordProblem

HIGHEST = 220  # pixels; a folder of broken files must not push the patients out


class Problems(View):
    """A banner that opens on a click. Hidden while all files are fine."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "warning")
        self._problems: tuple[RecordProblem, ...] = ()
        self.head = button("quiet", checkable=True)
        self.head.toggled.connect(self._unfold)
        self.detail = label("muted", wraps=True, selectable=True)
        self.detail.setObjectName("transparent")
        self._fold = QScrollArea()
        self._fold.setWidgetResizable(True)
        self._fold.setMaximumHeight(HIGHEST)
        self._fold.setWidget(self.detail)
        self._fold.viewport().setAutoFillBackground(False)
        self._fold.hide()
        layout = column(self, margins=6, spacing=4)
        layout.addWidget(self.head)
        layout.addWidget(self._fold)
        self.hide()
        self.retranslate()
        self.restyle()

    def show_problems(self, problems: tuple[RecordProblem, ...]) -> None:
        """Show these; none hides the banner."""
        self._problems = problems
        self.setVisible(bool(problems))
        self.retranslate()

    def _unfold(self, is_open: bool) -> None:
        self._fold.setVisible(is_open)

    @override
    def retranslate(self) -> None:
        """Words."""
        self.head.setText(self.tr("Not read: {n}").format(n=len(self._problems)))
        self.head.setAccessibleName(self.tr("Record files that were not read"))
        texts = self.scene.language.texts
        lines = (f"{p.place}\n{texts.problem(p.problem)}" for p in self._problems)
        self.detail.setText("\n\n".join(lines))

    @override
    def restyle(self) -> None:
        """Icon."""
        look = self.scene.look
        self.head.setIcon(look.icon("warning", look.colours.generalised))
