"""The doctor's message names somebody: where, and what may stand there instead. Not sent."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.views.base import Scene, View, button, column, label, row
from local_tools.privacy.message_check import Finding, MessageCheck


class FindingBanner(View):
    """Emits `replaced` with the cleaned text, or `cancelled`."""

    replaced = Signal(str)
    cancelled = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "warning")
        self._text = ""
        self._check: MessageCheck | None = None
        self._sign = label()
        self._title = label("strong", wraps=True)
        self.marked = label(wraps=True)
        self.marked.setTextFormat(Qt.TextFormat.RichText)
        self.detail = label("muted", wraps=True)
        self.replace = button("primary")
        self.replace.clicked.connect(self._replace)
        self.cancel = button()
        self.cancel.clicked.connect(self._cancel)
        head = row(spacing=8)
        head.addWidget(self._sign)
        head.addWidget(self._title, 1)
        foot = row(spacing=8)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.replace)
        layout = column(self, spacing=6)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.addLayout(head)
        layout.addWidget(self.marked)
        layout.addWidget(self.detail)
        layout.addLayout(foot)
        self.hide()
        self.retranslate()
        self.restyle()

    def show_check(self, text: str, check: MessageCheck) -> None:
        """Show a message that was not sent."""
        self._text, self._check = text, check
        self.retranslate()
        self.show()

    def _replace(self) -> None:
        self.hide()
        if self._check is not None:
            self.replaced.emit(self._check.cleaned)

    def _cancel(self) -> None:
        self.hide()
        self.cancelled.emit()

    def _marked(self, findings: tuple[Finding, ...]) -> str:
        colours = self.scene.look.colours
        mark = f"color:{colours.danger}; font-weight:600; text-decoration:underline"
        pieces: list[str] = []
        done = 0
        for finding in findings:
            pieces.append(html.escape(self._text[done : finding.start]))
            found = html.escape(self._text[finding.start : finding.end])
            pieces.append(f'<span style="{mark}">{found}</span>')
            done = finding.end
        pieces.append(html.escape(self._text[done:]))
        return "".join(pieces).replace("\n", "<br>")

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.replace.setFocus(Qt.FocusReason.OtherFocusReason)

    @override
    def retranslate(self) -> None:
        """Words."""
        self._title.setText(self.tr("Not sent: your message would identify somebody"))
        self.replace.setText(self.tr("Replace"))
        self.replace.setToolTip(self.tr("Puts neutral words in; you can still edit them"))
        self.cancel.setText(self.tr("Cancel"))
        if self._check is not None:
            findings = self._check.findings
            self.marked.setText(self._marked(findings))
            self.detail.setText("\n".join(self._line(finding) for finding in findings))

    def _line(self, finding: Finding) -> str:
        kind = labels.finding_label(finding.kind)
        found = self._text[finding.start : finding.end]
        return f"{kind}: {found} → {finding.replacement}"

    @override
    def restyle(self) -> None:
        """Icon and marks."""
        look = self.scene.look
        self._sign.setPixmap(look.icon("warning", look.colours.generalised).pixmap(18, 18))
        self.retranslate()
