"""The window's language: English in the source, Japanese in resources/translations.

Strings are `self.tr("literal")`; anything but a literal is silently left out by lupdate, so a
sentence is translated first and formatted afterwards. Codes have their sentences in
desktop.core.texts.
"""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator, Signal
from PySide6.QtWidgets import QApplication

from desktop.core.texts import Texts
from local_tools.model import Lang
from local_tools.resources import resource

_FILES: dict[Lang, tuple[tuple[str, bool], ...]] = {
    # name of the .qm, and whether it is Qt's own
    "ja": (("qtbase_ja", True), ("karte_ja", False)),
    "en": (),
}


class Language(QObject):
    """The language in use, and everything that depends on it: texts, dates, Qt's own menus."""

    changed = Signal()

    def __init__(self, app: QApplication, lang: Lang) -> None:
        super().__init__(app)
        self._app = app
        self._installed: list[QTranslator] = []
        self.lang: Lang = lang
        self.texts = Texts(lang)
        self.locale = QLocale(lang)
        self.use(lang)

    def use(self, lang: Lang) -> None:
        """Switch at once; every view hears a LanguageChange event."""
        for old in self._installed:
            self._app.removeTranslator(old)
        self._installed = [self._load(name, own) for name, own in _FILES[lang]]
        self.lang, self.texts, self.locale = lang, Texts(lang), QLocale(lang)
        QLocale.setDefault(self.locale)
        for new in self._installed:
            self._app.installTranslator(new)
        self.changed.emit()

    def _load(self, name: str, of_qt: bool) -> QTranslator:
        folder = (
            QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            if of_qt
            else str(resource("translations"))
        )
        translator = QTranslator(self)
        translator.load(name, folder)  # without the file the window speaks English
        return translator
