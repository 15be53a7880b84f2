"""The whole server behind its guard: no argument, no failure and no log gets a value out.

The sample patients are the canaries: none of their identifying values, and nothing that a caller
wrote, may be in any outgoing message, log line or byte of the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server.lowlevel import Server
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage

from local_tools.approval import ApproveAll, Approver, Decision, Proposal
from local_tools.cases import CaseBook
from local_tools.errors import Code
from local_tools.ledger import Ledger
from local_tools.model import Lang, PatientRecord, WithheldReason
from local_tools.pipeline import Pipeline
from local_tools.privacy.gate import Gate
from local_tools.privacy.guard import Guard, ReleaseRegister
from local_tools.records.karte_json import KarteFolder
from local_tools.resources import resource
from local_tools.server import build_server
from local_tools.stdio import GuardedWriteStream
from local_tools.summary.rules import summarise
from local_tools.vocabulary import Vocabulary

TOOL = "get_patient_background"
CANARY = "カナリア鳥之助"
SYMPTOMS = ("めまいと動悸", "胸が痛い", "headache and fever", "", "氏名と電話番号を教えて")
CODES = {code.value for code in Code}


@dataclass
class Recorder:
    """What leaves, as text."""

    inner: Any
    sent: list[str]

    async def send(self, item: SessionMessage, /) -> None:
        self.sent.append(item.message.model_dump_json(by_alias=True, exclude_unset=True))
        await self.inner.send(item)

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


@dataclass
class Clinic:
    """A server for one sample patient, and all traces that it leaves."""

    records: KarteFolder
    pipeline: Pipeline
    server: Server[Any]
    guard: Guard
    folder: Path
    sent: list[str]

    def traces(self, logs: str) -> str:
        files = b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*.db*")))
        return "\n".join((*self.sent, logs, files.decode("utf-8", "replace")))


class Explodes:
    async def decide(self, proposal: Proposal) -> Decision:
        raise RuntimeError(CANARY + proposal.patient_id)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.fixture(scope="module")
def records() -> KarteFolder:
    return KarteFolder(resource("patients"))


@pytest.fixture
def clinic(vocabulary: Vocabulary, records: KarteFolder, tmp_path: Path) -> Iterator[Clinic]:
    yield from make_clinic(vocabulary, records, tmp_path, ApproveAll())


def make_clinic(
    vocabulary: Vocabulary, records: KarteFolder, folder: Path, approver: Approver
) -> Iterator[Clinic]:
    ledger, cases, releases = Ledger(folder / "ledger.db"), CaseBook(), ReleaseRegister()
    cases.open(records.patients()[0].patient_id)
    pipeline = Pipeline(
        records=records,
        vocabulary=vocabulary,
        gate=Gate(vocabulary, records.identifiers),
        ledger=ledger,
        approver=approver,
        cases=cases,
        releases=releases,
        destination="test",
        lang="ja",
    )
    guard = Guard(releases, records.identifiers, vocabulary)
    yield Clinic(records, pipeline, build_server(pipeline), guard, folder, [])
    ledger.close()


@asynccontextmanager
async def connected(clinic: Clinic, mode: str = "auto") -> AsyncIterator[Client]:
    """The official client, connected to the server through the guard."""

    @asynccontextmanager
    async def transport() -> AsyncIterator[Any]:
        async with (
            create_client_server_memory_streams() as (client, (read, write)),
            anyio.create_task_group() as group,
        ):
            guarded = GuardedWriteStream(Recorder(write, clinic.sent), clinic.guard)
            options = clinic.server.create_initialization_options()
            group.start_soon(clinic.server.run, read, guarded, options)
            yield client
            group.cancel_scope.cancel()

    with anyio.fail_after(20):
        async with Client(transport(), mode=mode) as client:
            yield client


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_the_official_client_gets_the_release(clinic: Clinic, mode: str) -> None:
    async with connected(clinic, mode) as client:
        (tool,) = (await client.list_tools()).tools
        result = await client.call_tool(TOOL, {"symptoms": SYMPTOMS[0]})
    assert tool.name == TOOL
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint is True
    assert not result.is_error
    assert set(result.structured_content or {}) == {
        *("patient_context", "symptom_relevance", "recommendations"),
    }


HOSTILE = [
    {"symptoms": CANARY},
    {"symptoms": CANARY * 1000},
    {"symptoms": 42},
    {"symptoms": None},
    {"symptoms": {"name": CANARY}},
    {"symptoms": [CANARY]},
    {"symptom": CANARY},
    {"symptoms": "x", CANARY: CANARY},
    {"symptoms": "x", "case": CANARY},
    {"symptoms": "x", "case": CANARY * 50},
    {"symptoms": "x", "case": ["case-abc234"]},
    {"symptoms": "\ud800"},
    {"symptoms": "\u202e\x00\ufeff"},
    {},
]


async def test_nothing_that_a_caller_writes_comes_back(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with connected(clinic, "2026-07-28") as client:
        for arguments in HOSTILE:
            if "\ud800" in str(arguments):
                continue  # the transport cannot even carry it
            result = await client.call_tool(TOOL, arguments)
            assert not result.is_error or result.content[0].text in CODES  # type: ignore[union-attr]
        result = await client.call_tool(CANARY, {"a": CANARY})
        assert result.content[0].text == "unknown_tool"  # type: ignore[union-attr]
        with pytest.raises(MCPError):
            await client.read_resource(f"karte://{CANARY}")
        with pytest.raises(MCPError):
            await client.get_prompt(CANARY)
    assert CANARY not in clinic.traces(caplog.text)


async def test_no_identifier_of_any_patient_is_in_any_trace(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    cases = clinic.pipeline._cases
    async with connected(clinic, "2026-07-28") as client:
        for row in clinic.records.patients():
            case = cases.open(row.patient_id)
            for symptoms in (*SYMPTOMS, row.display_name, row.kana):
                result = await client.call_tool(TOOL, {"symptoms": symptoms, "case": case})
                assert not result.is_error or result.content[0].text == "denied_by_rule"  # type: ignore[union-attr]
    traces = clinic.traces(caplog.text)
    leaked = {
        i.kind.value for i in clinic.records.identifiers() if len(i.value) > 1 and i.value in traces
    }
    assert not leaked


@pytest.mark.expects_log
async def test_an_approver_that_explodes_says_nothing(
    vocabulary: Vocabulary, records: KarteFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for clinic in make_clinic(vocabulary, records, tmp_path, Explodes()):
        async with connected(clinic) as client:
            result = await client.call_tool(TOOL, {"symptoms": "x"})
        assert result.is_error
        assert result.content[0].text == "denied_by_rule"  # type: ignore[union-attr]
        assert CANARY not in clinic.traces(caplog.text)


@pytest.mark.expects_log
async def test_a_crash_inside_says_nothing(
    clinic: Clinic, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> PatientRecord:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(clinic.records, "load", crash)
    try:
        async with connected(clinic) as client:
            result = await client.call_tool(TOOL, {"symptoms": "x"})
    finally:
        monkeypatch.undo()
    assert result.content[0].text == "internal"  # type: ignore[union-attr]
    assert CANARY not in clinic.traces(caplog.text)


async def test_repeated_probing_gets_the_same_bytes(clinic: Clinic) -> None:
    async with connected(clinic) as client:
        texts = {
            str(await client.call_tool(TOOL, {"symptoms": f"{SYMPTOMS[4]}{i}"})) for i in range(20)
        }
    assert len(texts) == 1


@pytest.mark.expects_log
async def test_what_the_guard_blocks_is_answered_with_a_code(clinic: Clinic) -> None:
    """A server that says something of its own: the client learns a code and nothing else."""
    clinic.guard = Guard(ReleaseRegister(), clinic.records.identifiers, Vocabulary.load())
    async with connected(clinic, "2026-07-28") as client:
        with pytest.raises(MCPError, match="guard_blocked"):
            await client.call_tool(TOOL, {"symptoms": "x"})


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_all_sample_patients_pass_the_gate_whole(
    lang: Lang, vocabulary: Vocabulary, records: KarteFolder
) -> None:
    gate = Gate(vocabulary, records.identifiers)
    gate.self_test()
    for row in records.patients():
        record = records.load(row.patient_id)
        for symptoms in SYMPTOMS:
            summary = summarise(record, symptoms, vocabulary, lang=lang, today=date(2026, 1, 1))
            release = gate.release(summary, record)
            reasons = {withheld.reason for withheld in release.summary.withheld}
            assert WithheldReason.FAILED_GRAMMAR not in reasons
