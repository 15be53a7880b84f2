"""The record of one patient: every field with its value here, what is sent, and its fate."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedLayout, QTableView
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.models.fields import FATE, FIELD, SENT, VALUE, FieldModel
from desktop.gui.views.base import Scene, View, column, label, row, search_field, turn
from desktop.gui.views.fate_delegate import FateDelegate, fate_colours
from desktop.gui.views.segments import Segments
from local_tools.model import Fate, FieldFate

ALL = "all"
FATE_WIDTH = 148
NARROW = 640


class RecordView(View):
    """A table with a filter by fate and by words."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.model = FieldModel()
        self.fates = Segments(scene, (ALL, *Fate))
        self.fates.select(ALL)
        self.fates.chosen.connect(self._narrow)
        self.words, self._clear = search_field()
        self.words.textChanged.connect(self._narrow)
        self.table = QTableView()
        self.table.setModel(self.model)
        self._delegate = FateDelegate(scene.look)
        self.table.setItemDelegate(self._delegate)
        self._dress_table()
        self.message = label("muted", wraps=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._fit = QTimer(self)  # once per burst of resizes, not once per pixel
        self._fit.setSingleShot(True)
        self._fit.setInterval(0)
        self._fit.timeout.connect(self._fit_rows)
        self._bar = row(spacing=8)
        self._bar.addWidget(self.fates)
        self._bar.addWidget(self.words, 1)
        frame = View(scene, "card")
        self._stack = QStackedLayout(frame)
        self._stack.setContentsMargins(1, 4, 1, 4)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.message)
        layout = column(self, spacing=10)
        layout.addLayout(self._bar)
        layout.addWidget(frame, 1)
        self.retranslate()
        self.restyle()

    def _dress_table(self) -> None:
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def show_fields(self, fields: tuple[FieldFate, ...]) -> None:
        """Show a record."""
        self.model.show(fields)
        self._stack.setCurrentIndex(0)
        self._after_reset()
        self.table.scrollToTop()

    def say(self, sentence: str) -> None:
        """Show a sentence in place of a record."""
        self.model.show(())
        self.message.setText(sentence)
        self._stack.setCurrentIndex(1)
        self._after_reset()

    def _narrow(self) -> None:
        key = self.fates.current()
        fate = None if key == ALL else Fate(key)
        self.model.narrow(fate=fate, words=self.words.text())
        self._after_reset()

    def _after_reset(self) -> None:
        self.table.clearSpans()
        for position, line in enumerate(self.model.lines()):
            if line.field is None:
                self.table.setSpan(position, 0, 1, FATE + 1)
        self._count()
        self._fit.start()

    def _count(self) -> None:
        all_button = self.fates.button(ALL)
        all_button.setText(self.tr("All {n}").format(n=self.model.count()))
        for fate in Fate:
            word = labels.word(labels.FATES[fate])
            self.fates.button(fate).setText(f"{word} {self.model.count(fate)}")

    def _fit_rows(self) -> None:
        room = self.table.viewport().width() - FATE_WIDTH
        widths = {FIELD: int(room * 0.27), SENT: int(room * 0.33)}
        widths[VALUE] = room - sum(widths.values())
        for which, width in {**widths, FATE: FATE_WIDTH}.items():
            self.table.setColumnWidth(which, width)
        metrics = self.table.fontMetrics()
        for position, line in enumerate(self.model.lines()):
            self.table.setRowHeight(position, self._delegate.height(line, widths, metrics))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        turn(self._bar, narrow=self.width() < NARROW)
        self._dress_fates()
        self._fit.start()

    @override
    def retranslate(self) -> None:
        """Words."""
        self.words.setPlaceholderText(self.tr("Filter fields and values"))
        self._clear.setText(self.tr("Clear the filter"))
        self.words.setAccessibleName(self.tr("Filter fields and values"))
        self.fates.setAccessibleName(self.tr("Filter by what becomes of a field"))
        self.table.setAccessibleName(self.tr("Record, field by field"))
        self.table.horizontalHeader().setAccessibleName(self.tr("Columns of the record"))
        self.model.relabel()
        self._after_reset()

    @override
    def restyle(self) -> None:
        """Icons of the filter, and the painted rows."""
        self._dress_fates()
        self.table.viewport().update()

    def _dress_fates(self) -> None:
        """Icons where there is room for them beside the words."""
        for fate in Fate:
            colour, _ = fate_colours(self.scene.look, fate)
            roomy = self.width() >= NARROW
            icon = self.scene.look.icon(fate, colour, 16) if roomy else QIcon()
            self.fates.button(fate).setIcon(icon)
