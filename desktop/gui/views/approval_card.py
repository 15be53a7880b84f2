"""The question before anything leaves: what, to whom, from which fields; and a yes or a no.

No key approves by accident: there is no default button, the focus stands on "Do not send", Return
on the send button does nothing, Esc refuses, and only Ctrl+Return or a click says yes.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from typing_extensions import override

from desktop.core.events import ApprovalAsked
from desktop.gui import labels
from desktop.gui.models.payload import payload
from desktop.gui.views.base import Scene, View, button, column, label, repolish, row, turn
from desktop.gui.views.payload_view import PayloadView
from local_tools.approval import Decision
from local_tools.model import FieldFate

NARROW = 640
_RETURNS = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class ApprovalCard(View):
    """Emits `approved` or `refused` with its ticket; `settle` closes it for good."""

    approved = Signal(int)
    refused = Signal(int)

    def __init__(self, scene: Scene, asked: ApprovalAsked) -> None:
        super().__init__(scene, "ask")
        self.asked = asked
        self.ticket = asked.ticket
        self._decision: Decision | None = None
        self._deadline = None if asked.timeout_s is None else time.monotonic() + asked.timeout_s
        self._sign = label()
        self.title = label("heading", wraps=True)
        self.remaining = label("muted")
        self.where = label("muted", wraps=True)
        self.payload = PayloadView(scene)
        self.payload.show_payload(payload(asked.proposal.release, None))
        self.rare = label("strong", wraps=True)
        self.rare.setVisible(bool(asked.proposal.release.confirm))
        self.send = button("primary")
        self.send.clicked.connect(self._approve)
        self.refuse = button()
        self.refuse.clicked.connect(self._refuse)
        for answer in (self.send, self.refuse):
            answer.installEventFilter(self)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._count_down)
        self._lay_out()
        self.retranslate()
        self.restyle()
        if self._deadline is not None:
            self._tick.start()

    def _lay_out(self) -> None:
        """The answers stand on top, beside the question: in sight however long the payload is."""
        title = row(spacing=8)
        title.addWidget(self._sign)
        title.addWidget(self.title, 1)
        self.buttons = View(self.scene)
        answers = row(self.buttons, spacing=8)
        answers.addWidget(self.remaining, 1)
        answers.addWidget(self.refuse)
        answers.addWidget(self.send)
        self._head = row(spacing=8)
        self._head.addLayout(title, 1)
        self._head.addWidget(self.buttons)
        layout = column(self, spacing=8)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.addLayout(self._head)
        for widget in (self.where, self.rare, self.payload):
            layout.addWidget(widget)

    def show_sources(self, fields: tuple[FieldFate, ...]) -> None:
        """The record was read: put its values beside what goes out."""
        self.payload.show_payload(payload(self.asked.proposal.release, fields))

    def settle(self, decision: Decision) -> None:
        """The question is answered, here or elsewhere: show only what was decided."""
        self._decision = decision
        self._tick.stop()
        for widget in (self.payload, self.rare, self.buttons):
            widget.hide()
        self.setProperty("settled", "true")
        repolish(self)
        self.retranslate()
        self.restyle()

    @property
    def is_open(self) -> bool:
        """Whether the question still waits."""
        return self._decision is None

    def take_focus(self) -> None:
        """Put the keyboard on the safe answer."""
        if self.is_open:
            self.refuse.setFocus(Qt.FocusReason.OtherFocusReason)

    def _approve(self) -> None:
        if self.is_open and self.send.isEnabled():
            self._answered()
            self.approved.emit(self.ticket)

    def _refuse(self) -> None:
        if self.is_open and self.refuse.isEnabled():
            self._answered()
            self.refused.emit(self.ticket)

    def _answered(self) -> None:
        """One answer only: the desk closes the card when it has taken it."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)  # a disabled button would lose the keyboard
        self.send.setEnabled(False)
        self.refuse.setEnabled(False)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        turn(self._head, narrow=self.width() < NARROW)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Some desktops press a focused button on Return; here Return alone decides nothing."""
        if isinstance(event, QKeyEvent) and event.key() in _RETURNS:
            if event.type() == QEvent.Type.KeyPress:
                self.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the focused child did not take."""
        if event.key() == Qt.Key.Key_Escape:
            self._refuse()
        elif event.key() in _RETURNS and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._approve()
        else:
            super().keyPressEvent(event)

    def _count_down(self) -> None:
        if self._deadline is not None:
            left = max(0, round(self._deadline - time.monotonic()))
            clock = f"{left // 60}:{left % 60:02}"
            self.remaining.setText(self.tr("{time} left, then not sent").format(time=clock))

    @override
    def retranslate(self) -> None:
        """Words."""
        proposal = self.asked.proposal
        words = {
            "tool": labels.tool_label(proposal.tool),
            "to": labels.destination_label(proposal.destination),
            "case": proposal.case,
        }
        if self._decision is None:
            self.title.setText(self.tr("May this be sent?"))
            self.where.setText(self.tr("{tool} to {to}, as {case}").format(**words))
        else:
            self.title.setText(labels.word(labels.DECISIONS[self._decision]))
            short = proposal.release.sha256[:12]
            self.where.setText(f"{self.tr('{tool} to {to}, as {case}').format(**words)} · {short}")
        self.setAccessibleName(self.title.text())
        self.send.setText(self.tr("Send once"))
        self.send.setToolTip(self.tr("Ctrl+Enter"))
        self.refuse.setText(self.tr("Do not send"))
        self.refuse.setToolTip(self.tr("Esc"))
        self.rare.setText(
            self.tr("Rare: this alone may point to one person. Send only if it is needed.")
        )
        self._count_down()

    @override
    def restyle(self) -> None:
        """Icons."""
        look = self.scene.look
        sent = self._decision is Decision.APPROVED
        name = "gate" if self._decision is None else "leaves" if sent else "stays"
        colour = look.colours.accent if self._decision is None else look.colours.muted
        self._sign.setPixmap(look.icon(name, colour, 22).pixmap(22, 22))
        self.send.setIcon(look.icon("leaves", look.colours.on_accent))
        self.refuse.setIcon(look.icon("stays", look.colours.stays))
