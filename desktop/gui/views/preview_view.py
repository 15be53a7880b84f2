"""What would be sent for the patient at hand, before anybody asks."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from typing_extensions import override

from desktop.gui.models.payload import payload
from desktop.gui.views.base import Scene, View, column, label
from desktop.gui.views.payload_view import PayloadView
from local_tools.model import Preview


class PreviewView(View):
    """Shows a preview's release, or why the gate refuses one."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._preview: Preview | None = None
        self.sentence = label("muted", wraps=True)
        self.payload = PayloadView(scene)
        body = View(scene, "card")
        inner = column(body, margins=16, spacing=10)
        inner.addWidget(self.sentence)
        inner.addWidget(self.payload)
        inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(body)
        layout = column(self)
        layout.addWidget(scroll)
        self.retranslate()

    def show_preview(self, preview: Preview | None) -> None:
        """Show it; None while it is being made."""
        self._preview = preview
        release = preview.release if preview else None
        self.payload.setVisible(release is not None)
        if preview and release:
            self.payload.show_payload(payload(release, preview.fields))
        self.retranslate()

    def say(self, sentence: str) -> None:
        """Show a sentence in place of a preview."""
        self.show_preview(None)
        self.sentence.setText(sentence)

    @override
    def retranslate(self) -> None:
        """The sentence on top."""
        preview = self._preview
        if preview is None:
            self.sentence.setText(self.tr("The summary is being made on this PC…"))
        elif preview.release is None:
            self.sentence.setText(
                self.tr("The gate lets nothing of this record leave. Reasons: {reasons}").format(
                    reasons=", ".join(map(self.scene.language.texts.rule, preview.refused))
                )
            )
        else:
            self.sentence.setText(
                self.tr(
                    "Nothing has been sent. This would be sent, after your yes, if the agent asked "
                    "now; the symptoms of a consultation can add to it."
                )
            )
