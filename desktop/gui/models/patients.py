"""The patient picker's rows."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from local_tools.model import PatientRow

ROW = int(Qt.ItemDataRole.UserRole)
_NOWHERE = QModelIndex()


class PatientModel(QAbstractListModel):
    """Rows as the workbench found them; a query replaces them all."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[PatientRow, ...] = ()

    def show(self, rows: tuple[PatientRow, ...]) -> None:
        """Replace the rows."""
        if rows == self._rows:
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row_of(self, patient_id: str) -> int | None:
        """Position of a patient, None if the query hides it."""
        for position, row in enumerate(self._rows):
            if row.patient_id == patient_id:
                return position
        return None

    def at(self, position: int) -> PatientRow:
        """The patient at a position."""
        return self._rows[position]

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = int(Qt.ItemDataRole.DisplayRole),
    ) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.display_name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.display_name}, {row.kana}, {row.patient_id}"
        return row if role == ROW else None
