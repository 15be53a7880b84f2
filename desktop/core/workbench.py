"""What a view may do. Made by desktop.core.composition, or by a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from anyio import to_thread

from desktop.core.agent.port import Agent, ToolBox
from desktop.core.approvals import ApprovalDesk
from desktop.core.case_tools import CaseTools
from desktop.core.consultation import Consultation, MessageToSend
from desktop.core.events import OnCoreEvent
from desktop.core.hub import Hub
from desktop.core.safety import Safety
from desktop.core.search import matching
from desktop.core.settings import Settings
from local_tools.approval import Decision
from local_tools.cases import CaseBook
from local_tools.ledger import Draft, EntryKind, Ledger, LedgerEntry, Verification
from local_tools.model import Lang, PatientRow, Preview, RecordProblem
from local_tools.pipeline import Pipeline
from local_tools.privacy.message_check import MessageCheck, check_message
from local_tools.records.source import RecordSource
from local_tools.vocabulary import Vocabulary
from mcp_bridge.events import HealthEvent


@dataclass(frozen=True, slots=True)
class Parts:
    """What a workbench stands on."""

    hub: Hub
    vocabulary: Vocabulary
    records: RecordSource
    cases: CaseBook
    ledger: Ledger
    pipeline: Pipeline
    tools: ToolBox
    safety: Safety
    health: Callable[[], Mapping[str, HealthEvent]]


class Workbench:
    """Everything a view may use. Lives on the loop's thread."""

    def __init__(
        self, settings: Settings, agent: Agent, approvals: ApprovalDesk, parts: Parts
    ) -> None:
        self.settings = settings
        self.agent = agent
        self.approvals = approvals
        self._parts = parts

    @property
    def lang(self) -> Lang:
        """Language of releases and guidance."""
        return self._parts.pipeline.lang

    def speak(self, lang: Lang) -> None:
        """Summaries and answers that begin from now on are in `lang`, unless a policy says no."""
        if "lang" not in self.settings.locked:
            self._parts.pipeline.lang = lang

    def subscribe(self, on_event: OnCoreEvent) -> Callable[[], None]:
        """Hear every core event, on the loop's thread; the returned function ends that."""
        return self._parts.hub.subscribe(on_event)

    def patients(self, query: str = "") -> tuple[PatientRow, ...]:
        """Rows whose name, kana or id match; all for an empty query."""
        return matching(self._parts.records.patients(), query)

    def problems(self) -> tuple[RecordProblem, ...]:
        """Record files that were not read."""
        return self._parts.records.problems()

    async def preview(self, patient_id: str, symptoms: str = "") -> Preview:
        """What would leave for these symptoms; nothing does. Raises RecordError."""
        return await to_thread.run_sync(self._parts.pipeline.preview, patient_id, symptoms)

    def consult(self, patient_id: str) -> Consultation:
        """Open a case for the patient. Raises RecordError."""
        parts = self._parts
        parts.records.load(patient_id)
        case = parts.cases.open(patient_id)
        return Consultation(
            case,
            agent=self.agent,
            tools=CaseTools(parts.tools, case),
            safety=parts.safety,
            lang=lambda: self.lang,
            check=self._check,
            write_down=self._write_down,
        )

    def ledger_tail(self, limit: int = 50) -> tuple[LedgerEntry, ...]:
        """The newest rows, newest first."""
        return self._parts.ledger.tail(limit)

    async def ledger_verify(self) -> Verification:
        """Walk the whole chain."""
        return await to_thread.run_sync(self._parts.ledger.verify)

    def health(self) -> Mapping[str, HealthEvent]:
        """State of "listener" and "caller"."""
        return self._parts.health()

    def _check(self, text: str) -> MessageCheck:
        parts = self._parts
        return check_message(
            text, parts.records.identifiers(), lang=self.lang, vocabulary=parts.vocabulary
        )

    def _write_down(self, message: MessageToSend) -> None:
        self._parts.ledger.record(
            Draft(
                kind=EntryKind.MESSAGE,
                case=message.case,
                tool="",
                destination=message.destination,
                decision=Decision.APPROVED.value,
                sha256=message.sha256,
                size=message.size,
                items=1,
            )
        )
