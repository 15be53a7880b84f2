"""The only place that knows all parts: it puts them together, and takes them apart in order."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from desktop.core.agents import open_agent
from desktop.core.approval_server import ApprovalServer
from desktop.core.approvals import ApprovalDesk
from desktop.core.bridge_service import BridgeParts, BridgeService
from desktop.core.events import LedgerGrew
from desktop.core.hub import Hub
from desktop.core.paths import Paths
from desktop.core.safety import Safety
from desktop.core.settings import ApprovalMode, Settings
from desktop.core.texts import every_language
from desktop.core.workbench import Parts, Workbench
from local_tools.approval import ApproveAll, Approver, RefuseAll
from local_tools.cases import CaseBook
from local_tools.ledger import Ledger
from local_tools.pipeline import Pipeline
from local_tools.privacy.gate import Gate
from local_tools.privacy.guard import Guard, ReleaseRegister
from local_tools.records.karte_json import KarteFolder
from local_tools.resources import resource
from local_tools.server import TOOLS, build_server
from local_tools.vocabulary import Vocabulary
from mcp_bridge.background import background
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.sqlite import SqliteCarrier
from mcp_bridge.errors import LocalFault
from mcp_bridge.journal import Journal
from mcp_bridge.policy import Policy
from mcp_bridge.sealing import KeyRing, PairingSecret, read_key_file, write_key_file
from mcp_bridge.upstream import ServerUpstream

__all__ = ["Workbench", "open_workbench"]

CALL_S = 60.0  # how long a call may take on its way and at the tool, besides the doctor's yes
LONGEST_CALL_S = 12 * 3600.0  # where approvals wait for ever: as long as a case lives


@asynccontextmanager
async def open_workbench(
    settings: Settings, *, paths: Paths | None = None, one_off: bool = False
) -> AsyncGenerator[Workbench]:
    """Start the bridge and everything on it; stop it again, in bounded time.

    With `one_off` the bridge gets queues of its own, which are removed at the end, and karte-tools
    is not served: for a command that runs beside the app.

    Raises:
        AppError, ToolsError, BridgeError: Something that is needed cannot be opened; its code
            says what.
    """
    paths = paths or Paths.here()
    hub = Hub()
    desk = ApprovalDesk(hub.announce, timeout_s=settings.approval_timeout_s)
    approver = _approver(settings, desk)
    async with AsyncExitStack() as stack:
        vocabulary = await to_thread.run_sync(Vocabulary.load)
        agent = await stack.enter_async_context(open_agent(settings, vocabulary))
        ledger = Ledger(paths.ledger, lambda entry: hub.announce_from_thread(LedgerGrew(entry)))
        stack.callback(ledger.close)
        clinic = await to_thread.run_sync(
            _clinic, settings, vocabulary, ledger, approver, agent.destination
        )
        journal = Journal(paths.journal)
        stack.callback(journal.close)
        parts = _bridge_parts(settings, paths, clinic, journal, one_off)
        bridge = BridgeService(parts, hub.announce)
        group = await stack.enter_async_context(background())
        stack.callback(desk.close)
        await group.start(bridge.run)
        if not one_off:
            asked = ApprovalServer(paths.data, approver, clinic.records, clinic.gate)
            await group.start(asked.run)
        yield Workbench(
            settings,
            agent,
            desk,
            Parts(
                hub=hub,
                vocabulary=vocabulary,
                records=clinic.records,
                cases=clinic.cases,
                ledger=ledger,
                pipeline=clinic.pipeline,
                tools=bridge.tools,
                safety=Safety(vocabulary, every_language()),
                health=bridge.health,
            ),
        )


@dataclass(frozen=True, slots=True)
class _Clinic:
    """What stays on this PC, and the two doors in front of it."""

    records: KarteFolder
    cases: CaseBook
    gate: Gate
    guard: Guard
    pipeline: Pipeline


def _clinic(
    settings: Settings,
    vocabulary: Vocabulary,
    ledger: Ledger,
    approver: Approver,
    destination: str,
) -> _Clinic:
    """Put the straight line together. Blocks. Raises ToolsError if the gate fails its test."""
    records = KarteFolder(settings.records_dir or resource("patients"))
    gate = Gate(vocabulary, records.identifiers)
    gate.self_test()
    cases = CaseBook()
    releases = ReleaseRegister()
    pipeline = Pipeline(
        records=records,
        vocabulary=vocabulary,
        gate=gate,
        ledger=ledger,
        approver=approver,
        cases=cases,
        releases=releases,
        destination=destination,
        lang=settings.lang,
    )
    guard = Guard(releases, records.identifiers, vocabulary)
    return _Clinic(records, cases, gate, guard, pipeline)


def _approver(settings: Settings, desk: ApprovalDesk) -> Approver:
    match settings.approval:
        case ApprovalMode.ASK:
            return desk
        case ApprovalMode.AUTO:
            return ApproveAll()
        case ApprovalMode.REFUSE:
            return RefuseAll()


def _bridge_parts(
    settings: Settings, paths: Paths, clinic: _Clinic, journal: Journal, one_off: bool
) -> BridgeParts:
    own_name = f"{settings.bridge_name}-{secrets.token_hex(4)}"
    waiting = settings.approval_timeout_s
    server = build_server(clinic.pipeline)
    return BridgeParts(
        carrier=open_carrier(settings.queue) if settings.queue else SqliteCarrier(paths.queue),
        name=own_name if one_off else settings.bridge_name,
        keys=_keys(paths.key),
        journal=journal,
        upstream=lambda: ServerUpstream(server),
        guard=clinic.guard,
        policy=Policy(tools=TOOLS),
        budget_s=LONGEST_CALL_S if waiting is None else waiting + CALL_S,
        one_off=one_off,
    )


def _keys(file: Path) -> KeyRing:
    """The pairing secret of this PC's two sides; made at the first start."""
    if not file.exists():
        with suppress(LocalFault):  # another process was faster, or reading says what is wrong
            write_key_file(file, PairingSecret.generate())
    return read_key_file(file)
