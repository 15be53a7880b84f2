"""The conversation about one patient: messages, answers, approval cards, and where to write."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea
from typing_extensions import override

from desktop.core.events import ApprovalAsked
from desktop.gui.views.answer_view import GAP, AnswerView, DoctorMessage
from desktop.gui.views.approval_card import ApprovalCard
from desktop.gui.views.base import Scene, View, column, label, row
from desktop.gui.views.composer import Composer
from desktop.gui.views.finding_banner import FindingBanner
from local_tools.approval import Decision
from local_tools.privacy.message_check import MessageCheck

INDENT = 72


class ChatView(View):
    """Emits what the doctor did; a conversation (desktop.gui.conversation) answers."""

    submitted = Signal(str)
    stopped = Signal()
    approved = Signal(int)
    refused = Signal(int)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.cards: dict[int, ApprovalCard] = {}
        self._answer: AnswerView | None = None
        self._follow = True
        self._pinned: ApprovalCard | None = None
        self.hint = label("muted", wraps=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._body = View(scene)
        self._body.setObjectName("transparent")
        self._items = column(self._body, spacing=GAP)
        self._items.setContentsMargins(2, 8, 10, 8)
        self._items.addWidget(self.hint)
        self._items.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._body)
        bar = self.area.verticalScrollBar()
        bar.rangeChanged.connect(self._grown)
        bar.valueChanged.connect(self._scrolled)
        self.banner = FindingBanner(scene)
        self.composer = Composer(scene)
        self.banner.replaced.connect(self.composer.set_text)
        self.banner.cancelled.connect(self.composer.edit.setFocus)
        self.composer.submitted.connect(self.submitted)
        self.composer.stopped.connect(self.stopped)
        self._safety_sign = label()
        self.safety = label("safety", wraps=True)
        foot = row(spacing=6)
        foot.addWidget(self._safety_sign)
        foot.addWidget(self.safety, 1)
        layout = column(self, spacing=8)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.banner)
        layout.addWidget(self.composer)
        layout.addLayout(foot)
        self.retranslate()
        self.restyle()

    def add_message(self, text: str) -> None:
        """The doctor's message is on its way."""
        self.hint.hide()
        self.composer.edit.clear()
        holder = row()
        holder.addSpacing(INDENT)
        holder.addWidget(DoctorMessage(self.scene, text), 1)
        self._follow = True
        self._items.insertLayout(self._items.count() - 1, holder)

    def begin_answer(self, agent: str, *, is_demo: bool) -> AnswerView:
        """An answer starts; Stop is open until `end_answer`."""
        answer = AnswerView(self.scene, agent, is_demo=is_demo)
        self._add(answer)
        self._answer = answer
        self.composer.set_busy(True)
        return answer

    def end_answer(self) -> None:
        """The next question may be asked."""
        self._answer = None
        self.composer.set_busy(False)

    def show_check(self, text: str, check: MessageCheck) -> None:
        """The message holds identifiers and was not sent."""
        self.banner.show_check(text, check)

    def add_card(self, asked: ApprovalAsked) -> ApprovalCard:
        """A release waits for a yes."""
        self.hint.hide()
        card = ApprovalCard(self.scene, asked)
        card.approved.connect(self.approved)
        card.refused.connect(self.refused)
        self.cards[asked.ticket] = card
        self._pinned = card
        if self._answer is not None:
            self._answer.add_card(card)
        else:
            self._add(card)
        card.show()
        if not self.composer.text():
            # Not while the doctor writes: a stolen Space would be a refusal.
            card.take_focus()
        return card

    def settle_card(self, ticket: int, decision: Decision) -> None:
        """A question was answered; the next one, or the field to write in, gets the keyboard."""
        card = self.cards.get(ticket)
        if card is None:
            return
        had_focus = card.hasFocus() or any(child.hasFocus() for child in (card.send, card.refuse))
        card.settle(decision)
        if self._pinned is card:
            self._pinned, self._follow = None, True
        if had_focus:
            self.take_focus()

    def take_focus(self) -> None:
        """Put the keyboard on an open question, else where the doctor writes."""
        waiting = next((card for card in self.cards.values() if card.is_open), None)
        if waiting and not self.composer.text():
            waiting.take_focus()
        else:
            self.composer.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_card(self, ticket: int) -> None:
        """Bring a card into view and give it the keyboard."""
        card = self.cards.get(ticket)
        if card is not None:
            self._pinned = card
            QTimer.singleShot(0, card, self._reveal)
            card.take_focus()

    def _reveal(self) -> None:
        """A question is read from its top, where its answers are, but below urgent advice."""
        card = self._pinned
        if card is not None:
            answer = card.parentWidget()
            shown = answer if isinstance(answer, AnswerView) and answer.is_urgent else card
            top = shown.mapTo(self._body, shown.rect().topLeft()).y()
            self.area.verticalScrollBar().setValue(top - GAP)

    def _add(self, widget: View) -> None:
        self._items.insertWidget(self._items.count() - 1, widget)

    def _grown(self, _low: int, high: int) -> None:
        """Keep the newest in view, unless the doctor scrolled back to read."""
        if self._pinned is not None:
            self._reveal()
        elif self._follow:
            self.area.verticalScrollBar().setValue(high)

    def _scrolled(self, value: int) -> None:
        self._follow = value >= self.area.verticalScrollBar().maximum() - 24

    @override
    def retranslate(self) -> None:
        """Words."""
        self.hint.setText(
            self.tr(
                "Describe the symptoms. The agent asks this PC for background; you see every "
                "word before it is sent, and nothing is sent without your yes."
            )
        )
        self.safety.setText(self.tr("Not a diagnosis. The decision is the doctor's."))

    @override
    def restyle(self) -> None:
        """Icon."""
        look = self.scene.look
        self._safety_sign.setPixmap(look.icon("info", look.colours.muted, 16).pixmap(16, 16))
