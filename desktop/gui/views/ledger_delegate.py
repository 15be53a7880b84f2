"""Paints one row of the ledger: what was decided and when; tool, size and short hash below."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.models.ledger import ROW, clock, subject
from desktop.gui.theme import Look
from local_tools.approval import Decision
from local_tools.ledger import LedgerEntry

HEIGHT = 54


class LedgerDelegate(QStyledItemDelegate):
    """Icon and word tell what left from what did not; the colour only helps."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(160, HEIGHT)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        entry = index.data(ROW)
        if not isinstance(entry, LedgerEntry):
            return
        area: QRect = option.rect
        colours = self._look.colours
        left = entry.decision == Decision.APPROVED
        front = colours.leaves if left else colours.stays
        painter.save()
        painter.setPen(QColor(colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        icon = QRect(area.left() + 4, area.top() + 9, 18, 18)
        self._look.icon("leaves" if left else "stays", front).paint(painter, icon)
        font = QFont(painter.font())
        font.setPixelSize(13)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        line = QRect(area.left() + 30, area.top() + 7, area.width() - 34, 20)
        self._pair(painter, line, (outcome(left), front), (clock(entry), colours.muted))
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        line.translate(0, 21)
        facts = f"{entry.size} B · {entry.sha256[:8]}" if entry.sha256 else ""
        self._pair(painter, line, (subject(entry), colours.text), (facts, colours.muted))
        painter.restore()

    @staticmethod
    def _pair(
        painter: QPainter, area: QRect, left: tuple[str, str], right: tuple[str, str]
    ) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        metrics = painter.fontMetrics()
        painter.setPen(QColor(right[1]))
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, right[0])
        room = area.width() - metrics.horizontalAdvance(right[0]) - 8
        painter.setPen(QColor(left[1]))
        text = metrics.elidedText(left[0], Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, text)


def outcome(left: bool) -> str:
    """Two words for all: the reason stands in the tool tip."""
    return labels.word(labels.SENT if left else labels.NOT_SENT)
