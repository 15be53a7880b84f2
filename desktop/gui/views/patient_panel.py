"""The patient list at the left: search, pick, and which files could not be read."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QStackedLayout, QWidget
from typing_extensions import override

from desktop.gui.models.patients import PatientModel
from desktop.gui.views.base import Scene, View, button, column, label, row, search_field
from desktop.gui.views.patient_delegate import PatientDelegate
from desktop.gui.views.problems import Problems
from local_tools.model import PatientRow, RecordProblem

_INTO_LIST = {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}


class PatientPanel(View):
    """Emits `queried` while the doctor types, `picked` with the id of a patient, and `reloaded`."""

    queried = Signal(str)
    picked = Signal(str)
    reloaded = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.setObjectName("side")
        self.model = PatientModel()
        self._current: str | None = None
        self._title = label("heading")
        self._count = label("muted")
        self.reload = button("quiet")
        self.reload.clicked.connect(self.reloaded)
        QShortcut(QKeySequence("F5"), self).activated.connect(self.reloaded)
        self.search, self._clear = search_field()
        self._sign = QAction(self)
        self.search.addAction(self._sign, QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self.queried)
        self.search.installEventFilter(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self._delegate = PatientDelegate(scene.look)
        self.list.setItemDelegate(self._delegate)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.empty = label("muted", wraps=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.empty.setMargin(20)
        self.problems = Problems(scene)
        self._lay_out()
        self.retranslate()
        self.restyle()

    def _lay_out(self) -> None:
        head = column(spacing=8)
        head.setContentsMargins(14, 10, 14, 8)
        title = row()
        title.addWidget(self._title, 1)
        title.addWidget(self.reload)
        head.addLayout(title)
        head.addWidget(self.search)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.empty)
        foot = column(spacing=0)
        foot.setContentsMargins(12, 6, 12, 10)
        foot.addWidget(self.problems)
        foot.addWidget(self._count)
        layout = column(self, spacing=0)
        layout.addLayout(head)
        layout.addWidget(body, 1)
        layout.addLayout(foot)

    def show_patients(self, rows: tuple[PatientRow, ...]) -> None:
        """Show what a query found; the patient at hand stays chosen if it is among them."""
        self.model.show(rows)
        self._stack.setCurrentWidget(self.list if rows else self.empty)
        if self._current is not None:
            self._mark(self._current)
        self._recount()

    def show_problems(self, problems: tuple[RecordProblem, ...]) -> None:
        """Show which files were not read."""
        self.problems.show_problems(problems)

    def choose(self, patient_id: str) -> None:
        """Choose a patient as if it had been clicked, even if the search hides it."""
        if patient_id != self._current:
            self._current = patient_id
            self._mark(patient_id)
            self.picked.emit(patient_id)

    def _mark(self, patient_id: str) -> None:
        position = self.model.row_of(patient_id)
        selection = self.list.selectionModel()
        selection.blockSignals(True)
        self.list.setCurrentIndex(QModelIndex() if position is None else self.model.index(position))
        selection.blockSignals(False)
        self.list.viewport().update()

    def _moved(self, current: QModelIndex) -> None:
        if not current.isValid():
            return
        patient = self.model.at(current.row()).patient_id
        if patient != self._current:
            self._current = patient
            self.picked.emit(patient)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in _INTO_LIST:
                return self._into_list()
        return super().eventFilter(watched, event)

    def _into_list(self) -> bool:
        """From the search field to the first hit, with the keyboard alone."""
        if not self.model.rowCount():
            return False
        if not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(0))
        self.list.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _recount(self) -> None:
        self._count.setText(self.tr("Patients: {n}").format(n=self.model.rowCount()))
        self.empty.setText(
            self.tr("No patient matches.")
            if self.search.text()
            else self.tr("There is no record in the folder.")
        )

    @override
    def retranslate(self) -> None:
        """Words."""
        self._title.setText(self.tr("Patients"))
        self.search.setPlaceholderText(self.tr("Name, kana or ID"))
        self.search.setAccessibleName(self.tr("Search for a patient by name, kana or ID"))
        self._sign.setText(self.tr("Search"))
        self._clear.setText(self.tr("Clear the search"))
        self.search.setToolTip(self.tr("Ctrl+K"))
        self.list.setAccessibleName(self.tr("Patients"))
        self.reload.setAccessibleName(self.tr("Read the records again"))
        self.reload.setToolTip(self.tr("Read the records again (F5)"))
        self._recount()

    @override
    def restyle(self) -> None:
        """Icons."""
        look = self.scene.look
        self.reload.setIcon(look.icon("reload", look.colours.muted))
        self._sign.setIcon(look.icon("search", look.colours.muted))
