"""Paints the record's table: headings, wrapped values, and the fate as icon, word and colour."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.models.fields import FATE, FIELD, ROW, SENT, Line, cell_text
from desktop.gui.theme import Look
from local_tools.model import Fate

PAD_X, PAD_Y = 10, 7
MAX_LINES = 6
HEADING = 34
_WRAP = int(Qt.TextFlag.TextWordWrap) | int(Qt.TextFlag.TextWrapAnywhere)
_TOP = int(Qt.AlignmentFlag.AlignTop) | int(Qt.AlignmentFlag.AlignLeft)


class FateDelegate(QStyledItemDelegate):
    """What stays is quiet, what leaves stands out; the word says it even without the colour."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def height(self, line: Line, width_of: dict[int, int], metrics: QFontMetrics) -> int:
        """Height of a line for columns of these widths (pixels)."""
        if line.field is None:
            return HEADING
        tallest = metrics.height()
        for column, width in width_of.items():
            room = QRect(0, 0, max(40, width - 2 * PAD_X), 10_000)
            tallest = max(
                tallest, metrics.boundingRect(room, _WRAP, cell_text(line, column)).height()
            )
        return min(tallest, metrics.lineSpacing() * MAX_LINES) + 2 * PAD_Y

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(80, HEADING)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        line = index.data(ROW)
        if not isinstance(line, Line):
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        colours = self._look.colours
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if line.field is None:
            self._heading(painter, area, cell_text(line, FIELD))
        else:
            if state & QStyle.StateFlag.State_Selected:
                painter.fillRect(area, QColor(colours.accent_soft))
            painter.setPen(QColor(colours.line))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
            if index.column() == FATE:
                self._fate(painter, area, line.field.fate)
            else:
                self._text(painter, area, line, index.column())
        painter.restore()

    def _heading(self, painter: QPainter, area: QRect, text: str) -> None:
        colours = self._look.colours
        font = QFont(painter.font())
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.fillRect(area, QColor(colours.raised))
        painter.setPen(QColor(colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(QColor(colours.accent))
        room = area.adjusted(PAD_X, 0, -PAD_X, 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)

    def _text(self, painter: QPainter, area: QRect, line: Line, column: int) -> None:
        colours = self._look.colours
        field = line.field
        colour = colours.text
        if column == FIELD or (field is not None and column == SENT and not field.sent):
            colour = colours.muted
        elif field is not None and column == SENT:
            colour = fate_colours(self._look, field.fate)[0]
        painter.setPen(QColor(colour))
        painter.setClipRect(area)
        room = area.adjusted(PAD_X, PAD_Y, -PAD_X, -PAD_Y)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setAlignment(Qt.AlignmentFlag(_TOP))
        painter.drawText(room.toRectF(), cell_text(line, column), option)

    def _fate(self, painter: QPainter, area: QRect, fate: Fate) -> None:
        front, ground = fate_colours(self._look, fate)
        font = QFont(painter.font())
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        text = labels.word(labels.FATES[fate])
        width = painter.fontMetrics().horizontalAdvance(text) + 16 + 6 + 16
        pill = QRect(area.left() + PAD_X, area.top() + PAD_Y - 2, width, 24)
        pill.setWidth(min(width, area.width() - PAD_X - 4))
        if fate is not Fate.STAYS:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(ground))
            painter.drawRoundedRect(pill, 6, 6)
        icon = QRect(pill.left() + 8, pill.top() + 4, 16, 16)
        self._look.icon(fate, front, 16).paint(painter, icon)
        painter.setPen(QColor(front))
        room = pill.adjusted(30, 0, -4, 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)


def fate_colours(look: Look, fate: Fate) -> tuple[str, str]:
    """Colour of the text, and of its ground."""
    colours = look.colours
    match fate:
        case Fate.STAYS:
            return colours.stays, colours.stays_soft
        case Fate.GENERALISED:
            return colours.generalised, colours.generalised_soft
        case Fate.LEAVES:
            return colours.leaves, colours.leaves_soft
