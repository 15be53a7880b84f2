"""The card: the whole payload in sight, and no key that says yes by accident."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.events import ApprovalAsked
from desktop.gui.views.approval_card import ApprovalCard
from desktop.gui.views.base import Scene
from local_tools.approval import Decision, Proposal
from tests.fakes.workbench import FIELDS, release

CTRL = Qt.KeyboardModifier.ControlModifier
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def card(scene: Scene, qtbot: QtBot) -> ApprovalCard:
    proposal = Proposal("case-7k3f9q", "P-001", "get_patient_background", "demo", release())
    made = ApprovalCard(scene, ApprovalAsked(1, proposal, 90.0))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    made.take_focus()
    return made


def answers(card: ApprovalCard) -> list[str]:
    """Collects what the card says."""
    said: list[str] = []
    card.approved.connect(lambda _ticket: said.append("yes"))
    card.refused.connect(lambda _ticket: said.append("no"))
    return said


def test_the_keyboard_stands_on_the_safe_answer(card: ApprovalCard) -> None:
    assert card.focusWidget() is card.refuse
    assert not any(b.isDefault() or b.autoDefault() for b in card.findChildren(QPushButton))


@pytest.mark.parametrize("where", ["send", "refuse", "card"])
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
@pytest.mark.parametrize("modifier", [NONE, SHIFT])
def test_return_alone_decides_nothing(
    card: ApprovalCard, qtbot: QtBot, where: str, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    said = answers(card)
    qtbot.keyClick({"send": card.send, "refuse": card.refuse, "card": card}[where], key, modifier)
    assert said == []


@pytest.mark.parametrize("where", ["send", "refuse", "card", "body"])
def test_ctrl_return_approves_once(card: ApprovalCard, qtbot: QtBot, where: str) -> None:
    said = answers(card)
    at = {"send": card.send, "refuse": card.refuse, "card": card, "body": card.payload.body}
    for _ in range(2):
        qtbot.keyClick(at[where], Qt.Key.Key_Return, CTRL)
    assert said == ["yes"]


@pytest.mark.parametrize("where", ["send", "refuse", "card", "body"])
def test_escape_refuses(card: ApprovalCard, qtbot: QtBot, where: str) -> None:
    said = answers(card)
    at = {"send": card.send, "refuse": card.refuse, "card": card, "body": card.payload.body}
    qtbot.keyClick(at[where], Qt.Key.Key_Escape)
    assert said == ["no"]


def test_a_settled_card_answers_no_more(card: ApprovalCard, qtbot: QtBot) -> None:
    said = answers(card)
    card.settle(Decision.APPROVAL_TIMEOUT)
    card.send.click()
    qtbot.keyClick(card, Qt.Key.Key_Return, CTRL)
    assert said == []
    assert card.title.text() == "Not sent: nobody answered in time"


def test_the_exact_bytes_and_their_hash_are_in_sight(card: ApprovalCard) -> None:
    sent = release()
    assert card.payload.body.toPlainText().encode() == sent.body
    assert card.payload.body.isVisible()
    shown = card.payload.hash_label.text().removeprefix("SHA-256").replace(" ", "")
    assert shown == sent.sha256
    assert card.payload.size_label.text() == f"{len(sent.body)} bytes"


def test_every_outgoing_statement_stands_beside_its_fields(card: ApprovalCard) -> None:
    card.show_sources(FIELDS)
    QApplication.processEvents()
    table = card.payload.table.text
    assert table.isVisible()
    cells = table.toPlainText().split("\n")
    assert cells[cells.index("30代") + 2] == "Patient · Date of birth: 1990-04-12"
    assert "A fixed sentence, not from the record" in cells
    counts = [shown.text() for shown in card.payload.counts.values()]
    assert counts == ["Stays here 3", "Generalised 2", "Leaves 1"]
    assert "Not sent: not a term" in card.payload.withheld.text()


def test_values_are_never_taken_for_markup(card: ApprovalCard) -> None:
    hostile = "<b>x</b><img src='http://evil.example'>"
    card.show_sources((replace(FIELDS[1], value=hostile), *FIELDS[2:]))
    assert hostile in card.payload.table.text.toPlainText()
    assert all(w.textFormat() == Qt.TextFormat.PlainText for w in card.findChildren(QLabel))
