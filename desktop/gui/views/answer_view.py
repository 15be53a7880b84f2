"""One message of the conversation: the doctor's, or an answer that grows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.views.base import Scene, View, column, label, repolish, row
from desktop.gui.views.rich_text import RichText

GAP = 14  # between two parts of the conversation


class DoctorMessage(View):
    """What the doctor wrote."""

    def __init__(self, scene: Scene, text: str) -> None:
        super().__init__(scene, "doctor")
        self.text = label(wraps=True, selectable=True)
        self.text.setText(text)
        self.text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        layout = column(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.addWidget(self.text)
        self.retranslate()

    @override
    def retranslate(self) -> None:
        """The accessible name."""
        self.setAccessibleName(self.tr("Your message"))


class AnswerView(View):
    """Emergency advice and steps, then the cards that the steps led to, then the answer."""

    def __init__(self, scene: Scene, agent: str, *, is_demo: bool) -> None:
        super().__init__(scene)
        self._agent = agent
        self._is_demo = is_demo
        self._steps: dict[str, tuple[float | None, str | None]] = {}
        self._end = ""
        self._code = ""
        self._stopped = False
        self.is_urgent = False
        self._sign = label()
        self._who = label("section")
        self.foot = label("muted")
        self.opening = View(scene, "well")
        self._opening_sign = label()
        self.opening_text = RichText(scene.look)
        self.opening.hide()
        self.steps = label("muted", wraps=True)
        self.steps.hide()
        self._cards = column(spacing=GAP)
        self.text = RichText(scene.look)
        self.failure = View(scene, "emergency")
        self.failure_text = label(wraps=True, selectable=True)
        self.failure.hide()
        self._body = View(scene, "answer")
        self._body.hide()
        self._lay_out()
        self.retranslate()
        self.restyle()

    def _lay_out(self) -> None:
        advice = row(self.opening, spacing=10)
        advice.setContentsMargins(12, 10, 12, 6)
        advice.addWidget(self._opening_sign, alignment=Qt.AlignmentFlag.AlignTop)
        advice.addWidget(self.opening_text, 1)
        title = row(spacing=6)
        title.addWidget(self._sign)
        title.addWidget(self._who)
        title.addStretch(1)
        title.addWidget(self.foot)
        head = View(self.scene, "answer")
        first = column(head, spacing=8)
        first.setContentsMargins(16, 12, 16, 12)
        first.addLayout(title)
        first.addWidget(self.opening)
        first.addWidget(self.steps)
        why = column(self.failure)
        why.setContentsMargins(12, 8, 12, 8)
        why.addWidget(self.failure_text)
        second = column(self._body, spacing=8)
        second.setContentsMargins(16, 12, 16, 10)
        second.addWidget(self.text)
        second.addWidget(self.failure)
        layout = column(self, spacing=GAP)
        layout.addWidget(head)
        layout.addLayout(self._cards)
        layout.addWidget(self._body)

    def add_card(self, card: View) -> None:
        """A question that a step of this answer led to."""
        self._cards.addWidget(card)

    def open_with(self, text: str, *, urgent: bool) -> None:
        """Emergency advice comes first, and looks like it."""
        self.is_urgent = urgent
        self.opening.setProperty("role", "emergency" if urgent else "well")
        repolish(self.opening)
        self.opening_text.append_markdown(text)
        self.opening_text.finish()
        self.opening.show()
        self.restyle()

    def add(self, more: str) -> None:
        """More of the answer; nothing after it was stopped."""
        if not self._stopped:
            self._body.show()
            self.text.append_markdown(more)

    def tool_started(self, name: str) -> None:
        """The agent asks for something on this PC."""
        self._steps[name] = (None, None)
        self._show_steps()

    def tool_finished(self, name: str, elapsed_ms: float, code: str | None) -> None:
        """It came back, or failed."""
        self._steps[name] = (elapsed_ms, code)
        self._show_steps()

    def finish(self, elapsed_s: float) -> None:
        """The answer is whole."""
        self._close(f"{elapsed_s:.1f} s")

    def stop(self) -> None:
        """The doctor stopped it."""
        self._stopped = True
        self._close("")

    def fail(self, code: str) -> None:
        """The answer ends here, and why."""
        self._code = code
        self.failure.show()
        self._body.show()
        self._close("")

    def _close(self, end: str) -> None:
        self.text.finish()
        self._end = end
        self.retranslate()

    def _show_steps(self) -> None:
        self.steps.setVisible(bool(self._steps))
        self.steps.setText("\n".join(self._step(name) for name in self._steps))

    def _step(self, name: str) -> str:
        elapsed_ms, code = self._steps[name]
        words = {"tool": labels.tool_label(name), "s": f"{(elapsed_ms or 0) / 1000:.1f}"}
        if code is not None:
            sentence = self.scene.language.texts.error(code)
            return self.tr("{tool}: not given. {why}").format(why=sentence, **words)
        if elapsed_ms is None:
            return self.tr("{tool}: asked of this PC…").format(**words)
        return self.tr("{tool}: received in {s} s").format(**words)

    @override
    def retranslate(self) -> None:
        """Words."""
        self._who.setText(labels.agent_label(self._agent, is_demo=self._is_demo))
        self.opening_text.setAccessibleName(self.tr("Emergency advice"))
        self.text.setAccessibleName(self.tr("Answer"))
        if self._code:
            self.failure_text.setText(self.scene.language.texts.error(self._code))
        self.foot.setText(self.tr("Stopped") if self._stopped else self._end)
        self._show_steps()

    @override
    def restyle(self) -> None:
        """Icon."""
        look = self.scene.look
        self._sign.setPixmap(look.icon("agent", look.colours.accent).pixmap(18, 18))
        name, colour = (
            ("warning", look.colours.danger) if self.is_urgent else ("info", look.colours.muted)
        )
        self._opening_sign.setPixmap(look.icon(name, colour, 20).pixmap(20, 20))
