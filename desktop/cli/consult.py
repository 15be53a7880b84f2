"""`karte-bridge consult`: the main job in the terminal, over the same bridge as in the window."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping, Sequence

import anyio

from desktop.cli.approving import Approving
from desktop.cli.report import Report
from desktop.cli.world import World
from desktop.core.agent.port import ToolFinished
from desktop.core.consultation import Consultation, Failed, GuidanceDelta, MessageBlocked
from desktop.core.errors import AppCode, AppError
from desktop.core.search import matching
from desktop.core.workbench import Workbench
from local_tools.errors import ToolsError
from local_tools.model import Fate, FieldFate, Preview
from local_tools.records.karte_json import KarteFolder
from local_tools.resources import resource
from mcp_bridge.errors import BridgeError

WIDTH = 96  # columns for the list of what stays


def consult(options: argparse.Namespace, world: World) -> int:
    """List the patients, or consult on one; 1 if nothing was sent."""
    if options.list:
        return _list(options, world)
    if not options.patient or not options.symptoms:
        options.usage_error(world.texts("cli.need_patient"))
    try:
        report = anyio.run(_consult, options, world)
    except (AppError, ToolsError, BridgeError) as fault:
        if options.json:
            _say_json({"sent": False, "code": fault.code.value}, world)
        raise
    if options.json:
        _say_json(report.document(), world)
    return 0 if report.sent and report.code is None else 1


def _say_json(document: Mapping[str, object], world: World) -> None:
    world.terminal.say(json.dumps(document, ensure_ascii=False))


def _list(options: argparse.Namespace, world: World) -> int:
    """The patients of the folder, for the person at this PC."""
    records = KarteFolder(world.settings().records_dir or resource("patients"))
    rows = matching(records.patients(), "")
    for problem in records.problems():
        what = world.texts.problem(problem.problem)
        text = world.texts("cli.problem", place=problem.place, problem=what)
        world.terminal.note(text)
    if options.json:
        patients = [
            {"id": row.patient_id, "name": row.display_name, "kana": row.kana} for row in rows
        ]
        _say_json({"patients": patients}, world)
        return 0
    for row in rows:
        world.terminal.say(f"{row.patient_id}\t{row.display_name}\t{row.kana}")
    return 0


async def _consult(options: argparse.Namespace, world: World) -> Report:
    # Loads openai and mcp, over a second: neither the window's start nor --list should wait.
    from desktop.core.composition import open_workbench  # noqa: PLC0415

    async with open_workbench(world.settings(), paths=world.paths, one_off=True) as bench:
        return await _Run(options, world, bench).result()


def _places(fields: Sequence[FieldFate]) -> str:
    """Where the fields stand, without their values; for those that leave, the first text sent."""
    stay = ", ".join(field.path for field in fields if not field.sent)
    lines = textwrap.wrap(stay, WIDTH, break_long_words=False, break_on_hyphens=False)
    for field in fields:
        for first in field.sent[:1]:
            more = f" (+{len(field.sent) - 1})" if len(field.sent) > 1 else ""
            lines.append(f"{field.path} → {first}{more}")
    return textwrap.indent("\n".join(lines), "  ")


class _Run:
    """One consultation, from the preview to the report. People read `show`, scripts the report."""

    def __init__(self, options: argparse.Namespace, world: World, bench: Workbench) -> None:
        self._options = options
        self._bench = bench
        self._terminal = world.terminal
        self._texts = world.texts
        self._show = world.terminal.note if options.json else world.terminal.say

    async def result(self) -> Report:
        """Preview, check, ask the doctor, stream the answer."""
        preview = await self._bench.preview(self._options.patient, self._options.symptoms)
        consultation = self._bench.consult(self._options.patient)
        report = Report.of(consultation.case, self._bench.agent, preview)
        self._show_preview(preview)
        if not (self._options.yes or self._terminal.is_interactive):
            self._show(self._texts.error(AppCode.NOT_APPROVED.value))
            return report.failed(AppCode.NOT_APPROVED.value)
        approving = Approving(self._bench, self._terminal, self._texts, self._show)
        async with approving.running(always=self._options.yes):
            try:
                code = await self._stream(consultation)
            except MessageBlocked as blocked:
                text = self._texts("cli.message_found", cleaned=blocked.found.cleaned)
                self._show(text)
                return report.failed(blocked.code.value)
        report = report.finished(
            consultation.history[-1].text, approving.release, self._bench.ledger_tail(), code
        )
        self._show_end(report)
        return report

    async def _stream(self, consultation: Consultation) -> str | None:
        """Show the answer as it comes; the last code that went wrong, if one did."""
        code: str | None = None
        async for event in consultation.ask(self._options.symptoms):
            match event:
                case GuidanceDelta(text):
                    self._show(text, end="")
                case ToolFinished(code=str(tool_code)):
                    code = tool_code
                case Failed(agent_code):
                    code = agent_code
                case _:
                    pass
        self._show("")
        return code

    def _show_preview(self, preview: Preview) -> None:
        """Every field by its place: what stays, and what leaves instead. Scripts get counts."""
        for fate in Fate:
            fields = [field for field in preview.fields if field.fate is fate]
            self._show(self._texts(f"cli.{fate.value}", count=len(fields)))
            if fields and not self._options.json:
                self._show(_places(fields))
        if preview.release is not None:
            count = len(preview.release.summary.withheld)
            self._show(self._texts("cli.withheld", count=count))

    def _show_end(self, report: Report) -> None:
        if report.code is not None:
            self._show(self._texts.error(report.code))
        if report.row is not None and report.sent:
            self._show(self._texts("cli.ledger_row", id=report.row.id, sha256=report.row.sha256))
