"""The main flow on the real workbench: records, gate, listener, caller, SQLite queue, ledger."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from desktop.core.composition import open_workbench
from desktop.core.settings import Settings
from desktop.gui.models.flow import Node
from desktop.gui.views.base import Scene
from local_tools.model import Fate
from tests.gui.conftest import Runner
from tests.gui.desk import Desk, press, sitting, until

SYMPTOMS = "めまいと動悸"
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KARTE_HOME", str(tmp_path))
    return tmp_path


async def first_patient(desk: Desk) -> None:
    await desk.ready()
    await desk.pick(desk.page.patients.model.at(0).patient_id)


def decisions(desk: Desk) -> list[str]:
    """Newest first."""
    model = desk.page.dock.ledger
    return [
        model.index(row).data(int(Qt.ItemDataRole.UserRole)).decision
        for row in range(model.rowCount())
    ]


def test_pick_ask_approve_read(scene: Scene, qloop: Runner, home: Path) -> None:
    async def work() -> None:
        async with sitting(scene, opener=open_workbench) as desk:
            await first_patient(desk)
            name = desk.page.workspace.name.text()
            await desk.ask(SYMPTOMS)
            card = await desk.question()
            await until(lambda: "…" not in card.payload.counts[Fate.STAYS].text())
            assert name not in card.payload.body.toPlainText()
            press(card, Qt.Key.Key_Return, CTRL)
            shown = await desk.answered()
            assert scene.language.texts.error("internal") not in shown
            assert "これは診断ではありません" in shown
            await until(lambda: len(decisions(desk)) == 2)
            assert decisions(desk) == ["approved", "approved"]
            flow = desk.page.dock.flow.states
            assert all(flow[node].passed == 1 for node in Node)
            desk.page.dock.verify_button.click()
            await until(desk.page.dock.verdict.text)
            assert desk.page.dock.verdict.text() == "Unaltered, rows: 2"
            names.append(name.encode())

    names: list[bytes] = []
    qloop(work())
    for file in home.iterdir():
        assert file.is_dir() or names[0] not in file.read_bytes(), file.name


def test_refused_means_not_sent(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene, opener=open_workbench) as desk:
            await first_patient(desk)
            await desk.ask(SYMPTOMS)
            press(await desk.question(), Qt.Key.Key_Escape)
            shown = await desk.answered()
            assert "Not sent: you refused" in shown
            await until(lambda: len(decisions(desk)) == 2)
            assert decisions(desk)[0] == "denied_by_user"

    qloop(work())


def test_unanswered_means_not_sent(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        settings = Settings(approval_timeout_s=0.3)
        async with sitting(scene, opener=open_workbench, settings=settings) as desk:
            await first_patient(desk)
            await desk.ask(SYMPTOMS)
            await desk.question()
            assert "Not sent: nobody answered in time" in await desk.answered()
            await until(lambda: len(decisions(desk)) == 2)
            assert decisions(desk)[0] == "approval_timeout"

    qloop(work())


def test_a_name_in_the_message_is_replaced_before_it_goes(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene, opener=open_workbench) as desk:
            await first_patient(desk)
            name = desk.page.workspace.name.text()
            await desk.ask(f"{name}さんの{SYMPTOMS}")
            await until(desk.chat.banner.isVisible)
            assert decisions(desk) == []
            desk.chat.banner.replace.click()
            assert name not in desk.chat.composer.text()
            assert SYMPTOMS in desk.chat.composer.text()
            press(desk.chat.composer.edit, Qt.Key.Key_Return)
            (await desk.question()).refuse.click()
            await desk.answered()

    qloop(work())


def test_closing_over_a_question_sends_nothing_and_leaves_a_sound_ledger(
    scene: Scene, qloop: Runner
) -> None:
    async def work() -> None:
        async with sitting(scene, opener=open_workbench) as desk:
            await first_patient(desk)
            await desk.ask(SYMPTOMS)
            await desk.question()
        async with open_workbench(Settings()) as again:
            rows = again.ledger_tail()
            assert [row.decision for row in rows if row.kind == "release"] == []
            assert (await again.ledger_verify()).ok

    qloop(work())


def test_the_next_answer_follows_the_language_of_the_window(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene, opener=open_workbench, settings=Settings(lang="ja")) as desk:
            await first_patient(desk)
            desk.window.top.langs.button("ja").click()
            desk.window.top.langs.button("en").click()
            await desk.ask(SYMPTOMS)
            card = await desk.question()
            assert JAPANESE.search(card.payload.body.toPlainText()) is None
            card.refuse.click()
            assert "This is not a diagnosis" in await desk.answered()

    qloop(work())


def test_stop_during_the_stream(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        async with sitting(scene, opener=open_workbench) as desk:
            await first_patient(desk)
            await desk.ask(SYMPTOMS)
            (await desk.question()).send.click()
            await until(lambda: "received in" in desk.text())
            desk.chat.composer.stop.click()
            assert "Stopped" in await desk.answered()
            before = desk.text()
            await asyncio.sleep(0)
            assert desk.text() == before

    qloop(work())


def test_no_field_is_said_to_stay_that_a_statement_rests_on(qloop: Runner) -> None:
    async def work() -> None:
        async with open_workbench(Settings()) as bench:
            for patient in bench.patients():
                preview = await bench.preview(patient.patient_id, SYMPTOMS)
                assert preview.release is not None, preview.refused
                sources = {
                    source
                    for _, statement in preview.release.summary.statements()
                    for source in statement.sources
                }
                said_to_stay = {f.path for f in preview.fields if f.fate is Fate.STAYS}
                for source in sources:
                    below = {p for p in said_to_stay if p == source or p.startswith(f"{source}.")}
                    assert not below

    qloop(work())
