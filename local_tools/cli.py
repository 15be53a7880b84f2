"""karte-tools: the tools as an MCP server over stdio, for hosts such as Claude Desktop or VS Code.

stdout is the wire, so whatever there is to say goes to stderr, as codes.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import anyio
from typing_extensions import override

from local_tools.approval import ApproveAll, Approver, RefuseAll
from local_tools.approval_desk import AskTheApp
from local_tools.cases import CaseBook
from local_tools.errors import Code, RecordError, ToolsError
from local_tools.ledger import Ledger
from local_tools.model import Lang
from local_tools.paths import data_folder, ledger_file
from local_tools.pipeline import Pipeline
from local_tools.privacy.gate import Gate
from local_tools.privacy.guard import Guard, ReleaseRegister
from local_tools.records.karte_json import KarteFolder
from local_tools.resources import resource
from local_tools.server import build_server
from local_tools.stdio import serve_stdio
from local_tools.vocabulary import Vocabulary

DESTINATION = "mcp-host"
FINE, FAILED, NOT_CONFIGURED = 0, 1, 3
_log = logging.getLogger(__name__)


class Options(argparse.Namespace):
    """The command line."""

    records: Path
    patient: str | None
    lang: Lang
    approval: Literal["ask", "auto", "refuse"]


class CodesOnly(logging.Formatter):
    """Shows own messages, which are constants; of others the name only, no text, no traceback."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        own = record.name.startswith("local_tools.")
        return f"{record.levelname} {record.name}" + (f": {record.msg}" if own else "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the host closes stdin; returns the exit code."""
    options = parse(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(CodesOnly())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    try:
        anyio.run(_serve, options)
    except RecordError as error:
        _log.error(error.code.value)
        return NOT_CONFIGURED
    except ToolsError as error:
        _log.error(error.code.value)
        return FAILED
    except Exception:  # noqa: BLE001 - a traceback would show its text
        _log.error(Code.INTERNAL.value)
        return FAILED
    return FINE


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="karte-tools", description=__doc__)
    parser.add_argument(
        "--records", type=Path, default=resource("patients"), help="folder of patient records"
    )
    parser.add_argument("--patient", help="serve this patient; without it no case is open")
    parser.add_argument("--lang", choices=("ja", "en"), default="ja")
    parser.add_argument(
        "--approval",
        choices=("ask", "auto", "refuse"),
        default="ask",
        help="ask through the running app (default), approve what is not rare, or refuse",
    )
    return parser.parse_args(arguments, namespace=Options())


async def _serve(options: Options) -> None:
    records = KarteFolder(options.records)
    cases = CaseBook(lifetime_s=float("inf"))
    if options.patient is not None:
        _open_case(cases, records, options.patient)
    vocabulary = Vocabulary.load()
    gate = Gate(vocabulary, records.identifiers)
    gate.self_test()
    releases = ReleaseRegister()
    ledger = Ledger(ledger_file())
    try:
        pipeline = Pipeline(
            records=records,
            vocabulary=vocabulary,
            gate=gate,
            ledger=ledger,
            approver=_approver(options),
            cases=cases,
            releases=releases,
            destination=DESTINATION,
            lang=options.lang,
        )
        guard = Guard(releases, records.identifiers, vocabulary)
        await serve_stdio(build_server(pipeline), guard)
    finally:
        ledger.close()


def _open_case(cases: CaseBook, records: KarteFolder, patient_id: str) -> None:
    if patient_id not in {row.patient_id for row in records.patients()}:
        raise RecordError("--patient", "unknown", Code.RECORD_NOT_FOUND)
    cases.open(patient_id)


def _approver(options: Options) -> Approver:
    match options.approval:
        case "ask":
            return AskTheApp(data_folder())
        case "auto":
            return ApproveAll()
        case "refuse":
            return RefuseAll()
