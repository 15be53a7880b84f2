"""The main flow on a scripted workbench: what a doctor does, and what then may not happen."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.gui.views.base import Scene
from desktop.gui.views.chat_view import ChatView
from local_tools.approval import Decision
from local_tools.ledger import EntryKind
from mcp_bridge.errors import Code
from mcp_bridge.events import Health, HealthEvent
from tests.fakes.workbench import NAME, FakeWorkbench
from tests.gui.conftest import Runner
from tests.gui.desk import press, sitting, until

CTRL = Qt.KeyboardModifier.ControlModifier
SYMPTOMS = "めまいと動悸"


def test_an_approved_release_leads_to_an_answer(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            card = await desk.question()
            assert "30代" in card.payload.body.toPlainText()
            card.send.click()
            assert "甲状腺機能を確認してください。" in await desk.answered()
            assert desk.page.dock.ledger.rowCount() == 2
            assert desk.page.status.ledger.text() == "Ledger rows: 2"
            assert not card.payload.isVisible()
        assert [e.decision for e in bench.entries] == ["approved", "approved"]

    qloop(work())


def test_a_refused_release_is_not_sent(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            card = await desk.question()
            press(card, Qt.Key.Key_Escape)
            shown = await desk.answered()
            assert "Not sent: you refused" in shown
            assert scene.language.texts.error("denied_by_user") in shown
        assert bench.entries[-1].kind is EntryKind.REFUSAL

    qloop(work())


def test_a_question_that_nobody_answers_is_not_sent(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench(timeout_s=0.2)
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            card = await desk.question()
            assert "left, then not sent" in card.remaining.text()
            assert "Not sent: nobody answered in time" in await desk.answered()
        assert bench.entries[-1].decision == Decision.APPROVAL_TIMEOUT

    qloop(work())


def test_a_message_with_a_name_is_marked_and_replaced(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(f"{NAME}さんのめまい")
            await until(desk.chat.banner.isVisible)
            assert not bench.asked
            assert not desk.chat.composer.stop.isVisible()
            assert "a patient's name" in desk.chat.banner.detail.text()
            desk.chat.banner.replace.click()
            assert desk.chat.composer.text() == "患者さんのめまい"
            assert not bench.asked
            press(desk.chat.composer.edit, Qt.Key.Key_Return)
            (await desk.question()).refuse.click()
            await desk.answered()
        assert bench.asked == ["患者さんのめまい"]

    qloop(work())


def test_a_cancelled_message_can_be_edited(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(f"{NAME}さんのめまい")
            await until(desk.chat.banner.isVisible)
            desk.chat.banner.cancel.click()
            assert not desk.chat.banner.isVisible()
            assert NAME in desk.chat.composer.text()
        assert not bench.asked

    qloop(work())


def test_stop_ends_the_answer_at_once(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.flowing.clear()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            (await desk.question()).send.click()
            await until(lambda: "received in" in desk.text())
            desk.chat.composer.stop.click()
            bench.flowing.set()
            shown = await desk.answered()
            assert "Stopped" in shown
            assert "甲状腺機能を確認" not in shown
            await desk.ask("ほかには")
            await until(lambda: len(bench.asked) == 2)

    qloop(work())


def test_stop_also_refuses_what_still_waits(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            card = await desk.question()
            desk.chat.composer.stop.click()
            await until(lambda: not card.is_open)
            await desk.answered()
            assert not bench.approvals.pending()
        assert all(e.kind is not EntryKind.RELEASE for e in bench.entries)

    qloop(work())


def test_a_window_closed_over_a_question_sends_nothing(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            await desk.question()
        assert all(e.kind is not EntryKind.RELEASE for e in bench.entries)
        assert not bench.approvals.pending()

    qloop(work())


def test_several_questions_wait_and_each_gets_its_own_answer(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk, asyncio.TaskGroup() as group:
            await desk.open()
            first = group.create_task(bench.decide("P-001", "case-aaaaaa"))
            second = group.create_task(bench.decide("P-002", "case-bbbbbb"))
            await until(lambda: len(desk.page.dock.waiting) == 2)
            assert desk.page.dock.flow.accessibleDescription().count("2 waiting") == 1
            await desk.question()
            # The other patient's question does not come up by itself, but a click finds it.
            desk.page.dock.waiting[2].click()
            assert desk.page.workspace.patient_id == "P-002"
            desk.card.refuse.click()
            assert await second is Decision.DENIED_BY_USER
            desk.page.dock.waiting[1].click()
            desk.card.send.click()
            assert await first is Decision.APPROVED
            assert not desk.page.dock.waiting

    qloop(work())


def test_a_question_does_not_take_the_keyboard_from_a_doctor_who_writes(
    scene: Scene, qloop: Runner
) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk, asyncio.TaskGroup() as group:
            await desk.open()
            desk.page.workspace.show_tab("chat")
            desk.chat.composer.set_text("まだ書いて")
            asked = group.create_task(bench.decide("P-001", "case-aaaaaa"))
            card = await desk.question()
            assert desk.window.focusWidget() is desk.chat.composer.edit
            press(card, Qt.Key.Key_Escape)
            assert await asked is Decision.DENIED_BY_USER

    qloop(work())


@pytest.mark.parametrize("code", ["agent_unreachable", "ledger_unusable"])
def test_a_failed_agent_says_what_to_do(scene: Scene, qloop: Runner, code: str) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.failure = code
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            await until(lambda: bench.asked)
            assert scene.language.texts.error(code) in await desk.answered()

    qloop(work())


def test_an_unreachable_queue_is_said_in_words_and_unsaid(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.ready()
            assert desk.page.status.bridge.text() == "Bridge: ready"
            bench.turn("caller", HealthEvent(Health.UNREACHABLE, Code.UNREACHABLE))
            assert "queue unreachable" in desk.page.status.bridge.text()
            assert desk.page.notice.isVisible()
            assert "Queue: failed" in desk.page.dock.flow.accessibleDescription()
            assert desk.page.notice.sentence.text() == scene.language.texts.error("unreachable")
            bench.turn("caller", HealthEvent(Health.READY))
            assert desk.page.status.bridge.text() == "Bridge: ready"
            assert not desk.page.notice.isVisible()
            assert "failed" not in desk.page.dock.flow.accessibleDescription()

    qloop(work())


def in_sight(chat: ChatView, widget: QWidget) -> bool:
    """Whether all of a widget is within the part of the conversation that is scrolled to."""
    view = chat.area.viewport()
    top = widget.mapTo(view, widget.rect().topLeft()).y()
    return 0 <= top <= top + widget.height() <= view.height()


def test_urgent_advice_stands_first_and_looks_urgent(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        bench.urgent = True
        bench.opening = "**緊急の可能性: 胸痛**\n直ちに確認してください。"
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask("胸痛")
            card = await desk.question()
            answer = card.parentWidget()
            assert answer.opening.property("role") == "emergency"
            assert answer.opening.isVisible()
            await until(lambda: in_sight(desk.chat, answer.opening))
            assert in_sight(desk.chat, card.send)
            assert "緊急の可能性: 胸痛" in answer.opening_text.toPlainText()
            card.refuse.click()
            await desk.answered()

    qloop(work())


def test_every_patient_keeps_a_conversation_of_its_own(scene: Scene, qloop: Runner) -> None:
    async def work() -> None:
        bench = FakeWorkbench()
        async with sitting(scene, bench) as desk:
            await desk.open()
            await desk.ask(SYMPTOMS)
            (await desk.question()).refuse.click()
            await desk.answered()
            await desk.pick("P-002")
            assert SYMPTOMS not in desk.text()
            await desk.pick("P-001")
            assert SYMPTOMS in desk.text()

    qloop(work())
