"""What an agent writes is shown, and does nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from desktop.gui.views.base import Scene
from desktop.gui.views.rich_text import RichText, to_html


@pytest.mark.parametrize(
    "hostile",
    [
        "![x](http://evil.example/a.png)",
        "[click](http://evil.example)",
        "<http://evil.example>",
        '<img src="http://evil.example/a.png">',
        "<script>alert(1)</script>",
        "[x]: http://evil.example\n\n[x]",
        "[click](javascript:alert(1))",
    ],
)
def test_nothing_that_points_outside_becomes_active(hostile: str) -> None:
    html = to_html(hostile)
    assert not any(tag in html for tag in ("<img", "<a ", "<script", "href="))


def test_the_text_of_a_link_stays_in_sight(scene: Scene, qtbot: QtBot) -> None:
    shown = RichText(scene.look)
    qtbot.addWidget(shown)
    shown.append_markdown("[click](http://evil.example)")
    shown.finish()
    assert "http://evil.example" in shown.toPlainText()
    assert shown.loadResource(2, QUrl("http://evil.example/a.png")).isEmpty()


def test_headings_lists_and_tables_are_laid_out() -> None:
    html = to_html("### 見出し\n\n- **一** つ\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert all(tag in html for tag in ("<h3>", "<li>", "<strong>", "<table>"))


def test_a_stream_is_painted_at_intervals_and_in_full(scene: Scene, qtbot: QtBot) -> None:
    shown = RichText(scene.look)
    qtbot.addWidget(shown)
    renderings: list[None] = []
    shown.textChanged.connect(lambda: renderings.append(None))
    for _ in range(500):
        shown.append_markdown("語 ")
    assert not renderings
    qtbot.waitUntil(lambda: shown.toPlainText().count("語") == 500)
    assert len(renderings) < 10


def test_it_is_as_high_as_its_text(scene: Scene, qtbot: QtBot) -> None:
    shown = RichText(scene.look)
    qtbot.addWidget(shown)
    shown.resize(300, 10)
    shown.append_markdown("一行")
    shown.finish()
    low = shown.height()
    shown.append_markdown("\n\n" + "長い文。" * 80)
    shown.finish()
    assert shown.height() > 3 * low
    assert shown.document().size().height() <= shown.height()
