"""The record, field by field: what is here, what would be sent, what becomes of it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from desktop.gui import labels
from local_tools.model import Fate, FieldFate

ROW = int(Qt.ItemDataRole.UserRole)
FIELD, VALUE, SENT, FATE = range(4)
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One line of the table: a heading (no field), or a field below it."""

    section: str
    field: FieldFate | None = None


class FieldModel(QAbstractTableModel):
    """All fields of one preview, grouped by section, filtered by fate and by words."""

    def __init__(self) -> None:
        super().__init__()
        self._fields: tuple[FieldFate, ...] = ()
        self._lines: tuple[Line, ...] = ()
        self._fate: Fate | None = None
        self._words = ""

    def show(self, fields: tuple[FieldFate, ...]) -> None:
        """Replace the fields; the filter stays."""
        self._fields = fields
        self._sieve()

    def narrow(self, *, fate: Fate | None, words: str) -> None:
        """Show only fields of this fate (None: all) whose label or value has the words."""
        self._fate = fate
        self._words = words.casefold().strip()
        self._sieve()

    def relabel(self) -> None:
        """The language changed: labels are other, so the filter may hit other rows."""
        self._sieve()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, FATE)

    def count(self, fate: Fate | None = None) -> int:
        """Number of fields with that fate, whatever the filter."""
        return sum(fate is None or f.fate is fate for f in self._fields)

    def lines(self) -> tuple[Line, ...]:
        """All lines that the filter lets through."""
        return self._lines

    def _sieve(self) -> None:
        self.beginResetModel()
        self._lines = tuple(self._grouped())
        self.endResetModel()

    def _grouped(self) -> Iterator[Line]:
        section: str | None = None
        for field in sorted(self._fields, key=_place):  # stable: file order within a section
            if not self._passes(field):
                continue
            if (own := labels.section_of(field.path)) != section:
                section = own
                yield Line(own)
            yield Line(own, field)

    def _passes(self, field: FieldFate) -> bool:
        if self._fate is not None and field.fate is not self._fate:
            return False
        if not self._words:
            return True
        texts = (labels.full_label(field.path), field.value, *field.sent)
        return any(self._words in text.casefold() for text in texts)

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._lines)

    @override
    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else FATE + 1

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = int(Qt.ItemDataRole.DisplayRole),
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return (
            self.tr("Field"),
            self.tr("On this PC"),
            self.tr("What is sent"),
            self.tr("What becomes of it"),
        )[section]

    @override
    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = int(Qt.ItemDataRole.DisplayRole),
    ) -> Any:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == ROW:
            return line
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return cell_text(line, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and line.field and index.column() != FATE:
            # Escaped: Qt would take a value that looks like markup for markup.
            return f"<span>{html.escape(cell_text(line, index.column()))}</span>"
        return None


def _place(field: FieldFate) -> int:
    """Sections in the order in which a doctor reads; unknown ones come last."""
    known = list(labels.SECTIONS)
    section = labels.section_of(field.path)
    return known.index(section) if section in known else len(known)


def cell_text(line: Line, column: int) -> str:
    """The text of one cell."""
    if line.field is None:
        return labels.section_label(line.section) if column == FIELD else ""
    match column:
        case 0:
            return labels.field_label(line.field.path)
        case 1:
            return line.field.value
        case 2:
            return _sent_text(line.field)
        case _:
            return labels.word(labels.FATES[line.field.fate])


def _sent_text(field: FieldFate) -> str:
    if field.sent:
        return "\n".join(field.sent)
    return labels.word(labels.WITHHELD[field.reason]) if field.reason else ""
