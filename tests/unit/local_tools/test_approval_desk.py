"""karte-tools asks the app: the protocol over a real local socket, and every way to a no."""

from __future__ import annotations

import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Listener
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from local_tools.approval import Decision, Proposal
from local_tools.approval_desk import (
    ADDRESS_FILE,
    KEY_FILE,
    AskTheApp,
    decode_answer,
    decode_ask,
    encode_answer,
    encode_ask,
    find_desk,
    proposal_of,
    publish,
    withdraw,
)
from local_tools.errors import Code, Refused
from local_tools.model import (
    Identifier,
    IdentifierKind as Kind,
    PatientRecord,
    Statement,
    Summary,
    Withheld,
    WithheldReason,
)
from local_tools.privacy.gate import Gate
from local_tools.privacy.self_test import AnythingGoes

IDENTIFIERS = (Identifier(Kind.NAME, "髙橋 美咲"),)
RECORD = PatientRecord("p1", "髙橋 美咲", "", None, 35, "", identifiers=IDENTIFIERS)
SUMMARY = Summary(
    lang="ja",
    age_group=Statement("三十代", ("patient.age",)),
    allergies=(Statement("卵", ("allergies[0]",)),),
    withheld=(Withheld("allergies[1]", WithheldReason.NOT_IN_VOCABULARY),),
)

Serve = Callable[[Connection], None]


class Records:
    def load(self, patient_id: str) -> PatientRecord:
        assert patient_id == "p1"
        return RECORD


def gate() -> Gate:
    return Gate(AnythingGoes(), lambda: IDENTIFIERS)


@pytest.fixture
def proposal() -> Proposal:
    return Proposal("case-abc234", "p1", "get", "mcp-host", gate().release(SUMMARY, RECORD))


@contextmanager
def app(folder: Path, serve: Serve) -> Iterator[None]:
    """An app that listens in `folder` and serves one connection."""
    desk = publish(folder, "AF_UNIX", str(folder / "s"))

    def run() -> None:
        with listener.accept() as connection:
            serve(connection)

    with Listener(desk.address, desk.family, authkey=desk.authkey) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        yield
        thread.join(5)
    withdraw(folder)
    assert not thread.is_alive()


async def ask(folder: Path, proposal: Proposal) -> Decision:
    with anyio.fail_after(5):
        return await AskTheApp(folder).decide(proposal)


@pytest.mark.parametrize("decision", list(Decision))
async def test_the_app_answers(tmp_path: Path, proposal: Proposal, decision: Decision) -> None:
    asked: list[bytes] = []

    def serve(connection: Connection) -> None:
        asked.append(connection.recv_bytes())
        connection.send_bytes(encode_answer(decision))

    with app(tmp_path, serve):
        assert await ask(tmp_path, proposal) == decision
    assert proposal_of(decode_ask(asked[0]), Records(), gate()).release == proposal.release


@pytest.mark.expects_log
async def test_without_the_app_nothing_is_approved(tmp_path: Path, proposal: Proposal) -> None:
    assert await ask(tmp_path, proposal) == Decision.DENIED_BY_RULE


@pytest.mark.expects_log
async def test_an_app_that_is_gone_is_no_app(tmp_path: Path, proposal: Proposal) -> None:
    publish(tmp_path, "AF_UNIX", str(tmp_path / "s"))
    assert await ask(tmp_path, proposal) == Decision.DENIED_BY_RULE


@pytest.mark.expects_log
@pytest.mark.parametrize("answer", [b"", b"{}", b'{"decision": "yes"}', b"\x80\x04."])
async def test_an_answer_that_is_none_is_a_no(
    tmp_path: Path, proposal: Proposal, answer: bytes
) -> None:
    def serve(connection: Connection) -> None:
        connection.recv_bytes()
        connection.send_bytes(answer)

    with app(tmp_path, serve):
        assert await ask(tmp_path, proposal) == Decision.DENIED_BY_RULE


@pytest.mark.expects_log
async def test_a_stranger_with_another_key_is_not_believed(
    tmp_path: Path, proposal: Proposal
) -> None:
    desk = publish(tmp_path, "AF_UNIX", str(tmp_path / "s"))
    publish(tmp_path, "AF_UNIX", desk.address)  # the key is another one now

    def run() -> None:
        with pytest.raises(Exception, match="digest"):
            listener.accept()

    with Listener(desk.address, desk.family, authkey=desk.authkey) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        assert await ask(tmp_path, proposal) == Decision.DENIED_BY_RULE
        thread.join(5)


async def test_an_asker_that_gives_up_closes_the_connection(
    tmp_path: Path, proposal: Proposal
) -> None:
    asked, closed = threading.Event(), threading.Event()

    def serve(connection: Connection) -> None:
        connection.recv_bytes()
        asked.set()
        with pytest.raises(EOFError):
            connection.recv_bytes()
        closed.set()

    with app(tmp_path, serve):
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(AskTheApp(tmp_path).decide, proposal)
                await anyio.to_thread.run_sync(asked.wait, 5)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(closed.wait, 5)


@pytest.mark.expects_log
async def test_files_that_others_can_read_are_not_used(tmp_path: Path, proposal: Proposal) -> None:
    publish(tmp_path, "AF_UNIX", str(tmp_path / "s"))
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(PermissionError):
        find_desk(tmp_path)
    assert await ask(tmp_path, proposal) == Decision.DENIED_BY_RULE


def test_the_files_are_their_owners_and_go_again(tmp_path: Path) -> None:
    desk = publish(tmp_path, "AF_UNIX", "somewhere")
    for name in (ADDRESS_FILE, KEY_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert find_desk(tmp_path) == desk
    withdraw(tmp_path)
    withdraw(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_question_survives_the_way(proposal: Proposal) -> None:
    asked = decode_ask(encode_ask(proposal))
    assert asked.summary == proposal.release.summary
    assert (asked.case, asked.patient_id, asked.tool) == ("case-abc234", "p1", "get")
    assert decode_answer(encode_answer(Decision.APPROVED)) == Decision.APPROVED


@pytest.mark.parametrize("message", [b"", b"{}", b"[]", b"\xff", b'{"v": 2}', b"\x80\x04N."])
def test_a_question_that_is_none_is_an_error_without_a_text(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        decode_ask(message)


def test_the_app_believes_its_own_gate_only(proposal: Proposal) -> None:
    asked = decode_ask(encode_ask(proposal))
    other = Summary(lang="ja", age_group=Statement("四十代"))
    for lie in (
        type(asked)(asked.case, "p1", "get", "x", asked.sha256, other),
        type(asked)(asked.case, "p1", "get", "x", "0" * 64, asked.summary),
    ):
        with pytest.raises(Refused) as caught:
            proposal_of(lie, Records(), gate())
        assert caught.value.code == Code.GATE_BLOCKED


async def test_an_app_that_hangs_holds_up_only_who_asks_it(
    tmp_path: Path, proposal: Proposal
) -> None:
    """However many ask, other work goes on; and nobody has to wait for them at the end."""
    pool = {t for t in threading.enumerate() if "AnyIO" in t.name}
    asker = AskTheApp(tmp_path)
    with socket.socket(socket.AF_UNIX) as stalled, anyio.fail_after(5):
        stalled.bind(str(tmp_path / "s"))
        stalled.listen(100)
        publish(tmp_path, "AF_UNIX", str(tmp_path / "s"))
        async with anyio.create_task_group() as group:
            for _ in range(60):
                group.start_soon(asker.decide, proposal)
            await anyio.wait_all_tasks_blocked()
            assert {t for t in threading.enumerate() if "AnyIO" in t.name} <= pool
            assert await anyio.to_thread.run_sync(lambda: "free") == "free"
            group.cancel_scope.cancel()
