"""Paints one patient of the picker: name, kana, age and sex, id."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop.gui.models.patients import ROW
from desktop.gui.theme import Look
from local_tools.model import PatientRow

HEIGHT = 58


class PatientDelegate(QStyledItemDelegate):
    """Two lines a patient; the chosen one has a bar at its left, not only a colour."""

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
        patient = index.data(ROW)
        if not isinstance(patient, PatientRow):
            return
        colours = self._look.colours
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent_soft if chosen else colours.raised))
            painter.drawRoundedRect(area.adjusted(6, 2, -6, -2), 8, 8)
        if chosen:
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(area.left() + 6, area.top() + 12, 4, area.height() - 24, 2, 2)
        lines = area.adjusted(20, 8, -16, -8)
        upper = QRect(lines.left(), lines.top(), lines.width(), 22)
        lower = QRect(lines.left(), lines.top() + 23, lines.width(), 18)
        font = QFont(painter.font())
        font.setWeight(QFont.Weight.DemiBold)
        self._text(painter, upper, font, colours.text, patient.display_name, _facts(patient))
        font.setWeight(QFont.Weight.Normal)
        font.setPixelSize(12)
        self._text(painter, lower, font, colours.muted, patient.kana, patient.patient_id)
        painter.restore()

    @staticmethod
    def _text(
        painter: QPainter, area: QRect, font: QFont, colour: str, left: str, right: str
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        metrics = painter.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        right = metrics.elidedText(right, Qt.TextElideMode.ElideRight, area.width() // 2)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, right)
        room = area.width() - metrics.horizontalAdvance(right) - 8
        left = metrics.elidedText(left, Qt.TextElideMode.ElideRight, room)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, left)


def _facts(patient: PatientRow) -> str:
    return "  ".join(fact for fact in (patient_age(patient), patient.gender) if fact)


def patient_age(patient: PatientRow, today: date | None = None) -> str:
    """Completed years; empty if the birth date is not known."""
    born = patient.birth_date
    if born is None:
        return ""
    now = today or date.today()  # noqa: DTZ011  the clinic's own calendar day
    return str(now.year - born.year - ((now.month, now.day) < (born.month, born.day)))
