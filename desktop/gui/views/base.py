"""What every view shares: the look, the language, and how to hear that either changed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)
from typing_extensions import override

from desktop.gui.i18n import Language
from desktop.gui.theme import Look

ICON = QSize(18, 18)


@dataclass(frozen=True, slots=True)
class Scene:
    """Given to every view: how things look and which language is spoken."""

    look: Look
    language: Language


class View(QFrame):
    """A widget that sets its words in `retranslate` and its icons in `restyle`.

    A subclass calls both at the end of its constructor.
    """

    def __init__(self, scene: Scene, role: str = "") -> None:
        super().__init__()
        self.scene = scene
        if role:
            self.setProperty("role", role)
        scene.look.changed.connect(self.restyle)

    def retranslate(self) -> None:
        """Set every word."""

    def restyle(self) -> None:
        """Set every icon and painted colour."""

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def label(role: str = "", *, wraps: bool = False, selectable: bool = False) -> QLabel:
    """A label that never takes its text for markup."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if role:
        made.setProperty("role", role)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def button(role: str = "", *, checkable: bool = False) -> QPushButton:
    """A button that is never the default one."""
    made = QPushButton()
    made.setAutoDefault(False)
    made.setCheckable(checkable)
    made.setIconSize(ICON)
    if role:
        made.setProperty("role", role)
    return made


def search_field() -> tuple[QLineEdit, QAction]:
    """A field that can be cleared with a click, and that click's action, which needs a name."""
    made = QLineEdit()
    made.setClearButtonEnabled(True)
    clear = made.findChild(QAction, "_q_qlineeditclearaction")
    return made, clear or QAction(made)


def column(parent: QFrame | None = None, *, margins: int = 0, spacing: int = 8) -> QVBoxLayout:
    """A vertical layout with even margins."""
    made = QVBoxLayout(parent) if parent else QVBoxLayout()
    _even(made, margins, spacing)
    return made


def row(parent: QFrame | None = None, *, margins: int = 0, spacing: int = 8) -> QHBoxLayout:
    """A horizontal layout with even margins."""
    made = QHBoxLayout(parent) if parent else QHBoxLayout()
    _even(made, margins, spacing)
    return made


def turn(bar: QBoxLayout, *, narrow: bool) -> None:
    """Side by side where there is room, else one below the other."""
    way = QBoxLayout.Direction
    bar.setDirection(way.TopToBottom if narrow else way.LeftToRight)


def repolish(widget: QFrame | QLabel | QPushButton) -> None:
    """Apply the style sheet again after a dynamic property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _even(layout: QBoxLayout, margins: int, spacing: int) -> None:
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(spacing)
