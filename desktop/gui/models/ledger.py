"""The newest rows of the ledger, for the panel at the right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from desktop.gui import labels
from local_tools.ledger import EntryKind, LedgerEntry

ROW = int(Qt.ItemDataRole.UserRole)
LIMIT = 50
_NOWHERE = QModelIndex()


class LedgerModel(QAbstractListModel):
    """Newest first, at most `LIMIT` rows."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[LedgerEntry] = []

    def show(self, entries: tuple[LedgerEntry, ...]) -> None:
        """Replace all rows; newest first."""
        self.beginResetModel()
        self._entries = list(entries[:LIMIT])
        self.endResetModel()

    def add(self, entry: LedgerEntry) -> None:
        """A new row on top; one that is already there is left alone."""
        if self._entries and entry.id <= self._entries[0].id:
            return
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._entries.insert(0, entry)
        self.endInsertRows()
        if len(self._entries) > LIMIT:
            self.beginRemoveRows(QModelIndex(), LIMIT, len(self._entries) - 1)
            del self._entries[LIMIT:]
            self.endRemoveRows()

    def newest(self) -> LedgerEntry | None:
        """The row on top."""
        return self._entries[0] if self._entries else None

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    @override
    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = int(Qt.ItemDataRole.DisplayRole),
    ) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return ", ".join((subject(entry), labels.decision_label(entry.decision), clock(entry)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(details(entry))
        return entry if role == ROW else None


def subject(entry: LedgerEntry) -> str:
    """What the row is about."""
    if entry.kind is EntryKind.MESSAGE:
        return labels.word(labels.MESSAGE)
    return labels.tool_label(entry.tool)


def clock(entry: LedgerEntry, today: date | None = None) -> str:
    """Local time of day; with the date if that was not today."""
    at = entry.at.astimezone()
    now = today or date.today()  # noqa: DTZ011  the clinic's own calendar day
    return at.strftime("%H:%M:%S" if at.date() == now else "%Y-%m-%d %H:%M")


def details(entry: LedgerEntry) -> Iterator[str]:
    """Everything that fits no row."""
    yield f"#{entry.id} · {entry.at.astimezone():%Y-%m-%d %H:%M:%S}"
    yield labels.decision_label(entry.decision)
    yield f"{entry.case} → {labels.destination_label(entry.destination)}"
    if entry.sha256:
        yield f"{entry.size} B · SHA-256 {entry.sha256}"
