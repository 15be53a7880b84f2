"""Puts the desk's questions to the person at the terminal."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from desktop.cli.terminal import Terminal
from desktop.core.events import ApprovalAsked, CoreEvent
from desktop.core.texts import Texts
from desktop.core.workbench import Workbench
from local_tools.model import Release


class Show(Protocol):
    """Writes a line, or a piece of one."""

    def __call__(self, text: str, *, end: str = "\n") -> None:
        """Write it."""
        ...


class Approving:
    """Shows the exact payload of each question and takes the answer."""

    def __init__(self, bench: Workbench, terminal: Terminal, texts: Texts, show: Show) -> None:
        self.release: Release | None = None  # the last one that was approved
        self._bench = bench
        self._terminal = terminal
        self._texts = texts
        self._show = show

    @asynccontextmanager
    async def running(self, *, always: bool) -> AsyncGenerator[None]:
        """Answer questions meanwhile; with `always` each one with yes, after showing it."""
        asked, questions = anyio.create_memory_object_stream[ApprovalAsked](math.inf)

        def on_event(event: CoreEvent) -> None:
            if isinstance(event, ApprovalAsked):
                asked.send_nowait(event)

        leave = self._bench.subscribe(on_event)
        try:
            async with questions, anyio.create_task_group() as group:
                group.start_soon(self._answer, questions, always)
                yield
                group.cancel_scope.cancel()
        finally:
            leave()
            asked.close()

    async def _answer(
        self, questions: MemoryObjectReceiveStream[ApprovalAsked], always: bool
    ) -> None:
        async for question in questions:
            self._show_payload(question)
            if always or await self._terminal.asks(self._question()):
                if self._bench.approvals.approve(question.ticket):
                    self.release = question.proposal.release
                    self._show(self._texts("cli.approved"))
            else:
                self._bench.approvals.refuse(question.ticket)
                self._show(self._texts("cli.not_sent"))

    def _question(self) -> str:
        return f"{self._texts('cli.question')} {self._texts('cli.yes_no')}"

    def _show_payload(self, question: ApprovalAsked) -> None:
        release = question.proposal.release
        self._show("")
        self._show(self._texts("cli.leaving", size=len(release.body), sha256=release.sha256))
        self._show(self._texts("cli.destination", destination=question.proposal.destination))
        self._show(release.body.decode())
        self._show("")
