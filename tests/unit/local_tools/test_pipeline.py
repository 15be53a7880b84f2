"""The straight line: its order, and that every way out of it but the last is a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import anyio
import pytest

from local_tools.approval import ApproveAll, Approver, Decision, Proposal, RefuseAll
from local_tools.cases import CaseBook
from local_tools.errors import CaseError, Code, LedgerError, RecordError, Refused, ToolsError
from local_tools.ledger import EntryKind, Ledger, LedgerEntry
from local_tools.model import (
    Condition,
    Fate,
    Field,
    Identifier,
    IdentifierKind as Kind,
    PatientRecord,
    PatientRow,
    RecordProblem,
    WithheldReason,
)
from local_tools.pipeline import Pipeline
from local_tools.privacy.gate import Gate
from local_tools.privacy.guard import ReleaseRegister
from local_tools.vocabulary import Vocabulary

IDENTIFIERS = (Identifier(Kind.NAME, "髙橋 美咲"),)
RECORD = PatientRecord(
    patient_id="p1",
    display_name="髙橋 美咲",
    kana="タカハシ ミサキ",
    birth_date=date(1985, 3, 1),
    age=40,
    gender="female",
    identifiers=IDENTIFIERS,
    conditions=(
        Condition("medical_history[0].condition", "高血圧", status="治療中"),
        Condition("medical_history[1].condition", "なぞの病", status="治療中"),
        Condition("medical_history[2].condition", "バセドウ病"),
    ),
    fields=(
        Field("patient.full_name", "髙橋 美咲"),
        Field("medical_history[0].condition", "高血圧"),
        Field("medical_history[1].condition", "なぞの病"),
        Field("medical_history[2].condition", "バセドウ病"),
    ),
)


@dataclass
class Records:
    record: PatientRecord = RECORD

    def patients(self) -> tuple[PatientRow, ...]:
        return ()

    def problems(self) -> tuple[RecordProblem, ...]:
        return ()

    def identifiers(self) -> tuple[Identifier, ...]:
        return IDENTIFIERS

    def load(self, patient_id: str) -> PatientRecord:
        if patient_id != self.record.patient_id:
            raise RecordError("p2", "missing", Code.RECORD_NOT_FOUND)
        return self.record


@dataclass
class Line:
    """A pipeline with its parts at hand."""

    pipeline: Pipeline
    ledger: Ledger
    cases: CaseBook
    releases: ReleaseRegister
    records: Records = field(default_factory=Records)

    def rows(self) -> list[LedgerEntry]:
        return list(reversed(self.ledger.tail(10)))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def line(vocabulary: Vocabulary, ledger: Ledger) -> Line:
    return make_line(vocabulary, ledger, ApproveAll())


def make_line(
    vocabulary: Vocabulary, ledger: Ledger, approver: Approver, record: PatientRecord = RECORD
) -> Line:
    records, cases, releases = Records(record), CaseBook(), ReleaseRegister()
    pipeline = Pipeline(
        records=records,
        vocabulary=vocabulary,
        gate=Gate(vocabulary, records.identifiers),
        ledger=ledger,
        approver=approver,
        cases=cases,
        releases=releases,
        destination="demo",
        lang="ja",
        today=lambda: date(2026, 1, 1),
    )
    return Line(pipeline, ledger, cases, releases, records)


class Asks:
    """An approver that says what it was told to, and what the ledger looked like when asked."""

    def __init__(self, ledger: Ledger, decision: Decision | Exception) -> None:
        self.ledger, self.decision = ledger, decision
        self.proposals: list[Proposal] = []
        self.rows_when_asked = -1

    async def decide(self, proposal: Proposal) -> Decision:
        self.proposals.append(proposal)
        self.rows_when_asked = len(self.ledger.tail(10))
        if isinstance(self.decision, Exception):
            raise self.decision
        return self.decision


async def test_an_approved_release_is_in_the_ledger_and_may_leave_once(line: Line) -> None:
    case = line.cases.open("p1")
    release = await line.pipeline.background("めまい")
    (row,) = line.rows()
    assert (row.kind, row.case, row.decision) == (EntryKind.RELEASE, case, "approved")
    assert (row.sha256, row.size) == (release.sha256, len(release.body))
    assert row.withheld == len(release.summary.withheld) > 0
    assert row.items == sum(1 for _ in release.summary.statements())
    assert line.releases.take(release.sha256)
    assert not line.releases.take(release.sha256)


async def test_the_same_input_gives_the_same_bytes(line: Line) -> None:
    line.cases.open("p1")
    first = await line.pipeline.background("めまい")
    assert (await line.pipeline.background("めまい")).body == first.body


async def test_the_doctor_is_asked_before_the_ledger_is_written(
    vocabulary: Vocabulary, ledger: Ledger
) -> None:
    asks = Asks(ledger, Decision.APPROVED)
    line = make_line(vocabulary, ledger, asks)
    case = line.cases.open("p1")
    release = await line.pipeline.background("めまい", case)
    assert asks.rows_when_asked == 0
    (proposal,) = asks.proposals
    assert proposal.release is release
    assert (proposal.case, proposal.patient_id, proposal.destination) == (case, "p1", "demo")


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (Decision.DENIED_BY_USER, Code.DENIED_BY_USER),
        (Decision.DENIED_BY_RULE, Code.DENIED_BY_RULE),
        (Decision.APPROVAL_TIMEOUT, Code.APPROVAL_TIMEOUT),
        (RuntimeError("髙橋"), Code.DENIED_BY_RULE),
    ],
)
async def test_what_is_no_yes_is_a_refusal_in_the_ledger(
    vocabulary: Vocabulary, ledger: Ledger, decision: Decision | Exception, code: Code
) -> None:
    line = make_line(vocabulary, ledger, Asks(ledger, decision))
    line.cases.open("p1")
    with pytest.raises(Refused) as caught:
        await line.pipeline.background("めまい")
    assert caught.value.code == code
    (row,) = line.rows()
    assert (row.kind, row.decision, row.sha256) == (EntryKind.REFUSAL, code, "")


async def test_what_the_gate_refuses_is_not_even_shown(
    vocabulary: Vocabulary, ledger: Ledger
) -> None:
    asks = Asks(ledger, Decision.APPROVED)
    line = make_line(vocabulary, ledger, asks, replace(RECORD, identifiers=()))
    line.cases.open("p1")
    with pytest.raises(Refused) as caught:
        await line.pipeline.background("めまい")
    assert caught.value.code == Code.NO_IDENTIFIERS
    assert not asks.proposals
    assert line.rows()[0].decision == Code.NO_IDENTIFIERS


async def test_no_case_is_a_refusal_that_does_not_repeat_the_handle(line: Line) -> None:
    with pytest.raises(CaseError) as caught:
        await line.pipeline.background("めまい", "髙橋 美咲")
    assert caught.value.code == Code.CASE_UNKNOWN
    assert line.rows()[0].case == ""


async def test_a_record_that_is_gone_is_a_refusal(line: Line) -> None:
    line.cases.open("p2")
    with pytest.raises(RecordError):
        await line.pipeline.background("めまい")
    assert line.rows()[0].decision == Code.RECORD_NOT_FOUND


async def test_a_failure_that_nobody_thought_of_is_a_refusal_in_the_ledger(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_patient_id: str) -> PatientRecord:
        raise ZeroDivisionError(RECORD.display_name)

    monkeypatch.setattr(line.records, "load", fail)
    line.cases.open("p1")
    with pytest.raises(ToolsError) as caught:
        await line.pipeline.background("めまい")
    assert str(caught.value) == Code.INTERNAL
    assert caught.value.__cause__ is None
    assert line.rows()[0].decision == Code.INTERNAL


async def test_without_a_ledger_nothing_leaves(line: Line) -> None:
    line.cases.open("p1")
    release = await line.pipeline.background("めまい")
    line.releases.take(release.sha256)
    line.ledger.close()
    with pytest.raises(LedgerError):
        await line.pipeline.background("めまい")
    assert not line.releases.take(release.sha256)


async def test_a_caller_that_leaves_is_in_the_ledger(
    vocabulary: Vocabulary, ledger: Ledger
) -> None:
    asked = anyio.Event()

    class Never:
        async def decide(self, proposal: Proposal) -> Decision:
            del proposal
            asked.set()
            await anyio.sleep_forever()
            return Decision.APPROVED

    line = make_line(vocabulary, ledger, Never())
    line.cases.open("p1")
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(line.pipeline.background, "めまい")
            await asked.wait()
            group.cancel_scope.cancel()
    assert [row.decision for row in line.rows()] == ["cancelled"]


def test_the_preview_says_what_becomes_of_every_field(line: Line) -> None:
    preview = line.pipeline.preview("p1")
    assert preview.release is not None
    fates = {row.path: row for row in preview.fields}
    assert list(fates) == [f.path for f in RECORD.fields]
    assert fates["patient.full_name"].fate == Fate.STAYS
    assert fates["medical_history[0].condition"].fate == Fate.GENERALISED
    assert fates["medical_history[0].condition"].sent[0].startswith("高血圧症")
    assert fates["medical_history[1].condition"].fate == Fate.STAYS
    assert fates["medical_history[1].condition"].reason == WithheldReason.NOT_IN_VOCABULARY
    assert line.rows() == []


def test_the_preview_of_a_refused_record_shows_that_all_stays(
    vocabulary: Vocabulary, ledger: Ledger
) -> None:
    line = make_line(vocabulary, ledger, RefuseAll(), replace(RECORD, identifiers=()))
    preview = line.pipeline.preview("p1")
    assert preview.release is None
    assert preview.refused == (Code.NO_IDENTIFIERS,)
    assert {row.fate for row in preview.fields} == {Fate.STAYS}
