"""The app's side of `local_tools.approval_desk`: karte-tools asks the doctor in the running app.

One connection is one question. The socket lies in a folder that only this user can open, and
whoever connects has to know the key. What goes wrong, on either side, means: not sent.
"""

from __future__ import annotations

import logging
import secrets
import sys
import tempfile
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import anyio
from anyio import to_thread
from anyio.abc import TaskStatus

from local_tools.approval import Approver, Decision, Proposal
from local_tools.approval_desk import (
    MAX_BYTES,
    Ask,
    decode_ask,
    encode_answer,
    proposal_of,
    publish,
    withdraw,
)
from local_tools.errors import ToolsError
from local_tools.privacy.gate import Gate
from local_tools.records.source import RecordSource

RECEIVE_S = 5.0  # for the question, once somebody is connected
LOOK_S = 0.2  # how soon we notice that the asker left
STOP_S = 2.0
PAUSE_S = 0.05  # after a connection that came to nothing

_log = logging.getLogger(__name__)


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
                while True:
                    connection = await to_thread.run_sync(door.accept, abandon_on_cancel=True)
                    if connection is None:
                        await anyio.sleep(PAUSE_S)
                    else:
                        group.start_soon(self._serve, connection)
        finally:
            with anyio.move_on_after(STOP_S, shield=True):
                await to_thread.run_sync(door.close, abandon_on_cancel=True)

    async def _serve(self, connection: Connection) -> None:
        """Take one question to the approver and send back its answer."""
        with connection:
            try:
                ask = await to_thread.run_sync(_receive, connection)
                decision = await self._decide(ask, connection)
                connection.send_bytes(encode_answer(decision))
            except (OSError, EOFError, ValueError, RecursionError):
                _log.info("A question from outside came to nothing.")

    async def _decide(self, ask: Ask, connection: Connection) -> Decision:
        """The approver's answer; raises EOFError if the asker leaves before."""
        try:
            proposal = await to_thread.run_sync(proposal_of, ask, self._records, self._gate)
        except ToolsError:
            return Decision.DENIED_BY_RULE
        decisions: list[Decision] = []
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_when_closed, connection, group.cancel_scope)
            decisions.append(await self._answer(proposal))
            group.cancel_scope.cancel()
        if not decisions:
            raise EOFError
        return decisions[0]

    async def _answer(self, proposal: Proposal) -> Decision:
        try:
            return await self._approver.decide(proposal)
        except Exception:  # noqa: BLE001 - an approver that fails has not approved
            return Decision.DENIED_BY_RULE


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
        self._listener = Listener(address, family, authkey=self._desk.authkey)
        self._closing = False

    def accept(self) -> Connection | None:
        """The next asker who knows the key; None for one who does not, or when closing."""
        try:
            connection = self._listener.accept()
        except (OSError, EOFError, AuthenticationError):
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


def _receive(connection: Connection) -> Ask:
    """The question. Raises OSError, EOFError or ValueError if there is none in time."""
    if not connection.poll(RECEIVE_S):
        raise EOFError
    return decode_ask(connection.recv_bytes(MAX_BYTES))


async def _cancel_when_closed(connection: Connection, scope: anyio.CancelScope) -> None:
    """Whatever an asker sends behind its question, or its leaving, takes the question back."""
    while not await to_thread.run_sync(connection.poll, LOOK_S, abandon_on_cancel=True):
        pass
    scope.cancel()
