"""A row of buttons of which exactly one is chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton

from desktop.gui.views.base import Scene, View, button, row


class Segments(View):
    """Emits `chosen` with the key of the button that the doctor pressed."""

    chosen = Signal(str)

    def __init__(self, scene: Scene, keys: tuple[str, ...]) -> None:
        super().__init__(scene, "segments")
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        layout = row(self, margins=2, spacing=2)
        for key in keys:
            made = button("segment", checkable=True)
            made.setCursor(Qt.CursorShape.PointingHandCursor)
            self._group.addButton(made)
            self._buttons[key] = made
            layout.addWidget(made)
        layout.addStretch(1)
        self._group.buttonClicked.connect(self._clicked)

    def button(self, key: str) -> QPushButton:
        """The button of a key, to give it a text or an icon."""
        return self._buttons[key]

    def select(self, key: str) -> None:
        """Show `key` as chosen, without a signal."""
        self._buttons[key].setChecked(True)

    def current(self) -> str:
        """The chosen key; empty if none is."""
        return next((key for key, made in self._buttons.items() if made.isChecked()), "")

    def _clicked(self) -> None:
        self.chosen.emit(self.current())
