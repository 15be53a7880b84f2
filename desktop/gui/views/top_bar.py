"""The bar on top: whose app this is, whether it is a demo, language and theme."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from typing_extensions import override

from desktop.core.settings import Theme
from desktop.gui.views.base import Scene, View, label, row
from desktop.gui.views.segments import Segments

_THEMES = {Theme.LIGHT: "sun", Theme.DARK: "moon", Theme.SYSTEM: "system"}


class TopBar(View):
    """Emits what the doctor chose; the window applies it."""

    lang_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.setObjectName("topBar")
        self._sign = label()
        self._name = label("heading")
        self._name.setText("Karte Bridge")
        self.demo = label("demo")
        self.demo.setVisible(False)
        self.langs = Segments(scene, ("ja", "en"))
        self.themes = Segments(scene, tuple(_THEMES))
        layout = row(self, spacing=10)
        layout.setContentsMargins(16, 8, 12, 8)
        for widget in (self._sign, self._name, self.demo):
            layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        layout.addWidget(self.langs)
        layout.addWidget(self.themes)
        # Each language is named in itself, whatever the window speaks.
        self.langs.button("ja").setText(QLocale("ja").nativeLanguageName())
        self.langs.button("en").setText("English")
        self.langs.chosen.connect(self.lang_chosen)
        self.themes.chosen.connect(self.theme_chosen)
        self.retranslate()
        self.restyle()

    def show_demo(self, is_demo: bool) -> None:
        """Show or hide the badge."""
        self.demo.setVisible(is_demo)

    @override
    def retranslate(self) -> None:
        """Words, and which language is chosen."""
        self.demo.setText(self.tr("DEMO"))
        self.demo.setToolTip(self.tr("Sample answers by rules. Nothing leaves this PC."))
        self.langs.setAccessibleName(self.tr("Language"))
        self.langs.select(self.scene.language.lang)
        self.themes.setAccessibleName(self.tr("Colours"))
        names = {
            Theme.LIGHT: self.tr("Light"),
            Theme.DARK: self.tr("Dark"),
            Theme.SYSTEM: self.tr("Like the system"),
        }
        for theme, name in names.items():
            self.themes.button(theme).setAccessibleName(name)
            self.themes.button(theme).setToolTip(name)

    @override
    def restyle(self) -> None:
        """Icons, and which theme is chosen."""
        look = self.scene.look
        self._sign.setPixmap(look.icon("app", look.colours.accent, 26).pixmap(26, 26))
        for theme, name in _THEMES.items():
            self.themes.button(theme).setIcon(look.icon(name, look.colours.text))
        self.themes.select(look.theme)
