"""Both palettes can be read, and every drawing and colour name exists."""

from __future__ import annotations

import re
from itertools import product

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.core.settings import Theme
from desktop.gui.theme import DARK, LIGHT, Colours, style_sheet
from desktop.gui.views.base import Scene
from local_tools.resources import resource

AA = 4.5
GROUNDS = ("ground", "surface", "raised")
PAIRS = (
    *product(("text", "muted", "accent", "stays", "generalised", "leaves", "danger"), GROUNDS),
    *product(("text", "muted"), ("accent_soft", "danger_soft", "generalised_soft")),
    ("on_accent", "accent"),
    ("on_accent", "accent_strong"),
    ("stays", "stays_soft"),
    ("generalised", "generalised_soft"),
    ("leaves", "leaves_soft"),
    ("danger", "danger_soft"),
    ("danger", "generalised_soft"),  # the mark in a message that was not sent
    ("ok", "surface"),
)


def luminance(name: str) -> float:
    """Relative luminance, WCAG 2.2."""
    colour = QColor(name)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front: str, ground: str) -> float:
    high, low = sorted((luminance(front), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(colours: Colours) -> None:
    poor = {
        (front, ground): round(found, 2)
        for front, ground in PAIRS
        if (found := contrast(getattr(colours, front), getattr(colours, ground))) < AA
    }
    assert not poor


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_style_sheet_names_only_colours_that_exist(colours: Colours) -> None:
    assert re.findall(r"@\w+@", style_sheet(colours)) == []


def test_every_icon_is_drawn(scene: Scene) -> None:
    for drawing in resource("icons").glob("*.svg"):
        image = scene.look.icon(drawing.stem, "#123456", 32).pixmap(32, 32).toImage()
        alphas = {image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)}
        assert len(alphas) > 1, drawing.name


def test_the_look_changes_at_once(scene: Scene, qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scene.look.changed):
        scene.look.use(Theme.DARK)
    assert scene.look.colours is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.ground)
    scene.look.use(Theme.LIGHT)
    assert scene.look.colours is LIGHT
