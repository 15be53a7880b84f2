"""A workbench without bridge, records or SDKs: the same API, every step in the test's hands."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from desktop.core.agent.port import Message, ToolFinished, ToolStarted
from desktop.core.approvals import ApprovalDesk
from desktop.core.consultation import (
    ConsultationEvent,
    Failed,
    Finished,
    GuidanceDelta,
    MessageBlocked,
    Opening,
)
from desktop.core.events import BridgeChanged, CoreEvent, FrameMoved, LedgerGrew, OnCoreEvent
from desktop.core.search import matching
from desktop.core.settings import Settings
from desktop.core.texts import Texts
from local_tools import model
from local_tools.approval import Decision, Proposal
from local_tools.ledger import EntryKind, LedgerEntry, Verification
from local_tools.model import (
    Fate,
    FieldFate,
    IdentifierKind,
    PatientRow,
    Preview,
    RecordProblem,
    Release,
    Statement,
    Summary,
    Withheld,
    WithheldReason,
)
from local_tools.privacy.message_check import Finding, MessageCheck
from mcp_bridge.events import FrameEvent, Health, HealthEvent, Hop

NAME = "見本 花子"
ROWS = (
    PatientRow("P-001", NAME, "ミホン ハナコ", date(1990, 4, 12), "女性"),
    PatientRow("P-002", "試験 太郎", "シケン タロウ", date(1948, 1, 3), "男性"),
    PatientRow("P-003", "Alex Sample", "", date(1975, 9, 30), "male"),
)
FIELDS = (
    FieldFate("patient.full_name", NAME, Fate.STAYS),
    FieldFate("patient.date_of_birth", "1990-04-12", Fate.GENERALISED, ("30代",)),
    FieldFate("patient.phone", "090-0000-0001", Fate.STAYS),
    FieldFate("allergies[0]", "ペニシリン(蕁麻疹)", Fate.GENERALISED, ("ペニシリン系",)),
    FieldFate("medical_history[0].condition", "バセドウ病", Fate.LEAVES, ("バセドウ病",)),
    FieldFate(
        "medical_history[0].notes",
        "夫に付き添われて初診。<b>甲状腺腫大</b>を確認。",
        Fate.STAYS,
        reason=WithheldReason.NOT_IN_VOCABULARY,
    ),
)


def release() -> Release:
    """What the gate would have let through."""
    summary = Summary(
        lang="ja",
        age_group=Statement("30代", ("patient.date_of_birth",)),
        chronic_conditions=(Statement("バセドウ病", ("medical_history[0].condition",)),),
        allergies=(Statement("ペニシリン系", ("allergies[0]",)),),
        recommendations=(Statement("甲状腺機能の確認"),),
        withheld=(Withheld("medical_history[0].notes", WithheldReason.NOT_IN_VOCABULARY),),
    )
    body = json.dumps(summary.document(), ensure_ascii=False, separators=(",", ":")).encode()
    return Release(summary, body, hashlib.sha256(body).hexdigest(), made_by=model._GATE)


@dataclass(frozen=True)
class FakeAgent:
    label: str = "見本の AI"
    is_demo: bool = True
    destination: str = "demo"


class FakeConsultation:
    """Asks for one approval, then streams `pieces`; `gate` holds the stream back."""

    def __init__(self, workbench: FakeWorkbench, patient_id: str) -> None:
        self.case = "case-7k3f9q"
        self.history: tuple[Message, ...] = ()
        self._workbench = workbench
        self._patient_id = patient_id

    def check(self, text: str) -> MessageCheck:
        at = text.find(NAME)
        if at < 0:
            return MessageCheck((), text)
        finding = Finding(at, at + len(NAME), IdentifierKind.NAME, "患者")
        return MessageCheck((finding,), text.replace(NAME, "患者"))

    async def ask(self, text: str) -> AsyncIterator[ConsultationEvent]:
        workbench = self._workbench
        found = self.check(text)
        if found.findings:
            raise MessageBlocked(found)
        workbench.asked.append(text)
        workbench.grow(EntryKind.MESSAGE, Decision.APPROVED, "")
        yield Opening(workbench.opening + "\n\n", urgent=workbench.urgent)
        if workbench.failure:
            yield Failed(workbench.failure)
            return
        yield ToolStarted("get_patient_background")
        for hop in (Hop.SENT, Hop.TAKEN, Hop.STARTED):
            workbench.move(hop)
        decision = await workbench.decide(self._patient_id, self.case)
        code = None if decision is Decision.APPROVED else decision.value
        for hop in (Hop.ANSWERED, Hop.RECEIVED):
            workbench.move(hop)
        yield ToolFinished("get_patient_background", 1234.0, code)
        for piece in workbench.pieces:
            await workbench.flowing.wait()
            yield GuidanceDelta(piece)
        yield Finished(10, 20)


class FakeWorkbench:
    """What a view may use; tests read `asked` and `entries` and set the other attributes."""

    def __init__(self, settings: Settings | None = None, timeout_s: float | None = None) -> None:
        self.settings = settings or Settings()
        self.agent = FakeAgent()
        self.approvals = ApprovalDesk(self.announce, timeout_s=timeout_s)
        self.rows = ROWS
        self.found_problems: tuple[RecordProblem, ...] = ()
        self.lang = self.settings.lang
        self.opening = Texts(self.lang)("guidance.no_red_flags")
        self.urgent = False
        self.pieces = ("甲状腺機能を", "確認してください。")
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.failure = ""
        self.fields = FIELDS
        self.asked: list[str] = []
        self.previews: list[str] = []
        self.entries: list[LedgerEntry] = []
        self.states = dict.fromkeys(("listener", "caller"), HealthEvent(Health.READY))
        self._subscribers: list[OnCoreEvent] = []

    def speak(self, lang: model.Lang) -> None:
        self.lang = lang

    def subscribe(self, on_event: OnCoreEvent) -> Callable[[], None]:
        self._subscribers.append(on_event)
        return lambda: self._subscribers.remove(on_event)

    def announce(self, event: CoreEvent) -> None:
        for on_event in tuple(self._subscribers):
            on_event(event)

    def patients(self, query: str = "") -> tuple[PatientRow, ...]:
        return matching(self.rows, query)

    def problems(self) -> tuple[RecordProblem, ...]:
        return self.found_problems

    async def preview(self, patient_id: str, symptoms: str = "") -> Preview:
        del symptoms
        self.previews.append(patient_id)
        return Preview(self.fields, release())

    def consult(self, patient_id: str) -> FakeConsultation:
        return FakeConsultation(self, patient_id)

    def ledger_tail(self, limit: int = 50) -> tuple[LedgerEntry, ...]:
        return tuple(reversed(self.entries))[:limit]

    async def ledger_verify(self) -> Verification:
        return Verification(ok=True, entries=len(self.entries))

    def health(self) -> Mapping[str, HealthEvent]:
        return self.states

    # -- what the test, or the consultation, makes happen

    async def decide(self, patient_id: str, case: str) -> Decision:
        """Ask for a yes, and write down what was said."""
        proposal = Proposal(case, patient_id, "get_patient_background", "demo", release())
        decision = await self.approvals.decide(proposal)
        kind = EntryKind.RELEASE if decision is Decision.APPROVED else EntryKind.REFUSAL
        self.grow(kind, decision, "get_patient_background")
        return decision

    def grow(self, kind: EntryKind, decision: Decision, tool: str) -> None:
        """A row in the ledger."""
        entry = LedgerEntry(
            id=len(self.entries) + 1,
            at=datetime(2026, 4, 2, 3, 4, 5, tzinfo=UTC),
            kind=kind,
            case="case-7k3f9q",
            tool=tool,
            destination="demo",
            sha256="a" * 64,
            size=123,
            items=1,
            withheld=1,
            decision=decision.value,
            reasons=(),
            previous="0" * 64,
            chain="1" * 64,
        )
        self.entries.append(entry)
        self.announce(LedgerGrew(entry))

    def move(self, hop: Hop) -> None:
        """A frame passes a hop."""
        side = "caller" if hop in {Hop.SENT, Hop.RECEIVED} else "listener"
        self.announce(FrameMoved(side, FrameEvent(hop, "m1", "tools/call")))

    def turn(self, side: str, event: HealthEvent) -> None:
        """A side of the bridge changes state."""
        self.states = {**self.states, side: event}
        self.announce(BridgeChanged(side, event))


def fake_opener(workbench: FakeWorkbench) -> Callable[..., object]:
    """In the place of `open_workbench`."""

    @asynccontextmanager
    async def open_workbench(settings: Settings | None = None) -> AsyncIterator[FakeWorkbench]:
        del settings
        try:
            yield workbench
        finally:
            workbench.approvals.close()

    return open_workbench


def many_rows(count: int) -> tuple[PatientRow, ...]:
    """A long list of patients."""
    return tuple(
        replace(ROWS[i % 3], patient_id=f"Q-{i:04}", display_name=f"見本 {i:04}")
        for i in range(count)
    )
