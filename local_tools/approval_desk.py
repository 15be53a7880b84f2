"""karte-tools asks the running app: may this release leave?

An MCP host starts karte-tools as a process of its own, without a window. The app listens on a local
socket (`multiprocessing.connection`: AF_UNIX, or AF_PIPE on Windows) and shows the question like
one of its own. Two owner-only files in the data folder say where and prove who asks:

    approval.address   {"family": "AF_UNIX", "address": "…"}, written by the app while it listens
    approval.key       32 random bytes, the authkey of the connection

One connection carries one question. Messages are JSON, by `send_bytes` and `recv_bytes` only: the
pickles of `send` and `recv` are never used.

    karte-tools -> app   {"v": 1, "case": …, "patient_id": …, "tool": …, "destination": …,
                          "sha256": …, "summary": {…}}                  the class Ask
    app -> karte-tools   {"v": 1, "decision": "approved"}               the class Answer

If the asker gives up, it closes the connection, and the app takes the question back. The app does
not believe what it is shown: `proposal_of` passes the summary through the app's own gate, and the
bytes must come out the same. Whatever goes wrong on either side means: not sent.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import stat
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Client
from pathlib import Path
from typing import Literal, Protocol

import anyio
import anyio.from_thread
import anyio.lowlevel
from pydantic import TypeAdapter, ValidationError

from local_tools.approval import Decision, Proposal
from local_tools.errors import Code, Refused
from local_tools.model import PatientRecord, Release, Summary

ADDRESS_FILE = "approval.address"
KEY_FILE = "approval.key"
MAX_BYTES = 65_536  # of a message
MAX_OPEN = 8  # questions of one process at a time; more of them wait their turn
_POLL_S = 0.1  # how soon the asking thread notices that nobody waits any more
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Desk:
    """Where the app listens: what `multiprocessing.connection` needs to know."""

    family: str
    address: str
    authkey: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Ask:
    """A question as it came over the socket; not yet believed."""

    case: str
    patient_id: str
    tool: str
    destination: str
    sha256: str
    summary: Summary
    v: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the doctor, the clock or a rule said."""

    decision: Decision
    v: Literal[1] = 1


_ASK = TypeAdapter(Ask)
_ANSWER = TypeAdapter(Answer)


class Records(Protocol):
    """What `proposal_of` asks of the app's records."""

    def load(self, patient_id: str) -> PatientRecord:
        """Return a record, or raise RecordError."""
        ...


class Regate(Protocol):
    """What `proposal_of` asks of the app's gate."""

    def release(self, summary: Summary, record: PatientRecord) -> Release:
        """Return a release, or raise Refused."""
        ...


# ---------------------------------------------------------------------------- where the app is


def publish(folder: Path, family: str, address: str) -> Desk:
    """Say where the app is going to listen, and make a fresh authkey. For the app."""
    authkey = secrets.token_bytes(32)
    _write_private(folder / KEY_FILE, authkey)
    where = json.dumps({"family": family, "address": address})
    _write_private(folder / ADDRESS_FILE, where.encode())
    return Desk(family, address, authkey)


def withdraw(folder: Path) -> None:
    """Say that the app does not listen any more. For the app."""
    for name in (ADDRESS_FILE, KEY_FILE):
        (folder / name).unlink(missing_ok=True)


def find_desk(folder: Path) -> Desk:
    """Return where the app listens.

    Raises:
        OSError: it does not, or the files are not its owner's alone.
        ValueError: the address file is damaged.
    """
    where = TypeAdapter(dict[str, str]).validate_json(_read_private(folder / ADDRESS_FILE))
    if set(where) != {"family", "address"}:
        raise ValueError
    return Desk(where["family"], where["address"], _read_private(folder / KEY_FILE))


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _read_private(path: Path) -> bytes:
    if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError
    return path.read_bytes()


# ---------------------------------------------------------------------------- what is said


def encode_ask(proposal: Proposal) -> bytes:
    """Return the question for a proposal."""
    ask = Ask(
        case=proposal.case,
        patient_id=proposal.patient_id,
        tool=proposal.tool,
        destination=proposal.destination,
        sha256=proposal.release.sha256,
        summary=proposal.release.summary,
    )
    return _ASK.dump_json(ask)


def decode_ask(message: bytes) -> Ask:
    """Read a question. Raises ValueError, which says nothing of the message."""
    try:
        return _ASK.validate_json(message)
    except ValidationError:
        raise ValueError from None


def encode_answer(decision: Decision) -> bytes:
    """Return the answer."""
    return _ANSWER.dump_json(Answer(decision))


def decode_answer(message: bytes) -> Decision:
    """Read an answer. Raises ValueError."""
    return _ANSWER.validate_json(message).decision


def proposal_of(ask: Ask, records: Records, gate: Regate) -> Proposal:
    """Return what the app shows the doctor: made by the app's own gate, for its own record.

    Raises:
        ToolsError: the app would not release this, or not these bytes.
    """
    release = gate.release(ask.summary, records.load(ask.patient_id))
    if release.sha256 != ask.sha256:
        raise Refused(Code.GATE_BLOCKED)
    return Proposal(ask.case, ask.patient_id, ask.tool, ask.destination, release)


# ---------------------------------------------------------------------------- the asking side


class AskTheApp:
    """An approver that asks the app whose data folder this is; without it nothing is approved."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free = anyio.Semaphore(MAX_OPEN)

    async def decide(self, proposal: Proposal) -> Decision:
        """Ask, and wait for as long as the app takes; the app has the clock."""
        async with self._free:
            decision = await self._answer(encode_ask(proposal))
        if decision is None:
            _log.warning("The app did not answer. Start karte-bridge, so that it can ask you.")
            return Decision.DENIED_BY_RULE
        return decision

    async def _answer(self, question: bytes) -> Decision | None:
        """The app's answer, or None if there is none.

        On a thread of its own: a pool's thread would be missing elsewhere while a doctor thinks,
        and would hold up our end when the app hangs.
        """
        gone, done = threading.Event(), anyio.Event()
        answers: list[Decision] = []
        token = anyio.lowlevel.current_token()

        def ask() -> None:
            with suppress(Exception):  # whatever it was, there is no answer then
                answers.append(self._ask(question, gone))
            with suppress(RuntimeError):  # the loop has ended meanwhile
                anyio.from_thread.run_sync(done.set, token=token)

        threading.Thread(target=ask, daemon=True).start()
        try:
            await done.wait()
        finally:
            gone.set()
        return answers[0] if answers else None

    def _ask(self, question: bytes, gone: threading.Event) -> Decision:
        desk = find_desk(self._folder)
        with Client(desk.address, desk.family, authkey=desk.authkey) as connection:
            connection.send_bytes(question)
            while not connection.poll(_POLL_S):
                if gone.is_set():
                    return Decision.DENIED_BY_RULE  # nobody listens; closing tells the app
            return decode_answer(connection.recv_bytes(MAX_BYTES))
