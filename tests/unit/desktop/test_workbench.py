"""The whole app without its window: every part real, the doctor played by the test."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from keyring.backends import fail

from desktop.core.agent import demo
from desktop.core.agent.port import ToolFinished
from desktop.core.composition import Workbench, open_workbench
from desktop.core.consultation import (
    Consultation,
    ConsultationEvent,
    Failed,
    Finished,
    GuidanceDelta,
    MessageBlocked,
)
from desktop.core.errors import NoKeyring, NotConfigured
from desktop.core.events import ApprovalAsked, CoreEvent, LedgerGrew
from desktop.core.paths import Paths
from desktop.core.secrets import agent_key_name, store_secret
from desktop.core.settings import AgentKind, ApprovalMode, Settings
from local_tools.approval_desk import ADDRESS_FILE
from local_tools.errors import RecordError
from local_tools.ledger import EntryKind
from local_tools.model import Fate
from local_tools.paths import ledger_file
from mcp_bridge.events import Health
from tests.fakes import agent_server as fake
from tests.fakes.agent_server import agent_server
from tests.fakes.keyrings import InMemory, using
from tests.fakes.tools import TOOL

PATIENT = "K-100231"
SYMPTOMS = "めまいと動悸"
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
Answer = Callable[[Workbench, ApprovalAsked], object]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(data=tmp_path, policy=tmp_path / "policy.toml")


@asynccontextmanager
async def workbench(paths: Paths, settings: Settings | None = None) -> AsyncIterator[Workbench]:
    with anyio.fail_after(20):
        async with open_workbench(settings or Settings(), paths=paths) as bench:
            yield bench


async def ask(
    bench: Workbench, answer: Answer, text: str = SYMPTOMS
) -> tuple[Consultation, list[ConsultationEvent]]:
    """Consult on the first patient; `answer` plays the doctor at the approval card."""

    def on_event(event: CoreEvent) -> None:
        if isinstance(event, ApprovalAsked):
            answer(bench, event)

    leave = bench.subscribe(on_event)
    try:
        consultation = bench.consult(PATIENT)
        return consultation, [event async for event in consultation.ask(text)]
    finally:
        leave()


def approve(bench: Workbench, asked: ApprovalAsked) -> object:
    return bench.approvals.approve(asked.ticket)


def refuse(bench: Workbench, asked: ApprovalAsked) -> object:
    return bench.approvals.refuse(asked.ticket)


def look_away(_bench: Workbench, _asked: ApprovalAsked) -> None:
    """Let the clock decide."""


def codes(events: list[ConsultationEvent]) -> list[str | None]:
    return [event.code for event in events if isinstance(event, ToolFinished)]


def guidance(events: list[ConsultationEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, GuidanceDelta))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PAUSE_S", 0)


async def test_approved(paths: Paths) -> None:
    seen: list[CoreEvent] = []
    async with workbench(paths) as bench:
        bench.subscribe(seen.append)
        preview = await bench.preview(PATIENT, SYMPTOMS)
        consultation, events = await ask(bench, approve)
        row, message = bench.ledger_tail()
        assert (await bench.ledger_verify()).entries == 2
        assert {side: e.health for side, e in bench.health().items()} == {
            "listener": Health.READY,
            "caller": Health.READY,
        }
    assert codes(events) == [None]
    assert isinstance(events[-1], Finished)
    assert preview.release is not None
    assert {Fate.STAYS, Fate.GENERALISED} <= {field.fate for field in preview.fields}
    (asked,) = (event for event in seen if isinstance(event, ApprovalAsked))
    assert asked.proposal.release.sha256 == preview.release.sha256 == row.sha256
    assert (row.kind, row.case) == (EntryKind.RELEASE, consultation.case)
    assert message.kind is EntryKind.MESSAGE
    assert [e.entry.id for e in seen if isinstance(e, LedgerGrew)] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "code"), [(refuse, "denied_by_user"), (look_away, "approval_timeout")]
)
async def test_not_approved(paths: Paths, answer: Answer, code: str) -> None:
    async with workbench(paths, Settings(approval_timeout_s=0.2)) as bench:
        _, events = await ask(bench, answer)
        row, _ = bench.ledger_tail()
        assert bench.approvals.pending() == ()
    assert codes(events) == [code]
    assert (row.kind, row.decision) == (EntryKind.REFUSAL, code)
    assert "送信されていません" in guidance(events)


async def test_the_next_summary_and_answer_are_in_another_language(paths: Paths) -> None:
    async with workbench(paths) as bench:
        bench.speak("en")
        _, events = await ask(bench, approve)
        preview = await bench.preview(PATIENT, SYMPTOMS)
        row, _ = bench.ledger_tail()
    assert JAPANESE.search(guidance(events)) is None
    assert preview.release is not None
    assert preview.release.summary.lang == "en"
    assert row.sha256 == preview.release.sha256


async def test_a_policy_keeps_the_language(paths: Paths) -> None:
    async with workbench(paths, Settings(lang="ja", locked=frozenset({"lang"}))) as bench:
        bench.speak("en")
        assert bench.lang == "ja"


async def test_a_policy_that_refuses_asks_nobody(paths: Paths) -> None:
    asked: list[ApprovalAsked] = []
    async with workbench(paths, Settings(approval=ApprovalMode.REFUSE)) as bench:
        _, events = await ask(bench, lambda _bench, question: asked.append(question))
    assert asked == []
    assert codes(events) == ["denied_by_rule"]


async def test_a_name_in_the_message_goes_nowhere(paths: Paths) -> None:
    async with workbench(paths) as bench:
        name = bench.patients()[0].display_name
        with pytest.raises(MessageBlocked):
            await ask(bench, approve, f"{name}さんのめまい")
        assert bench.ledger_tail() == ()


async def test_search_and_unknown_patients(paths: Paths) -> None:
    async with workbench(paths) as bench:
        first = bench.patients()[0]
        assert bench.patients(first.patient_id) == (first,)
        assert bench.problems() == ()
        with pytest.raises(RecordError):
            bench.consult("nobody")
        with pytest.raises(RecordError):
            await bench.preview("nobody")


async def test_closing_while_a_question_waits_sends_nothing(paths: Paths) -> None:
    asked = anyio.Event()
    async with anyio.create_task_group() as group, workbench(paths) as bench:
        group.start_soon(ask, bench, lambda _bench, _question: asked.set())
        await asked.wait()
        group.cancel_scope.cancel()
    async with workbench(paths) as bench:
        assert [row.kind for row in bench.ledger_tail()] == [EntryKind.REFUSAL, EntryKind.MESSAGE]


async def test_files_are_for_their_owner_only(paths: Paths) -> None:
    async with workbench(paths) as bench:
        await ask(bench, approve)
        assert (paths.data / ADDRESS_FILE).exists()
        modes = {p.name: p.stat().st_mode & 0o077 for p in paths.data.iterdir() if p.is_file()}
    assert {"queue.db", "journal.db", "ledger.db", "bridge.key"} <= modes.keys()
    assert set(modes.values()) == {0}
    assert not (paths.data / ADDRESS_FILE).exists()


def test_the_app_and_karte_tools_share_one_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARTE_HOME", str(tmp_path))
    assert Paths.here().ledger == ledger_file()


@pytest.fixture
def key() -> Iterator[None]:
    """A keyring that holds the fake server's key."""
    backend = InMemory()
    with using(backend):
        store_secret(agent_key_name("127.0.0.1"), "key-1")
        yield


@pytest.mark.usefixtures("key")
async def test_a_cloud_agent_calls_the_tool_over_the_queue(paths: Paths) -> None:
    calls = fake.tool_calls((TOOL, json.dumps({"symptoms": SYMPTOMS, "case": "case-zzzzzz"})))
    async with agent_server(calls, fake.text("ANSWER")) as server:
        settings = Settings(agent=AgentKind.CLOUD, base_url=server.base_url, model="tiny")
        async with workbench(paths, settings) as bench:
            _, events = await ask(bench, approve)
            row, message = bench.ledger_tail()
    assert codes(events) == [None]
    assert "ANSWER" in guidance(events)
    assert (row.destination, message.destination) == ("127.0.0.1", "127.0.0.1")
    (output,) = fake.outputs(server.requests[1])
    assert json.loads(output)["patient_context"]["age_group"].endswith("代")
    parameters = server.requests[0]["tools"][0]["parameters"]
    assert "case" not in parameters["properties"]
    assert server.authorizations[0] == "Bearer key-1"


@pytest.mark.usefixtures("key")
async def test_a_cloud_agent_that_denies_us_is_a_failed_answer(paths: Paths) -> None:
    async with agent_server(fake.status(401)) as server:
        settings = Settings(agent=AgentKind.CLOUD, base_url=server.base_url, model="tiny")
        async with workbench(paths, settings) as bench:
            _, events = await ask(bench, approve)
    assert events[-1] == Failed("agent_sign_in")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(agent=AgentKind.CLOUD), NotConfigured),
        (Settings(agent=AgentKind.CLOUD, base_url="https://a.example", model="m"), NoKeyring),
    ],
)
async def test_a_cloud_agent_needs_its_settings(
    paths: Paths, settings: Settings, error: type[Exception]
) -> None:
    with using(fail.Keyring()), pytest.raises(error):
        async with workbench(paths, settings):
            pass


@pytest.mark.usefixtures("key")
async def test_a_cloud_agent_without_a_key_is_not_configured(paths: Paths) -> None:
    settings = Settings(agent=AgentKind.CLOUD, base_url="https://a.example", model="m")
    with pytest.raises(NotConfigured) as fault:
        async with workbench(paths, settings):
            pass
    assert fault.value.missing == ("api_key",)
