"""The middle of the window for one patient: who it is, and the record, the preview or the chat."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget
from typing_extensions import override

from desktop.gui.views.base import Scene, View, column, label, row, turn
from desktop.gui.views.chat_view import ChatView
from desktop.gui.views.patient_delegate import patient_age
from desktop.gui.views.preview_view import PreviewView
from desktop.gui.views.record_view import RecordView
from desktop.gui.views.segments import Segments
from local_tools.model import PatientRow, Preview

RECORD, PREVIEW, CHAT = "record", "preview", "chat"
NARROW = 700
TABS = (RECORD, PREVIEW, CHAT)


class Workspace(View):
    """Shows one patient at a time; every patient keeps a chat of its own."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.setObjectName("workspace")
        self._patient: PatientRow | None = None
        self.name = label("title", selectable=True)
        self.facts = label("muted")
        self.facts.setAlignment(Qt.AlignmentFlag.AlignBottom)
        self.tabs = Segments(scene, TABS)
        self.tabs.chosen.connect(self.show_tab)
        self.record = RecordView(scene)
        self.preview = PreviewView(scene)
        self.chats = QStackedWidget()
        self.pages = QStackedWidget()
        for page in (self.record, self.preview, self.chats):
            self.pages.addWidget(page)
        self.welcome = label("muted", wraps=True)
        self.welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._whole = QStackedWidget()
        self._lay_out()
        for number, tab in enumerate(TABS, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(lambda tab=tab: self.show_tab(tab))
        self.show_tab(RECORD)
        self.retranslate()
        self.restyle()

    def _lay_out(self) -> None:
        who = column(spacing=1)
        who.addWidget(self.name)
        who.addWidget(self.facts)
        self._head = row(spacing=8)
        self._head.addLayout(who, 1)
        self._head.addWidget(self.tabs, alignment=Qt.AlignmentFlag.AlignVCenter)
        page = View(self.scene)
        inner = column(page, spacing=12)
        inner.setContentsMargins(18, 14, 18, 10)
        inner.addLayout(self._head)
        inner.addWidget(self.pages, 1)
        self._whole.addWidget(self.welcome)
        self._whole.addWidget(page)
        layout = column(self)
        layout.addWidget(self._whole)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        turn(self._head, narrow=self.width() < NARROW)

    @property
    def patient_id(self) -> str | None:
        """Whose page is shown."""
        return self._patient.patient_id if self._patient else None

    def show_patient(self, patient: PatientRow, chat: ChatView) -> None:
        """Show a patient; the record follows when it was read."""
        self.name_patient(patient)
        if self.chats.indexOf(chat) < 0:
            self.chats.addWidget(chat)
        self.chats.setCurrentWidget(chat)
        self.preview.show_preview(None)
        self.record.say(self.tr("The record is being read…"))
        self._whole.setCurrentIndex(1)

    def name_patient(self, patient: PatientRow) -> None:
        """Say who it is; everything else stays."""
        self._patient = patient
        self.retranslate()

    def show_preview(self, preview: Preview) -> None:
        """The record was read."""
        self.record.show_fields(preview.fields)
        self.preview.show_preview(preview)

    def show_failure(self, sentence: str) -> None:
        """The record could not be read."""
        self.record.say(sentence)
        self.preview.say(sentence)

    def show_tab(self, tab: str) -> None:
        """Turn to the record, the preview or the chat."""
        self.tabs.select(tab)
        self.pages.setCurrentIndex(TABS.index(tab))
        chat = self.chats.currentWidget()
        if tab == CHAT and isinstance(chat, ChatView):
            chat.take_focus()

    @override
    def retranslate(self) -> None:
        """Words."""
        self.tabs.setAccessibleName(self.tr("Pages of this patient"))
        self.tabs.button(RECORD).setText(self.tr("Record"))
        self.tabs.button(PREVIEW).setText(self.tr("What would be sent"))
        self.tabs.button(CHAT).setText(self.tr("Consultation"))
        self.welcome.setText(self.tr("Choose a patient at the left."))
        patient = self._patient
        if patient is None:
            return
        self.name.setText(patient.display_name)
        age = patient_age(patient)
        facts = (
            patient.kana,
            self.tr("{n} years").format(n=age) if age else "",
            patient.gender,
            patient.patient_id,
            self.tr("shown on this PC only"),
        )
        self.facts.setText("  ·  ".join(fact for fact in facts if fact))

    @override
    def restyle(self) -> None:
        """Icons of the pages."""
        look = self.scene.look
        for tab in TABS:
            self.tabs.button(tab).setIcon(look.icon(tab, look.colours.accent))
