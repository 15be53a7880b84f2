"""A release for one glance: what goes out beside what it came from, and the exact text."""

from __future__ import annotations

import textwrap

from PySide6.QtWidgets import QHBoxLayout
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.models.payload import Payload
from desktop.gui.views.base import Scene, View, column, label, row
from desktop.gui.views.code_text import CodeText
from desktop.gui.views.payload_table import PayloadTable
from local_tools.model import Fate

HASH_GROUP = 16  # hex digits, so that the hash can be read and wrapped


class PayloadView(View):
    """Fed with a `Payload`; used by the approval card and by the preview."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._payload: Payload | None = None
        self.table = PayloadTable(scene)
        self.counts = {fate: label(fate) for fate in Fate}
        self._count_icons = {fate: label() for fate in Fate}
        self.size_label = label("muted")
        self._body_title = label("section")
        self.body = CodeText()
        self.hash_label = label("code", wraps=True, selectable=True)
        self.withheld = label("muted", wraps=True)
        layout = column(self, spacing=8)
        layout.addLayout(self._count_row())
        layout.addWidget(self.table)
        layout.addWidget(self.withheld)
        layout.addWidget(self._body_title)
        layout.addWidget(self.body)
        layout.addWidget(self.hash_label)
        self.retranslate()
        self.restyle()

    def _count_row(self) -> QHBoxLayout:
        bar = row(spacing=4)
        for fate in Fate:
            bar.addWidget(self._count_icons[fate])
            bar.addWidget(self.counts[fate])
            bar.addSpacing(10)
        bar.addStretch(1)
        bar.addWidget(self.size_label)
        return bar

    def show_payload(self, payload: Payload) -> None:
        """Show a release; call again when more is known of it."""
        self._payload = payload
        self.body.setPlainText(payload.body)
        self._fill()

    def _fill(self) -> None:
        payload = self._payload
        if payload is None:
            return
        self.table.show_rows(payload.rows)
        self.size_label.setText(self.tr("{n} bytes").format(n=payload.size))
        groups = " ".join(textwrap.wrap(payload.sha256, HASH_GROUP))
        self.hash_label.setText(f"SHA-256  {groups}")
        self.hash_label.setToolTip(payload.sha256)
        for fate, shown in self.counts.items():
            count = "…" if payload.counts is None else payload.counts[fate]
            shown.setText(f"{labels.word(labels.FATES[fate])} {count}")
        self._tell_withheld(payload)

    def _tell_withheld(self, payload: Payload) -> None:
        lines = [
            f"{labels.full_label(item.path)} ({labels.word(labels.WITHHELD[item.reason])})"
            for item in payload.withheld
        ]
        self.withheld.setVisible(bool(lines))
        head = self.tr("Held back: {n}").format(n=len(lines))
        self.withheld.setText("\n".join((head, *lines)))

    @override
    def retranslate(self) -> None:
        """Words."""
        self._body_title.setText(self.tr("Exactly this text is sent"))
        self.body.setAccessibleName(self.tr("The exact text that is sent"))
        self._fill()

    @override
    def restyle(self) -> None:
        """Icons."""
        look = self.scene.look
        for fate, shown in self._count_icons.items():
            colour = getattr(look.colours, fate)
            shown.setPixmap(look.icon(fate, colour, 16).pixmap(16, 16))
