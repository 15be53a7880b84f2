"""Where the doctor writes. Return sends, but not while kanji are chosen; Shift+Return breaks."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit
from typing_extensions import override

from desktop.gui.views.base import Scene, View, button, row

MIN_LINES, MAX_LINES = 2, 6
FRAME = 24  # padding, border and margin, in pixels


class MessageEdit(QPlainTextEdit):
    """A text field that knows whether an input method is at work."""

    submitted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._preedit = ""
        self.setTabChangesFocus(True)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    @override
    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._preedit = event.preeditString()
        super().inputMethodEvent(event)

    @override
    def keyPressEvent(self, e: QKeyEvent) -> None:
        is_return = e.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if not is_return or e.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(e)
            return
        e.accept()
        if not self._preedit and not e.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submitted.emit()

    def _fit(self) -> None:
        lines = max(MIN_LINES, min(MAX_LINES, int(self.document().size().height())))
        # As laid out: a line of kanji, from another face, is higher than the font's own.
        first = self.document().firstBlock()
        height = self.blockBoundingRect(first).height() / max(1, first.lineCount())
        self.setFixedHeight(ceil(height * lines) + FRAME)

    @override
    def sizeHint(self) -> QSize:
        return QSize(240, self.height())


class Composer(View):
    """Emits `submitted` with the text and `stopped`; which of the two is open depends on `busy`."""

    submitted = Signal(str)
    stopped = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._busy = False
        self.edit = MessageEdit()
        self.edit.submitted.connect(self._submit)
        self.edit.textChanged.connect(self._enable)
        self.send = button("primary")
        self.send.clicked.connect(self._submit)
        self.stop = button()
        self.stop.clicked.connect(self.stopped)
        self.stop.hide()
        layout = row(self, spacing=10)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.send, alignment=Qt.AlignmentFlag.AlignBottom)
        layout.addWidget(self.stop, alignment=Qt.AlignmentFlag.AlignBottom)
        self.retranslate()
        self.restyle()

    def text(self) -> str:
        """What stands in the field."""
        return self.edit.toPlainText()

    def set_text(self, text: str) -> None:
        """Put a text in the field, the cursor behind it."""
        self.edit.setPlainText(text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_busy(self, busy: bool) -> None:
        """While an answer comes, Stop takes the place of Send."""
        self._busy = busy
        self.send.setVisible(not busy)
        self.stop.setVisible(busy)
        self._enable()

    def _submit(self) -> None:
        text = self.text().strip()
        if text and not self._busy:
            self.submitted.emit(text)

    def _enable(self) -> None:
        ready = bool(self.text().strip()) and not self._busy
        self.send.setEnabled(ready)
        colours = self.scene.look.colours
        self.send.setIcon(
            self.scene.look.icon("send", colours.on_accent if ready else colours.muted)
        )

    @override
    def retranslate(self) -> None:
        """Words."""
        self.edit.setPlaceholderText(self.tr("Symptoms or question, without names or numbers"))
        self.edit.setAccessibleName(self.tr("Message to the agent"))
        self.send.setText(self.tr("Ask"))
        self.send.setToolTip(self.tr("Enter sends, Shift+Enter starts a new line"))
        self.stop.setText(self.tr("Stop"))

    @override
    def restyle(self) -> None:
        """Icons."""
        look = self.scene.look
        self._enable()
        self.stop.setIcon(look.icon("stop", look.colours.danger))
