"""Models and folds without a window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from desktop.gui import labels
from desktop.gui.models.fields import FATE, FIELD, SENT, VALUE, FieldModel
from desktop.gui.models.flow import MAX_CALLS, Flow, Node
from desktop.gui.models.ledger import LIMIT, LedgerModel, clock
from desktop.gui.models.patients import PatientModel
from desktop.gui.models.payload import payload
from local_tools.approval import Decision
from local_tools.ledger import EntryKind
from local_tools.model import Fate, IdentifierKind, WithheldReason
from local_tools.privacy.recognisers.patterns import Shape
from mcp_bridge.events import FrameEvent, Health, Hop
from tests.fakes.workbench import FIELDS, ROWS, FakeWorkbench, many_rows, release

CALL = "tools/call"


def cells(model: FieldModel, column: int) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]


@pytest.mark.usefixtures("scene")
def test_models_keep_the_rules_of_qt() -> None:
    patients, fields, ledger = PatientModel(), FieldModel(), LedgerModel()
    testers = [
        QAbstractItemModelTester(m, QAbstractItemModelTester.FailureReportingMode.Warning)
        for m in (patients, fields, ledger)
    ]
    patients.show(ROWS)
    fields.show(FIELDS)
    fields.narrow(fate=Fate.STAYS, words="")
    bench = FakeWorkbench()
    for _ in range(LIMIT + 3):
        bench.grow(EntryKind.MESSAGE, Decision.APPROVED, "")
        ledger.add(bench.entries[-1])
    assert ledger.rowCount() == LIMIT
    assert len(testers) == 3


def test_a_thousand_patients_are_filtered_by_kana_kanji_and_id() -> None:
    bench = FakeWorkbench()
    bench.rows = many_rows(1000)
    model = PatientModel()
    for query, count in (("", 1000), ("見本 0042", 1), ("ｑ-0007", 1), ("しけん", 333), ("x!", 0)):
        model.show(bench.patients(query))
        assert model.rowCount() == count, query
    assert model.row_of("Q-0001") is None


@pytest.mark.usefixtures("scene")
def test_fields_are_grouped_and_every_fate_is_a_word() -> None:
    model = FieldModel()
    model.show(FIELDS)
    assert cells(model, FIELD)[:2] == ["Patient", "Name"]
    assert [c for c in cells(model, FATE) if c] == [
        labels.word(labels.FATES[f.fate]) for f in FIELDS
    ]
    assert cells(model, SENT)[-1] == "Not sent: not a term of the clinical vocabulary"
    assert model.count(Fate.STAYS) == 3


@pytest.mark.usefixtures("scene")
def test_fields_are_filtered_by_fate_and_words() -> None:
    model = FieldModel()
    model.show(FIELDS)
    model.narrow(fate=Fate.LEAVES, words="")
    assert cells(model, VALUE) == ["", "バセドウ病"]
    model.narrow(fate=None, words="date of BIRTH")
    assert cells(model, VALUE) == ["", "1990-04-12"]
    model.narrow(fate=Fate.STAYS, words="1990")
    assert cells(model, VALUE) == []
    assert model.count() == len(FIELDS)


@pytest.mark.usefixtures("scene")
def test_a_tool_tip_shows_markup_as_text() -> None:
    model = FieldModel()
    model.show(FIELDS)
    tip = model.index(model.rowCount() - 1, VALUE).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;" in tip


@pytest.mark.usefixtures("scene")
def test_an_unknown_field_is_shown_under_its_own_key() -> None:
    assert labels.field_label("patient.new_field") == "new_field"
    assert labels.field_label("medical_history[1].condition") == "2 · Condition"
    assert labels.full_label("chief_complaint") == "Chief complaint"


@pytest.mark.parametrize(
    ("values", "table"),
    [
        (Fate, labels.FATES),
        (WithheldReason, labels.WITHHELD),
        (Decision, labels.DECISIONS),
        (Health, labels.HEALTH),
        (IdentifierKind, labels.IDENTIFIERS),
        (Shape, labels.SHAPES),
    ],
)
def test_every_value_of_the_core_has_a_word(values: type, table: dict[object, object]) -> None:
    assert set(table) == set(values)


def test_a_payload_counts_what_this_release_does() -> None:
    shown = payload(release(), FIELDS)
    assert shown.counts == {Fate.STAYS: 3, Fate.GENERALISED: 2, Fate.LEAVES: 1}
    assert [row.text for row in shown.rows] == [
        "30代",
        "バセドウ病",
        "ペニシリン系",
        "甲状腺機能の確認",
    ]
    assert shown.rows[0].sources[0].value == "1990-04-12"
    assert shown.body.encode() == release().body
    assert payload(release(), None).counts is None


def moved(flow: Flow, now: float, hop: Hop, method: str | None = CALL, mid: str = "m1") -> None:
    flow.apply(FrameEvent(hop, mid, method), now)


def test_the_flow_tells_where_a_call_is_and_how_long_each_hop_took() -> None:
    flow = Flow()
    moved(flow, 0.0, Hop.SENT)
    assert flow.state()[Node.QUEUE].active == 1
    moved(flow, 0.1, Hop.TAKEN)
    moved(flow, 0.1, Hop.STARTED)
    assert flow.state()[Node.PC].active == 1
    flow.hold(7, 0.3)
    assert (flow.state()[Node.GATE].active, flow.state()[Node.PC].active) == (1, 0)
    flow.let_go(7, 5.3)
    moved(flow, 5.4, Hop.ANSWERED)
    moved(flow, 5.6, Hop.RECEIVED)
    state = flow.state()
    assert {node: s.active for node, s in state.items()} == dict.fromkeys(Node, 0)
    latency = {node: round(s.latency_ms or 0) for node, s in state.items()}
    assert latency == {Node.PC: 300, Node.GATE: 5000, Node.QUEUE: 300, Node.AGENT: 5600}


def test_the_flow_shows_a_failure_until_the_next_call() -> None:
    flow = Flow()
    moved(flow, 0.0, Hop.SENT)
    moved(flow, 0.1, Hop.FAILED, method=None)
    assert flow.state()[Node.QUEUE].failed
    moved(flow, 0.2, Hop.SENT, mid="m2")
    assert not flow.state()[Node.QUEUE].failed


def test_the_flow_ignores_what_is_no_call_and_forgets_lost_ones() -> None:
    flow = Flow()
    moved(flow, 0.0, Hop.SENT, method="tools/list", mid="other")
    moved(flow, 0.0, Hop.RECEIVED, mid="never sent")
    assert flow.state()[Node.AGENT].active == 0
    for number in range(MAX_CALLS + 9):
        moved(flow, 0.0, Hop.SENT, mid=str(number))
    assert flow.state()[Node.AGENT].active == MAX_CALLS


@pytest.mark.usefixtures("scene")
def test_the_picker_reads_names_to_a_screen_reader() -> None:
    model = PatientModel()
    model.show(ROWS)
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "見本 花子, ミホン ハナコ, P-001"


@pytest.mark.usefixtures("scene")
def test_a_row_of_the_ledger_says_what_when_and_why() -> None:
    bench, model = FakeWorkbench(), LedgerModel()
    bench.grow(EntryKind.REFUSAL, Decision.APPROVAL_TIMEOUT, "get_patient_background")
    (entry,) = bench.entries
    model.add(entry)
    spoken = model.index(0).data(int(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken.startswith("Patient background, Not sent: nobody answered in time, 2026-04-02")
    tip = model.index(0).data(int(Qt.ItemDataRole.ToolTipRole))
    assert {"Not sent: nobody answered in time", f"123 B · SHA-256 {'a' * 64}"} <= {
        *tip.split("\n")
    }
    assert clock(entry, entry.at.astimezone().date()) == f"{entry.at.astimezone():%H:%M:%S}"


@pytest.mark.usefixtures("scene")
def test_a_decision_that_is_no_answer_was_still_not_sent() -> None:
    assert labels.decision_label("gate_blocked") == "Not sent"
