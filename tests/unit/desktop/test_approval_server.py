"""karte-tools asks the running app over a real local socket; whatever goes wrong is a no."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from anyio import to_thread

from desktop.core.approval_server import ApprovalServer
from desktop.core.approvals import ApprovalDesk
from desktop.core.events import ApprovalAsked, ApprovalClosed, CoreEvent
from local_tools.approval import Decision, Proposal
from local_tools.approval_desk import ADDRESS_FILE, KEY_FILE, AskTheApp, encode_ask, find_desk
from local_tools.errors import Code, Refused
from local_tools.model import Release, Statement, Summary
from tests.fakes.releases import release_of

SUMMARY = Summary(lang="ja", age_group=Statement("30代", ("patient.age",)))
PROPOSAL = Proposal("case-aaaaaa", "P-1", "tool", "host", release_of(SUMMARY))


class Gate:
    """Lets everything through, or nothing."""

    def __init__(self, *, closed: bool = False) -> None:
        self.closed = closed

    def release(self, summary: Summary, _record: object) -> Release:
        if self.closed:
            raise Refused(Code.GATE_BLOCKED)
        return release_of(summary)


class Records:
    def load(self, patient_id: str) -> object:
        return patient_id


class Doctor:
    """Answers each question in one way, or not at all."""

    def __init__(self, answer: Callable[[ApprovalDesk, int], object]) -> None:
        self.desk = ApprovalDesk(self, timeout_s=None)
        self.events: list[CoreEvent] = []
        self.asked = anyio.Event()
        self.closed = anyio.Event()
        self._answer = answer

    def __call__(self, event: CoreEvent) -> None:
        self.events.append(event)
        if isinstance(event, ApprovalAsked):
            self.asked.set()
            self._answer(self.desk, event.ticket)
        elif isinstance(event, ApprovalClosed):
            self.closed.set()


def approve(desk: ApprovalDesk, ticket: int) -> object:
    return desk.approve(ticket)


def refuse(desk: ApprovalDesk, ticket: int) -> object:
    return desk.refuse(ticket)


def break_down(_desk: ApprovalDesk, _ticket: int) -> None:
    raise ZeroDivisionError


def think(_desk: ApprovalDesk, _ticket: int) -> None:
    """Say nothing."""


@asynccontextmanager
async def app(folder: Path, doctor: Doctor, gate: Gate | None = None) -> AsyncIterator[None]:
    server = ApprovalServer(
        folder, doctor.desk, cast("Any", Records()), cast("Any", gate or Gate())
    )
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            await group.start(server.run)
            yield
            group.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        (approve, Decision.APPROVED),
        (refuse, Decision.DENIED_BY_USER),
        (break_down, Decision.DENIED_BY_RULE),
    ],
)
async def test_the_doctor_decides(
    tmp_path: Path, answer: Callable[[ApprovalDesk, int], object], decision: Decision
) -> None:
    doctor = Doctor(answer)
    async with app(tmp_path, doctor):
        assert await AskTheApp(tmp_path).decide(PROPOSAL) is decision
    asked = doctor.events[0]
    assert isinstance(asked, ApprovalAsked)
    assert asked.proposal.release.sha256 == PROPOSAL.release.sha256
    assert asked.proposal.case == "case-aaaaaa"


async def test_several_ask_at_once(tmp_path: Path) -> None:
    answers: list[Decision] = []

    async def ask() -> None:
        answers.append(await AskTheApp(tmp_path).decide(PROPOSAL))

    async with app(tmp_path, Doctor(approve)), anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(ask)
    assert answers == [Decision.APPROVED] * 3


async def test_what_the_apps_gate_refuses_is_not_shown(tmp_path: Path) -> None:
    doctor = Doctor(approve)
    async with app(tmp_path, doctor, Gate(closed=True)):
        assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.DENIED_BY_RULE
    assert doctor.events == []


async def test_an_asker_that_leaves_takes_its_question_back(tmp_path: Path) -> None:
    doctor = Doctor(think)
    async with app(tmp_path, doctor):
        async with anyio.create_task_group() as group:
            group.start_soon(AskTheApp(tmp_path).decide, PROPOSAL)
            await doctor.asked.wait()
            group.cancel_scope.cancel()
        await doctor.closed.wait()
    assert doctor.desk.pending() == ()


@pytest.mark.parametrize("message", [b"", b"not json", b"{}", b'{"v": 1}', b"[" * 60_000])
async def test_nonsense_is_dropped(tmp_path: Path, message: bytes) -> None:
    doctor = Doctor(approve)

    def send() -> bool:
        desk = find_desk(tmp_path)
        with Client(desk.address, desk.family, authkey=desk.authkey) as connection:
            connection.send_bytes(message)
            try:
                connection.recv_bytes()
            except (EOFError, OSError):
                return True
        return False

    async with app(tmp_path, doctor):
        assert await to_thread.run_sync(send)
        assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.APPROVED
    assert len([e for e in doctor.events if isinstance(e, ApprovalAsked)]) == 1


@pytest.mark.expects_log
async def test_without_the_key_nobody_gets_in(tmp_path: Path) -> None:
    doctor = Doctor(approve)
    async with app(tmp_path, doctor):
        key = tmp_path / KEY_FILE
        right = key.read_bytes()
        key.write_bytes(os.urandom(32))
        assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.DENIED_BY_RULE
        key.write_bytes(right)
        assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.APPROVED
    assert len([e for e in doctor.events if isinstance(e, ApprovalAsked)]) == 1


@pytest.mark.parametrize("bytes_", [b"", b"\x00\x00"], ids=["silent", "half a message"])
async def test_one_who_connects_and_stalls_holds_up_nobody(tmp_path: Path, bytes_: bytes) -> None:
    """Neither the next asker nor the end of the app."""
    async with app(tmp_path, Doctor(approve)):
        with socket.socket(socket.AF_UNIX) as stalled:
            stalled.connect(find_desk(tmp_path).address)
            stalled.send(bytes_)
            assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.APPROVED


async def test_one_who_stalls_behind_the_key_holds_up_nobody(tmp_path: Path) -> None:
    async with app(tmp_path, Doctor(approve)):
        desk = find_desk(tmp_path)
        connect = partial(Client, desk.address, desk.family, authkey=desk.authkey)
        with await to_thread.run_sync(connect) as stalled:
            os.write(stalled.fileno(), b"\x00")
            assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.APPROVED


@pytest.mark.expects_log
async def test_a_pipe_that_breaks_while_the_doctor_thinks_takes_the_question_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows looking at the pipe of one who left raises."""

    def broken(_connection: Connection, timeout: float = 0.0) -> bool:
        del timeout
        raise BrokenPipeError

    doctor = Doctor(think)
    async with app(tmp_path, doctor), anyio.create_task_group() as group:
        group.start_soon(AskTheApp(tmp_path).decide, PROPOSAL)
        await doctor.asked.wait()
        monkeypatch.setattr(Connection, "poll", broken)
        await doctor.closed.wait()
        monkeypatch.undo()
    assert doctor.desk.pending() == ()


@pytest.mark.expects_log
async def test_when_the_app_has_stopped_nothing_is_left(tmp_path: Path) -> None:
    before = {thread for thread in threading.enumerate() if "karte" in thread.name}
    async with app(tmp_path, Doctor(think)):
        address = find_desk(tmp_path).address
        assert Path(address).parent.stat().st_mode & 0o077 == 0
    assert not (tmp_path / ADDRESS_FILE).exists()
    assert not (tmp_path / KEY_FILE).exists()
    assert not Path(address).parent.exists()
    assert {thread for thread in threading.enumerate() if "karte" in thread.name} == before
    assert await AskTheApp(tmp_path).decide(PROPOSAL) is Decision.DENIED_BY_RULE


@pytest.mark.expects_log
async def test_closing_the_app_answers_no(tmp_path: Path) -> None:
    doctor = Doctor(think)
    answers: list[Decision] = []

    async def ask() -> None:
        answers.append(await AskTheApp(tmp_path).decide(PROPOSAL))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group, app(tmp_path, doctor):
            group.start_soon(ask)
            await doctor.asked.wait()
    assert answers == [Decision.DENIED_BY_RULE]


@pytest.mark.expects_log
async def test_without_a_socket_the_app_still_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    async with app(tmp_path, Doctor(approve)):
        assert not (tmp_path / ADDRESS_FILE).exists()


def test_the_question_is_json() -> None:
    assert encode_ask(PROPOSAL).startswith(b"{")
