"""A text to read: as high as it is, without links or pictures; the page around it scrolls."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QByteArray, Qt, QUrl
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser
from typing_extensions import override

LEAST = 20


class TallText(QTextBrowser):
    """Fetches nothing, whatever its text asks for, and opens nothing on a click."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(20)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def _fit(self) -> None:
        self.setFixedHeight(max(LEAST, ceil(self.document().size().height()) + 2))

    @override
    def loadResource(self, type: int, name: QUrl | str) -> object:
        return QByteArray()

    @override
    def wheelEvent(self, e: QWheelEvent) -> None:
        e.ignore()
