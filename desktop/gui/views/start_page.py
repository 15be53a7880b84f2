"""Shown before the main page: it starts, or why it cannot start."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from typing_extensions import override

from desktop.gui.views.base import Scene, View, button, column, label, row


class StartPage(View):
    """Emits `again` or `left`."""

    again = Signal()
    left = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._code = ""
        self._places: tuple[str, ...] = ()
        self._sign = label()
        self.title = label("title", wraps=True)
        self.sentence = label(wraps=True, selectable=True)
        self.code = label("code", selectable=True)
        self.retry = button("primary")
        self.retry.clicked.connect(self.again)
        self.quit = button()
        self.quit.clicked.connect(self.left)
        card = View(scene, "card")
        card.setMaximumWidth(560)
        inner = column(card, margins=28, spacing=12)
        for widget in (self._sign, self.title, self.sentence, self.code):
            inner.addWidget(widget)
        foot = row(spacing=8)
        foot.addStretch(1)
        foot.addWidget(self.quit)
        foot.addWidget(self.retry)
        inner.addLayout(foot)
        layout = column(self, margins=24)
        layout.addStretch(1)
        layout.addWidget(card, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        self.show_starting()
        self.restyle()

    def show_starting(self) -> None:
        """It starts."""
        self._code, self._places = "", ()
        self.retranslate()
        self.restyle()

    def show_failure(self, code: str, places: tuple[str, ...] = ()) -> None:
        """It cannot start; `places` name files or settings, never values."""
        self._code, self._places = code, places
        self.retranslate()
        self.restyle()

    @override
    def retranslate(self) -> None:
        """Words."""
        failed = bool(self._code)
        self.title.setText(
            self.tr("Karte Bridge cannot start") if failed else self.tr("Getting ready…")
        )
        sentence = self.tr("The bridge and the records are being opened.")
        if failed:
            sentence = self.scene.language.texts.error(self._code)
        self.sentence.setText("\n".join((sentence, *self._places)))
        self.code.setText(self._code)
        for widget in (self.code, self.retry, self.quit):
            widget.setVisible(failed)
        self.retry.setText(self.tr("Try again"))
        self.quit.setText(self.tr("Quit"))

    @override
    def restyle(self) -> None:
        """Icon."""
        look = self.scene.look
        name, colour = (
            ("warning", look.colours.danger) if self._code else ("app", look.colours.accent)
        )
        self._sign.setPixmap(look.icon(name, colour, 40).pixmap(40, 40))
