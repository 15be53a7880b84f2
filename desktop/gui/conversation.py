"""Ties the chat of one patient to its consultation: ask, stream, stop, approve, refuse.

The view knows no service and the core knows no widget; this is the only place that knows both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import anyio.to_thread
from PySide6.QtCore import QObject

from desktop.core.agent.port import ToolFinished, ToolStarted
from desktop.core.consultation import (
    Consultation,
    ConsultationEvent,
    Failed,
    Finished,
    GuidanceDelta,
    MessageBlocked,
    Opening,
)
from desktop.core.events import ApprovalAsked
from desktop.gui.tasks import Tasks, code_of
from desktop.gui.views.answer_view import AnswerView
from desktop.gui.views.chat_view import ChatView
from local_tools.approval import Decision
from local_tools.errors import Code

if TYPE_CHECKING:  # the workbench imports the SDKs, which come after the window is up
    from desktop.core.workbench import Workbench

_CASE_OVER = {Code.CASE_EXPIRED.value, Code.CASE_UNKNOWN.value}


class Conversation(QObject):
    """One per patient. The case opens with the first question, not with a look at the record."""

    def __init__(self, workbench: Workbench, patient_id: str, view: ChatView, tasks: Tasks) -> None:
        super().__init__(view)
        self.view = view
        self._workbench = workbench
        self._patient_id = patient_id
        self._tasks = tasks
        self._consultation: Consultation | None = None
        self._cancel: Callable[[], object] | None = None
        self._answer: AnswerView | None = None
        view.submitted.connect(self._submit)
        view.stopped.connect(self.stop)
        view.approved.connect(self._approve)
        view.refused.connect(self._refuse)

    def show_question(self, asked: ApprovalAsked) -> None:
        """A release of this patient waits: show the card, then put the record beside it."""
        self.view.add_card(asked)
        self._tasks.start(self._show_sources(asked.ticket))

    def settle(self, ticket: int, decision: Decision) -> None:
        """A question was answered, or ran out of time."""
        self.view.settle_card(ticket, decision)

    def stop(self) -> None:
        """Stop the answer at once; what it still asked for is not sent."""
        if self._cancel is None:
            return
        if self._answer is not None:
            self._answer.stop()
        for asked in self._workbench.approvals.pending():
            if self._consultation and asked.proposal.case == self._consultation.case:
                self._workbench.approvals.refuse(asked.ticket)
        self._cancel()

    def _submit(self, text: str) -> None:
        if self._cancel is None:
            self._cancel = self._tasks.start(self._ask(text))

    async def _ask(self, text: str) -> None:
        try:
            await self._check_and_stream(text)
        finally:
            self._cancel = None

    async def _check_and_stream(self, text: str) -> None:
        consultation = self._consultation
        if consultation is None:
            consultation = self._workbench.consult(self._patient_id)
            self._consultation = consultation
        # Against the identifiers of every record of this PC, so off the window's thread.
        found = await anyio.to_thread.run_sync(consultation.check, text)
        if found.findings:
            self.view.show_check(text, found)
            return
        await self._stream(consultation, text)

    async def _stream(self, consultation: Consultation, text: str) -> None:
        agent = self._workbench.agent
        self.view.add_message(text)
        answer = self._answer = self.view.begin_answer(agent.label, is_demo=agent.is_demo)
        started = time.monotonic()
        try:
            async with aclosing(consultation.ask(text)) as events:
                async for event in events:
                    self._show(answer, event, time.monotonic() - started)
        except MessageBlocked as blocked:  # a record changed between the check and now
            self.view.show_check(text, blocked.found)
            answer.fail(blocked.code.value)
        except asyncio.CancelledError:
            answer.stop()
            raise
        except Exception as fault:
            answer.fail(code_of(fault))
            raise
        finally:
            self._answer = None
            self.view.end_answer()

    def _show(self, answer: AnswerView, event: ConsultationEvent, elapsed_s: float) -> None:
        match event:
            case Opening(text, urgent):
                answer.open_with(text, urgent=urgent)
            case GuidanceDelta(text):
                answer.add(text)
            case ToolStarted(name):
                answer.tool_started(name)
            case ToolFinished(name, elapsed_ms, code):
                answer.tool_finished(name, elapsed_ms, code)
                if code in _CASE_OVER:
                    self._consultation = None  # the next question opens a new case
            case Finished():
                answer.finish(elapsed_s)
            case Failed(code):
                answer.fail(code)

    async def _show_sources(self, ticket: int) -> None:
        preview = await self._workbench.preview(self._patient_id)
        card = self.view.cards.get(ticket)
        if card is not None and card.is_open:
            card.show_sources(preview.fields)

    def _approve(self, ticket: int) -> None:
        self._workbench.approvals.approve(ticket)

    def _refuse(self, ticket: int) -> None:
        self._workbench.approvals.refuse(ticket)
