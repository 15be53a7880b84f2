"""The app's side of `local_tools.approval_desk`: karte-tools asks the doctor in the running app.

One connection is one question. The socket lies in a folder that only this user can open, and
whoever connects has to know the key. What goes wrong, on either side, means: not sent.

Each asker has a thread of its own that nobody waits for: one that says nothing, or half of
something, holds up neither the next asker nor the end of the app.
"""

from __future__ import annotations

import logging
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from pathlib import Path

import anyio
import anyio.from_thread
import anyio.lowlevel
from anyio import to_thread
from anyio.abc import TaskGroup, TaskStatus

from local_tools.approval import Approver, Decision
from local_tools.approval_desk import (
    MAX_BYTES,
    Ask,
    decode_ask,
    encode_answer,
    proposal_of,
    publish,
    withdraw,
)
from local_tools.privacy.gate import Gate
from local_tools.records.source import RecordSource

LOOK_S = 0.2  # how soon we notice that the asker left
STOP_S = 2.0
PAUSE_S = 0.05  # after a connection that came to nothing

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Question:
    """A question between its asker's thread and the loop. No decision is a no."""

    ask: Ask
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    settled: threading.Event = field(default_factory=threading.Event)
    decision: Decision = Decision.DENIED_BY_RULE


class ApprovalServer:
    """Run it in a task group; it serves until it is cancelled."""

    def __init__(self, folder: Path, approver: Approver, records: RecordSource, gate: Gate) -> None:
        """`folder` is the data folder, where karte-tools looks for us."""
        self._folder = folder
        self._approver = approver
        self._records = records
        self._gate = gate

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve. The app goes on without it if the socket cannot be made."""
        try:
            door = _Door(self._folder)
        except OSError:
            _log.warning("The app cannot be asked from outside: no local socket.")
            task_status.started()
            return
        try:
            async with anyio.create_task_group() as group:
                task_status.started()
                desk = _Desk(partial(self._take, group))
                while True:
                    connection = await to_thread.run_sync(door.accept, abandon_on_cancel=True)
                    if connection is None:
                        await anyio.sleep(PAUSE_S)
                    else:
                        visit = (connection, door.authkey)
                        threading.Thread(target=desk.visit, args=visit, daemon=True).start()
        finally:
            with anyio.move_on_after(STOP_S, shield=True):
                await to_thread.run_sync(door.close, abandon_on_cancel=True)

    def _take(self, group: TaskGroup, ask: Ask) -> _Question:
        question = _Question(ask)
        group.start_soon(self._answer, question)
        return question

    async def _answer(self, question: _Question) -> None:
        """Take a question to the approver, until its asker leaves."""
        try:
            with question.scope:
                question.decision = await self._decision(question.ask)
        finally:
            question.settled.set()

    async def _decision(self, ask: Ask) -> Decision:
        try:
            proposal = await to_thread.run_sync(proposal_of, ask, self._records, self._gate)
            return await self._approver.decide(proposal)
        except Exception:  # noqa: BLE001 - what fails, however, has not approved
            return Decision.DENIED_BY_RULE


class _Desk:
    """Where askers' threads meet the loop."""

    def __init__(self, take: Callable[[Ask], _Question]) -> None:
        """`take` begins to answer a question; called on the loop."""
        self._take = take
        self._token = anyio.lowlevel.current_token()

    def visit(self, connection: Connection, authkey: bytes) -> None:
        """Serve one asker, on its own thread."""
        try:
            with connection:
                deliver_challenge(connection, authkey)
                answer_challenge(connection, authkey)
                ask = decode_ask(connection.recv_bytes(MAX_BYTES))
                question = anyio.from_thread.run_sync(self._take, ask, token=self._token)
                self._wait(question, connection)
        except (OSError, EOFError, ValueError, AuthenticationError):
            _log.info("A question from outside came to nothing.")
        except RuntimeError:  # the loop has ended; so has the app
            return

    def _wait(self, question: _Question, connection: Connection) -> None:
        """Send the answer back; whatever the asker sends meanwhile, or its leaving, is the end."""
        try:
            while not question.settled.wait(LOOK_S):
                if connection.poll():
                    return
            connection.send_bytes(encode_answer(question.decision))
        finally:
            if not question.settled.is_set():
                anyio.from_thread.run_sync(question.scope.cancel, token=self._token)


class _Door:
    """A listening local socket, and the files that say where it is. Its calls block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = tempfile.TemporaryDirectory(prefix="karte-")
        if sys.platform == "win32":
            family, address = "AF_PIPE", rf"\\.\pipe\karte-{secrets.token_hex(16)}"
        else:
            family, address = "AF_UNIX", str(Path(self._place.name, "desk"))
        self._desk = publish(folder, family, address)
        self._listener = Listener(address, family)  # the key is asked for on the asker's thread
        self._closing = False

    @property
    def authkey(self) -> bytes:
        """What an asker has to know."""
        return self._desk.authkey

    def accept(self) -> Connection | None:
        """The next asker; None when closing."""
        try:
            connection = self._listener.accept()
        except OSError:
            return None
        if self._closing:
            connection.close()
            return None
        return connection

    def close(self) -> None:
        """Stop listening; a caller of `accept` gets None."""
        self._closing = True
        withdraw(self._folder)
        with suppress(OSError):  # wakes a thread that waits in `accept`
            Client(self._desk.address, self._desk.family).close()
        self._listener.close()
        self._place.cleanup()
