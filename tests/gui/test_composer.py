"""Return sends a message, but never the one that is still being written."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QInputMethodEvent
from pytestqt.qtbot import QtBot

from desktop.gui.views.base import Scene
from desktop.gui.views.composer import Composer

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def composer(scene: Scene, qtbot: QtBot) -> Composer:
    made = Composer(scene)
    qtbot.addWidget(made)
    made.show()
    return made


def sent(composer: Composer) -> list[str]:
    texts: list[str] = []
    composer.submitted.connect(texts.append)
    return texts


def compose(composer: Composer, preedit: str, commit: str = "") -> None:
    """What an input method does."""
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QCoreApplication.sendEvent(composer.edit, event)


def test_return_that_confirms_kanji_does_not_send(composer: Composer, qtbot: QtBot) -> None:
    texts = sent(composer)
    compose(composer, "どうき")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    assert texts == []
    compose(composer, "", commit="動悸")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    assert texts == ["動悸"]


def test_shift_return_starts_a_new_line(composer: Composer, qtbot: QtBot) -> None:
    texts = sent(composer)
    qtbot.keyClicks(composer.edit, "a")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return, SHIFT)
    qtbot.keyClicks(composer.edit, "b")
    assert composer.text() == "a\nb"
    assert texts == []


def test_nothing_is_sent_twice_or_empty(composer: Composer, qtbot: QtBot) -> None:
    texts = sent(composer)
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    composer.set_text("  \n")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    composer.set_text("x")
    composer.set_busy(True)
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    assert texts == []
    assert composer.stop.isVisible()
    assert not composer.send.isVisible()


def test_the_field_grows_with_the_text_and_not_for_ever(composer: Composer) -> None:
    low = composer.edit.height()
    composer.set_text("漢字\n" * 3)
    assert not composer.edit.verticalScrollBar().maximum()
    middle = composer.edit.height()
    composer.set_text("\n" * 40)
    assert low < middle < composer.edit.height() < 4 * low
