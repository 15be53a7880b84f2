"""The Japanese window is complete, up to date, and says the same."""

from __future__ import annotations

import re
import runpy
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.gui.views.base import Scene
from desktop.gui.views.leaving_dock import LeavingDock
from local_tools.resources import resource

ROOT = Path(__file__).parents[2]
SOURCE = resource("translations", "karte_ja.ts")
COMPILED = resource("translations", "karte_ja.qm")
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
FIELD = re.compile(r"\{\w*\}")
Strings = dict[tuple[str, str], str | None]
Tools = dict[str, Callable[..., None]]


def strings(path: Path) -> Strings:
    """Translation by context and source; None for one that is unfinished."""
    found: Strings = {}
    for context in ET.parse(path).getroot().iter("context"):  # noqa: S314  ours
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            key = (context.findtext("name", ""), message.findtext("source", ""))
            found[key] = translation.text if translation.get("type") is None else None
    return found


@pytest.fixture(scope="module")
def tools() -> Tools:
    return runpy.run_path(str(ROOT / "packaging" / "freeze_translations.py"))


def test_every_string_of_the_window_is_translated(tools: Tools, tmp_path: Path) -> None:
    fresh = tmp_path / SOURCE.name
    shutil.copy(SOURCE, fresh)
    tools["collect"](fresh)
    assert strings(fresh) == strings(SOURCE), "run packaging/freeze_translations.py"
    assert [key for key, text in strings(SOURCE).items() if not text] == []


def test_the_compiled_file_is_the_source(tools: Tools, tmp_path: Path) -> None:
    fresh = tmp_path / COMPILED.name
    tools["compile_to"](SOURCE, fresh)
    assert fresh.read_bytes() == COMPILED.read_bytes(), "run packaging/freeze_translations.py"


def test_translations_keep_the_fields() -> None:
    for (_, source), text in strings(SOURCE).items():
        assert sorted(FIELD.findall(source)) == sorted(FIELD.findall(text or "")), source


def test_translations_are_japanese() -> None:
    keys = {"Ctrl+Enter", "Ctrl+K", "Esc"}
    terms = {"Agent", "a web address", "SpO2", "BMI", "TSH", "TRAb"}
    plain = {s for (_, s), text in strings(SOURCE).items() if not JAPANESE.search(text or "")}
    assert {s for s in plain if not s.startswith("Agent:")} <= keys | terms


def test_no_japanese_stands_in_the_code() -> None:
    sources = (p for package in ("desktop", "mcp_bridge") for p in (ROOT / package).rglob("*.py"))
    assert [p for p in sources if JAPANESE.search(p.read_text(encoding="utf-8"))] == []


def test_the_window_turns_to_japanese_and_back(scene: Scene, qtbot: QtBot) -> None:
    dock = LeavingDock(scene)
    qtbot.addWidget(dock)
    assert dock.verify_button.text() == "Check the ledger"
    scene.language.use("ja")
    qtbot.waitUntil(lambda: dock.verify_button.text() == "台帳を検証")
    scene.language.use("en")
    qtbot.waitUntil(lambda: dock.verify_button.text() == "Check the ledger")
