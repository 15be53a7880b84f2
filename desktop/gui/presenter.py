"""Ties the main page to the workbench: patients, records, conversations, the panel at the right."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio.to_thread
from PySide6.QtCore import QObject, Signal

from desktop.core.events import ApprovalAsked, ApprovalClosed, BridgeChanged, FrameMoved, LedgerGrew
from desktop.gui.conversation import Conversation
from desktop.gui.models.flow import Flow
from desktop.gui.signals import CoreSignals
from desktop.gui.tasks import Tasks
from desktop.gui.views.chat_view import ChatView
from desktop.gui.views.main_page import MainPage
from desktop.gui.views.status_bar import TROUBLE
from desktop.gui.views.workspace import CHAT
from local_tools.errors import RecordError
from local_tools.model import Lang, PatientRow
from mcp_bridge.events import HealthEvent

if TYPE_CHECKING:  # the workbench imports the SDKs, which come after the window is up
    from desktop.core.workbench import Workbench


class Presenter(QObject):
    """Lives as long as the workbench is open; `close` lets go of it."""

    failed = Signal(str)  # a code

    def __init__(self, workbench: Workbench, page: MainPage) -> None:
        super().__init__(page)
        self._workbench = workbench
        self._page = page
        self._tasks = Tasks(self.failed.emit)
        self._flow = Flow()
        self._conversations: dict[str, Conversation] = {}
        self._rows: dict[str, PatientRow] = {}
        self._tickets: dict[int, str] = {}
        self._query: str | None = None
        self._looking = False
        self._signals = CoreSignals()
        self._connect()
        self._leave = workbench.subscribe(self._signals.relay)
        self._show_present()

    async def close(self) -> None:
        """Refuse what waits, end all work. Whatever was not approved is not sent."""
        for asked in self._workbench.approvals.pending():
            self._workbench.approvals.refuse(asked.ticket)
        await self._tasks.close()
        self._leave()

    def speak(self, lang: Lang) -> None:
        """Summaries and answers follow the window's language, from the next one on."""
        self._workbench.speak(lang)
        self._read_again()

    def _connect(self) -> None:
        signals, page = self._signals, self._page
        signals.approval_asked.connect(self._asked)
        signals.approval_closed.connect(self._closed)
        signals.frame_moved.connect(self._moved)
        signals.bridge_changed.connect(self._bridge_changed)
        signals.ledger_grew.connect(self._ledger_grew)
        page.patients.queried.connect(self._look_up)
        page.patients.picked.connect(self._pick)
        page.patients.reloaded.connect(self._reload)
        page.dock.opened.connect(self._open_question)
        page.dock.verify.connect(self._verify)
        self.failed.connect(self._tell)

    def _show_present(self) -> None:
        """What was there before this presenter was."""
        agent = self._workbench.agent
        self._page.show_agent(agent.label, is_demo=agent.is_demo)
        self._page.dock.ledger.show(self._workbench.ledger_tail())
        self._count_rows()
        self._show_health()
        for asked in self._workbench.approvals.pending():
            self._asked(asked)
        self._look_up("")

    # -- patients

    def _look_up(self, query: str) -> None:
        """One search at a time; the newest query wins."""
        self._query = query
        if not self._looking:
            self._looking = True
            self._tasks.start(self._search())

    async def _search(self) -> None:
        panel = self._page.patients
        try:
            while self._query is not None:
                query, self._query = self._query, None
                # Reads changed files, so it is not for the window's thread.
                rows = await anyio.to_thread.run_sync(self._workbench.patients, query)
                self._rows |= {row.patient_id: row for row in rows}
                panel.show_patients(rows)
                self._name_patient()
        finally:
            self._looking = False
        panel.show_problems(await anyio.to_thread.run_sync(self._workbench.problems))

    def _name_patient(self) -> None:
        """The name of the patient at hand may have changed on disk."""
        patient = self._rows.get(self._page.workspace.patient_id or "")
        if patient is not None:
            self._page.workspace.name_patient(patient)

    def _reload(self) -> None:
        """Records changed on disk: look at all of them again."""
        self._look_up(self._page.patients.search.text())
        self._read_again()

    def _read_again(self) -> None:
        patient_id = self._page.workspace.patient_id
        if patient_id is not None:
            self._tasks.start(self._read(patient_id))

    def _pick(self, patient_id: str) -> None:
        # A question of another program may be about a patient who is not in this folder.
        patient = self._rows.get(patient_id, PatientRow(patient_id, patient_id, "", None, ""))
        self._page.workspace.show_patient(patient, self._chat(patient_id).view)
        self._tasks.start(self._read(patient_id))

    async def _read(self, patient_id: str) -> None:
        workspace = self._page.workspace
        try:
            preview = await self._workbench.preview(patient_id)
        except RecordError as fault:
            if workspace.patient_id == patient_id:
                texts = self._page.scene.language.texts
                workspace.show_failure(f"{texts.error(fault.code.value)}\n{fault.place}")
            return
        if workspace.patient_id == patient_id:
            workspace.show_preview(preview)

    def _chat(self, patient_id: str) -> Conversation:
        if patient_id not in self._conversations:
            view = ChatView(self._page.scene)
            self._page.workspace.chats.addWidget(view)
            self._conversations[patient_id] = Conversation(
                self._workbench, patient_id, view, self._tasks
            )
        return self._conversations[patient_id]

    # -- questions

    def _asked(self, asked: ApprovalAsked) -> None:
        patient_id = asked.proposal.patient_id
        self._tickets[asked.ticket] = patient_id
        self._flow.hold(asked.ticket, time.monotonic())
        self._page.dock.add_waiting(asked)
        if self._page.workspace.patient_id == patient_id:
            self._page.workspace.show_tab(CHAT)
        self._chat(patient_id).show_question(asked)
        self._paint()

    def _closed(self, closed: ApprovalClosed) -> None:
        patient_id = self._tickets.pop(closed.ticket, None)
        self._flow.let_go(closed.ticket, time.monotonic())
        self._page.dock.remove_waiting(closed.ticket)
        if patient_id is not None:
            self._chat(patient_id).settle(closed.ticket, closed.decision)
        self._paint()

    def _open_question(self, ticket: int) -> None:
        """From the list of waiting questions to the card, whoever's it is."""
        patient_id = self._tickets.get(ticket)
        if patient_id is None:
            return
        self._page.patients.choose(patient_id)
        self._page.workspace.show_tab(CHAT)
        self._chat(patient_id).view.show_card(ticket)

    # -- the bridge and the ledger

    def _moved(self, moved: FrameMoved) -> None:
        self._flow.apply(moved.event, time.monotonic())
        self._paint()

    def _paint(self) -> None:
        self._page.dock.flow.show_states(self._flow.state())

    def _bridge_changed(self, changed: BridgeChanged) -> None:
        self._show_health()
        self._tell_trouble(changed.event)

    def _tell_trouble(self, event: HealthEvent) -> None:
        if event.health in TROUBLE and event.code is not None:
            self._tell(event.code.value)
        elif self._page.status.is_ready:
            self._page.notice.hide()

    def _show_health(self) -> None:
        health = self._workbench.health()
        self._page.status.show_health(health)
        self._flow.cut_off = any(event.health in TROUBLE for event in health.values())
        self._paint()

    def _ledger_grew(self, grew: LedgerGrew) -> None:
        self._page.dock.ledger.add(grew.entry)
        self._count_rows()

    def _count_rows(self) -> None:
        newest = self._page.dock.ledger.newest()
        self._page.status.show_rows(newest.id if newest else 0)

    def _verify(self) -> None:
        self._tasks.start(self._walk_chain())

    async def _walk_chain(self) -> None:
        self._page.dock.show_verification(await self._workbench.ledger_verify())

    def _tell(self, code: str) -> None:
        self._page.notice.say(code)
