"""The whole window: it starts, says why it cannot, fits, speaks, and can be worked by keyboard."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Never

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAccessible, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QWidget,
)

from desktop.core.errors import SettingsError
from desktop.core.settings import Settings, Theme
from desktop.gui.memory import Memory
from desktop.gui.views.base import Scene
from desktop.gui.views.patient_delegate import patient_age
from local_tools.errors import RecordError, ToolsError, VocabularyError
from local_tools.model import PatientRow, RecordProblem
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.events import Health, HealthEvent
from tests.fakes.workbench import FIELDS, FakeWorkbench, fake_opener
from tests.gui.conftest import Runner
from tests.gui.desk import Desk, press, sitting, until

CONTROLS = (QAbstractButton, QAbstractItemView, QLineEdit, QPlainTextEdit, QTextEdit)
PLACE = QByteArray(b"geometry")


async def visit(desk: Desk) -> AsyncIterator[str]:
    """Go through every page of the window."""
    await desk.ready()
    yield "nobody"
    await desk.pick("P-001")
    for tab in ("record", "preview", "chat"):
        desk.page.workspace.show_tab(tab)
        await asyncio.sleep(0)
        yield tab
    await desk.ask("見本 花子さんのめまい")
    await until(desk.chat.banner.isVisible)
    yield "finding"
    desk.chat.banner.replace.click()
    press(desk.chat.composer.edit, Qt.Key.Key_Return)
    await desk.question()
    yield "question"
    desk.card.send.click()
    await desk.answered()
    yield "answer"


def visible(window: QWidget, *kinds: type) -> Iterator[QWidget]:
    for kind in kinds:
        yield from (w for w in window.findChildren(kind) if w.isVisible())


def test_every_control_has_a_name(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.found_problems = (RecordProblem("b.json: patient.age", "missing"),)
        async with sitting(scene, bench) as desk:
            async for where in visit(desk):
                for control in visible(desk.window, *CONTROLS):
                    if control.parent() and control.objectName().startswith("qt_"):
                        continue  # parts of Qt's own controls
                    interface = QAccessible.queryAccessibleInterface(control)
                    name = interface.text(QAccessible.Text.Name)
                    assert name, (where, type(control).__name__, control.objectName())

    qloop(work())


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_nothing_is_clipped(scene: Scene, qloop: Runner, size: tuple[int, int], lang: str) -> None:
    async def work() -> None:
        scene.language.use("ja" if lang == "ja" else "en")
        bench = FakeWorkbench()
        bench.fields = FIELDS * 40  # counts of three figures
        bench.found_problems = (RecordProblem("b.json: patient.age", "missing"),) * 12
        async with sitting(scene, bench, size=size) as desk:
            async for where in visit(desk):
                await asyncio.sleep(0)
                assert (desk.window.width(), desk.window.height()) == size, where
                for widget in visible(desk.window, QAbstractButton, QLabel):
                    assert not clipped(widget), (where, widget.text(), widget.size())

    qloop(work())


def clipped(widget: QWidget) -> bool:
    """Whether a text has less room than it needs."""
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.height() < widget.heightForWidth(widget.width()) - 1
    if isinstance(widget, QToolButton) or not widget.text():
        return False
    return widget.width() < widget.sizeHint().width()


def test_language_and_colours_change_while_everything_is_open(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene) as desk:
            await desk.open()
            await desk.ask("めまい")
            card = await desk.question()
            desk.window.top.langs.button("ja").click()
            await until(lambda: card.send.text() == "今回だけ送る")
            assert card.refuse.text() == "送信しない"
            assert desk.chat.safety.text().startswith("診断ではありません")
            desk.window.top.themes.button("dark").click()
            assert scene.look.theme is Theme.DARK
            desk.window.top.langs.button("en").click()
            await until(lambda: card.send.text() == "Send once")
            assert desk.card.payload.body.toPlainText()  # nothing was lost on the way
            card.refuse.click()
            await desk.answered()

    qloop(work())


def test_a_patient_is_found_and_chosen_with_the_keyboard_alone(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene) as desk:
            await desk.ready()
            panel = desk.page.patients
            assert desk.window.focusWidget() is panel.search
            panel.search.setText("しけん")
            await until(lambda: panel.model.rowCount() == 1)
            press(panel.search, Qt.Key.Key_Down)
            await until(desk.page.workspace.record.model.count)
            assert desk.page.workspace.patient_id == "P-002"
            panel.search.setText("nobody at all")
            await until(panel.empty.isVisible)
            assert desk.page.workspace.patient_id == "P-002"
            panel.search.clear()
            await until(lambda: panel.model.rowCount() == 3)
            assert panel.list.currentIndex().row() == 1

    qloop(work())


def test_files_that_were_not_read_are_named(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.found_problems = (RecordProblem("b.json: patient.date_of_birth", "not_a_date"),)
        async with sitting(scene, bench) as desk:
            await desk.ready()
            problems = desk.page.patients.problems
            await until(problems.isVisible)
            assert problems.head.text() == "Not read: 1"
            problems.head.click()
            assert "b.json: patient.date_of_birth" in problems.detail.text()

    qloop(work())


def test_a_demo_is_called_one(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene) as desk:
            await desk.ready()
            assert desk.window.top.demo.isVisible()
            assert desk.page.status.agent.text() == "Agent: Demo: answers by rules"

    qloop(work())


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("fault", "code", "place"),
    [
        (VocabularyError(), "vocabulary_altered", ""),
        (RecordError("records", "folder_unreadable"), "record_unreadable", "records"),
        (SettingsError("settings.toml: base_url"), "app_bad_settings", "settings.toml: base_url"),
        (ValueError("a secret"), "internal", ""),
    ],
)
def test_a_start_that_fails_says_why_and_can_be_tried_again(
    scene: Scene,
    qloop: Runner,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    code: str,
    place: str,
) -> None:
    faults = [fault]

    @asynccontextmanager
    async def opener(settings: Settings) -> AsyncIterator[FakeWorkbench]:
        if faults:
            raise faults.pop()
        async with fake_opener(FakeWorkbench(settings))(settings) as bench:
            yield bench

    async def work() -> None:
        async with sitting(scene, opener=opener) as desk:
            start = desk.window.start
            await until(start.retry.isVisible)
            assert scene.language.texts.error(code) in start.sentence.text()
            assert place in start.sentence.text()
            start.retry.click()
            await until(lambda: not start.retry.isVisible())
            await desk.ready()

    qloop(work())
    assert "a secret" not in caplog.text


@pytest.mark.expects_log
def test_a_bridge_that_dies_is_said_in_a_window_that_stays(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        death = asyncio.Event()

        @asynccontextmanager
        async def opener(settings: Settings) -> AsyncIterator[FakeWorkbench]:
            async def die() -> None:
                await death.wait()
                raise LocalFault(Code.JOURNAL_UNUSABLE)

            async with (
                asyncio.TaskGroup() as group,
                fake_opener(FakeWorkbench(settings))() as bench,
            ):
                group.create_task(die())
                yield bench

        async with sitting(scene, opener=opener) as desk:
            await desk.ready()
            death.set()
            start = desk.window.start
            await until(start.retry.isVisible)
            assert scene.language.texts.error("journal_unusable") in start.sentence.text()

    qloop(work())


def test_another_language_is_that_of_summaries_and_answers_too(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench(Settings(lang="en"))
        async with sitting(scene, bench, settings=Settings(lang="en")) as desk:
            await desk.open("P-002")
            desk.window.top.langs.button("ja").click()
            assert bench.lang == "ja"
            await until(lambda: bench.previews == ["P-002", "P-002"])
            await desk.ask("めまい")
            await desk.question()
            desk.window.top.langs.button("en").click()
            assert bench.lang == "en"
            assert desk.page.workspace.patient_id == "P-002"
            assert desk.card.is_open
            desk.card.refuse.click()
            await desk.answered()

    qloop(work())


def test_a_language_chosen_while_the_app_starts_counts(scene: Scene, qloop: Runner) -> None:
    bench = FakeWorkbench(Settings(lang="en"))
    opening = asyncio.Event()

    @asynccontextmanager
    async def opener(_settings: Settings) -> AsyncIterator[FakeWorkbench]:
        await opening.wait()
        yield bench

    async def work() -> None:
        async with sitting(scene, opener=opener, settings=Settings(lang="en")) as desk:
            desk.window.top.langs.button("ja").click()
            opening.set()
            await desk.ready()
            assert bench.lang == "ja"

    qloop(work())


def test_records_that_changed_on_disk_are_read_again_on_f5(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            bench.rows = (replace(bench.rows[0], display_name="見本 改姓"), bench.rows[1])
            bench.fields = FIELDS * 2
            (f5,) = desk.page.patients.findChildren(QShortcut)
            assert f5.key() == QKeySequence("F5")
            f5.activated.emit()  # without a screen no window is active, and none hears a shortcut
            await until(lambda: desk.page.workspace.record.model.count() == len(FIELDS) * 2)
            await until(lambda: desk.page.patients.model.rowCount() == 2)
            assert desk.page.workspace.name.text() == "見本 改姓"
            assert desk.page.workspace.patient_id == "P-001"

    qloop(work())


def test_an_empty_folder_is_not_a_search_without_hits(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.rows = ()
        async with sitting(scene, bench) as desk:
            await until(lambda: desk.window.main and desk.page.patients.empty.isVisible())
            assert desk.page.patients.empty.text() == "There is no record in the folder."
            desk.page.patients.search.setText("x")
            await until(lambda: desk.page.patients.empty.text() == "No patient matches.")
            bench.rows = FakeWorkbench().rows
            desk.page.patients.search.clear()
            desk.page.patients.reload.click()
            await until(desk.page.patients.model.rowCount)

    qloop(work())


def test_every_reason_in_the_window_follows_the_language(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.found_problems = (RecordProblem("b.json", "not_json"),)
        bench.failure = "agent_unreachable"
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask("めまい")
            await until(lambda: bench.asked)
            await desk.answered()
            bench.turn("caller", HealthEvent(Health.UNREACHABLE, Code.UNREACHABLE))
            desk.page.patients.problems.head.click()
            for lang in ("ja", "en"):
                desk.window.top.langs.button(lang).click()
                await asyncio.sleep(0)
                texts = scene.language.texts
                assert desk.page.notice.sentence.text() == texts.error("unreachable")
                assert texts.error("agent_unreachable") in desk.text()
                assert texts.problem("not_json") in desk.page.patients.problems.detail.text()

    qloop(work())


@pytest.mark.expects_log
def test_a_window_that_could_not_start_can_be_closed(scene: Scene, qloop: Runner) -> None:
    @asynccontextmanager
    async def opener(_settings: Settings) -> AsyncIterator[FakeWorkbench]:
        raise VocabularyError
        yield

    async def work() -> None:
        async with sitting(scene, opener=opener) as desk:
            await until(desk.window.start.quit.isVisible)
            desk.window.start.quit.click()

    qloop(work())


@pytest.mark.expects_log
def test_a_record_that_cannot_be_read_any_more_says_so(scene: Scene, qloop: Runner) -> None:
    class Broken(FakeWorkbench):
        async def preview(self, _patient_id: str, _symptoms: str = "") -> Never:
            raise RecordError("p.json: patient", "missing")

        def consult(self, _patient_id: str) -> Never:
            raise ToolsError(RecordError("p.json", "missing").code)

    async def work() -> None:
        async with sitting(scene, Broken()) as desk:
            await desk.ready()
            desk.page.patients.choose("P-001")
            message = desk.page.workspace.record.message
            await until(lambda: "p.json: patient" in message.text())
            assert "p.json: patient" in desk.page.workspace.preview.sentence.text()
            await desk.ask("めまい")
            await until(desk.page.notice.isVisible)
            assert desk.page.notice.sentence.text() == scene.language.texts.error(
                "record_unreadable"
            )

    qloop(work())


def test_the_ledger_can_be_checked(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene) as desk:
            await desk.ready()
            desk.page.dock.verify_button.click()
            await until(desk.page.dock.verdict.text)
            assert desk.page.dock.verdict.text() == "Unaltered, rows: 0"

    qloop(work())


def test_a_choice_is_remembered_unless_a_setting_or_a_policy_decides(tmp_path: Path) -> None:
    file = tmp_path / "window.json"
    file.write_text("{}", encoding="utf-8")
    file.chmod(0o644)
    Memory(tmp_path).save(lang="en", theme=Theme.DARK, geometry=PLACE)
    assert sys.platform == "win32" or file.stat().st_mode & 0o077 == 0
    read = Memory(tmp_path).apply_to(Settings())
    assert (read.lang, read.theme) == ("en", Theme.DARK)
    locked = Settings(locked=frozenset({"lang", "theme"}))
    assert Memory(tmp_path).apply_to(locked) == locked
    said = Settings(lang="ja", theme=Theme.LIGHT)  # in a file, a variable or an option
    assert Memory(tmp_path).apply_to(said) == said
    assert Memory(tmp_path).geometry() == PLACE


@pytest.mark.parametrize("text", ["", "[]", "{", '{"lang": "xx", "theme": 3, "geometry": 1}'])
def test_a_broken_memory_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "window.json").write_text(text, encoding="utf-8")
    memory = Memory(tmp_path)
    assert memory.apply_to(Settings()) == Settings()
    assert memory.geometry().isEmpty()


def test_an_age_counts_completed_years() -> None:
    row = PatientRow("1", "a", "", date(2000, 3, 2), "")
    assert patient_age(row, date(2026, 3, 1)) == "25"
    assert patient_age(row, date(2026, 3, 2)) == "26"
    assert patient_age(PatientRow("1", "a", "", None, "")) == ""
