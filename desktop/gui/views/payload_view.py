"""A release for one glance: what goes out beside what it came from, and the exact text."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel
from typing_extensions import override

from desktop.gui import labels
from desktop.gui.models.payload import Outgoing, Payload
from desktop.gui.views.base import Scene, View, column, label, row
from desktop.gui.views.code_text import CodeText
from local_tools.model import Fate

HASH_GROUP = 16  # hex digits, so that the hash can be read and wrapped


class PayloadView(View):
    """Fed with a `Payload`; used by the approval card and by the preview."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._payload: Payload | None = None
        self._grid = QGridLayout()
        self._grid.setContentsMargins(12, 8, 12, 10)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 5)
        self._grid.setColumnStretch(3, 6)
        well = View(scene, "well")
        well.setLayout(self._grid)
        self.counts = {fate: label(fate) for fate in Fate}
        self._count_icons = {fate: label() for fate in Fate}
        self.size_label = label("muted")
        self._body_title = label("section")
        self.body = CodeText()
        self.hash_label = label("code", wraps=True, selectable=True)
        self.withheld = label("muted", wraps=True)
        layout = column(self, spacing=8)
        layout.addLayout(self._count_row())
        layout.addWidget(well)
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
        self._clear_grid()
        self._head(0, 1, self.tr("What is sent"))
        self._head(0, 3, self.tr("From the record on this PC"))
        group = ""
        for position, outgoing in enumerate(payload.rows, start=1):
            heading = labels.pointer_label(outgoing.pointer)
            self._place(position, outgoing, "" if heading == group else heading)
            group = heading
        self.size_label.setText(self.tr("{n} bytes").format(n=payload.size))
        groups = " ".join(textwrap.wrap(payload.sha256, HASH_GROUP))
        self.hash_label.setText(f"SHA-256  {groups}")
        self.hash_label.setToolTip(payload.sha256)
        for fate, shown in self.counts.items():
            count = "…" if payload.counts is None else payload.counts[fate]
            shown.setText(f"{labels.word(labels.FATES[fate])} {count}")
        self._tell_withheld(payload)

    def _place(self, position: int, outgoing: Outgoing, heading: str) -> None:
        sent = label("strong", wraps=True, selectable=True)
        sent.setText(outgoing.text)
        arrow = label("muted")
        arrow.setText("←" if outgoing.sources else "")
        came = label("muted", wraps=True, selectable=True)
        came.setText(self._origin(outgoing))
        self._put(self._section(heading), position, 0)
        for place, widget in ((1, sent), (2, arrow), (3, came)):
            self._put(widget, position, place)

    def _origin(self, outgoing: Outgoing) -> str:
        if not outgoing.sources:
            return self.tr("A fixed sentence, not from the record")
        return "\n".join(
            f"{labels.full_label(source.path)}: {'…' if source.value is None else source.value}"
            for source in outgoing.sources
        )

    def _tell_withheld(self, payload: Payload) -> None:
        lines = [
            f"{labels.full_label(item.path)} ({labels.word(labels.WITHHELD[item.reason])})"
            for item in payload.withheld
        ]
        self.withheld.setVisible(bool(lines))
        head = self.tr("Held back: {n}").format(n=len(lines))
        self.withheld.setText("\n".join((head, *lines)))

    def _head(self, line: int, place: int, text: str) -> None:
        self._put(self._section(text), line, place)

    @staticmethod
    def _section(text: str) -> QLabel:
        made = label("section", wraps=True)
        made.setText(text)
        return made

    def _put(self, widget: QLabel, line: int, place: int) -> None:
        self._grid.addWidget(widget, line, place, Qt.AlignmentFlag.AlignTop)

    def _clear_grid(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

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
