"""Exact text, in full and unchanged: as high as it is, and scrolling beyond a limit."""

from __future__ import annotations

from math import ceil

from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit
from typing_extensions import override

MOST_LINES = 8
FRAME = 24  # padding, border and margin, in pixels


class CodeText(QPlainTextEdit):
    """Read-only, one paragraph, wrapped anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "code")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def _fit(self) -> None:
        most = self.fontMetrics().lineSpacing() * MOST_LINES
        text = ceil(self.blockBoundingRect(self.document().firstBlock()).height())
        self.setFixedHeight(min(most, text) + FRAME)

    @override
    def resizeEvent(self, e: QResizeEvent) -> None:
        super().resizeEvent(e)
        self._fit()
