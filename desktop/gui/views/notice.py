"""A strip with one sentence: something does not work, and what to do."""

from __future__ import annotations

from typing_extensions import override

from desktop.gui.views.base import Scene, View, button, label, row


class Notice(View):
    """Hidden while there is nothing to say."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "notice")
        self._code = ""
        self._sign = label()
        self.sentence = label(wraps=True, selectable=True)
        self.close_button = button("quiet")
        self.close_button.clicked.connect(self.hide)
        layout = row(self, spacing=10)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._sign)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.close_button)
        self.hide()
        self.retranslate()
        self.restyle()

    def say(self, code: str) -> None:
        """Show the sentence of a code."""
        self._code = code
        self.retranslate()
        self.show()

    @override
    def retranslate(self) -> None:
        """Words."""
        if self._code:
            self.sentence.setText(self.scene.language.texts.error(self._code))
        self.close_button.setAccessibleName(self.tr("Close this notice"))

    @override
    def restyle(self) -> None:
        """Icons."""
        look = self.scene.look
        self._sign.setPixmap(look.icon("warning", look.colours.danger).pixmap(18, 18))
        self.close_button.setIcon(look.icon("cross", look.colours.text))
