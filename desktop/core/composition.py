"""The only place that knows all parts: it puts them together, and takes them apart in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio.to_thread

from desktop.core.agent.port import Agent, ToolBox
from desktop.core.approvals import ApprovalDesk
from desktop.core.case_tools import CaseTools
from desktop.core.consultation import Consultation, MessageToSend
from desktop.core.events import OnCoreEvent
from desktop.core.hub import Hub
from desktop.core.safety import Safety
from desktop.core.search import matching
from desktop.core.settings import Settings
from local_tools.cases import CaseBook
from local_tools.ledger import Ledger, LedgerEntry, Verification
from local_tools.model import Lang, PatientRow, Preview, RecordProblem
from local_tools.pipeline import Pipeline
from local_tools.records.source import RecordSource
from mcp_bridge.events import HealthEvent


@dataclass(frozen=True, slots=True)
class Parts:
    """What a workbench stands on; built by `open_workbench`, or by a test."""

    hub: Hub
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
        return self.settings.lang

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
        return await anyio.to_thread.run_sync(self._parts.pipeline.preview, patient_id, symptoms)

    def consult(self, patient_id: str) -> Consultation:
        """Open a case for the patient. Raises RecordError."""
        raise NotImplementedError

    def ledger_tail(self, limit: int = 50) -> tuple[LedgerEntry, ...]:
        """The newest rows, newest first."""
        return self._parts.ledger.tail(limit)

    async def ledger_verify(self) -> Verification:
        """Walk the whole chain."""
        return await anyio.to_thread.run_sync(self._parts.ledger.verify)

    def health(self) -> Mapping[str, HealthEvent]:
        """State of "listener" and "caller"."""
        return self._parts.health()


@asynccontextmanager
async def open_workbench(settings: Settings) -> AsyncIterator[Workbench]:
    """Start the bridge and everything on it; stop it again, in bounded time."""
    raise NotImplementedError
    yield
