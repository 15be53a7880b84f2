"""The command line's grammar."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.cli.consult import consult
from desktop.cli.doctor import doctor
from desktop.cli.ledger import ledger_export, ledger_show, ledger_verify
from desktop.cli.window import window
from desktop.core.texts import Texts

PROGRAM = "karte-bridge"
SETTINGS = {"lang": "lang", "records": "records_dir", "queue": "queue"}


def build_parser(texts: Texts) -> argparse.ArgumentParser:
    """The grammar with its help in one language; `command` of the result is what to call."""
    parser = argparse.ArgumentParser(PROGRAM, description=texts("cli.description"))
    _add_lang(parser, texts)
    parser.set_defaults(command=window)
    commands = parser.add_subparsers(metavar="consult | ledger | doctor")
    _add_consult(commands.add_parser("consult", help=texts("cli.help_consult")), texts)
    _add_ledger(commands.add_parser("ledger", help=texts("cli.help_ledger")), texts)
    check = commands.add_parser("doctor", help=texts("cli.help_doctor"))
    check.set_defaults(command=doctor)
    _add_json(check, texts)
    _add_lang(check, texts)
    return parser


def chosen_settings(options: argparse.Namespace) -> dict[str, object]:
    """The options that override settings, under the settings' names."""
    found = {setting: getattr(options, option, None) for option, setting in SETTINGS.items()}
    return {setting: value for setting, value in found.items() if value is not None}


def _add_consult(parser: argparse.ArgumentParser, texts: Texts) -> None:
    parser.set_defaults(command=consult, usage_error=parser.error)
    parser.add_argument("--patient", metavar="ID", help=texts("cli.help_patient"))
    parser.add_argument(
        "--symptoms", metavar="TEXT", type=_printable, help=texts("cli.help_symptoms")
    )
    parser.add_argument("--list", action="store_true", help=texts("cli.help_list"))
    parser.add_argument("--records", metavar="DIR", type=Path, help=texts("cli.help_records"))
    parser.add_argument("--queue", metavar="CARRIER", help=texts("cli.help_queue"))
    parser.add_argument("--yes", action="store_true", help=texts("cli.help_yes"))
    _add_json(parser, texts)
    _add_lang(parser, texts)


def _add_ledger(parser: argparse.ArgumentParser, texts: Texts) -> None:
    actions = parser.add_subparsers(required=True, metavar="verify | show | export")
    verify = actions.add_parser("verify", help=texts("cli.help_ledger_verify"))
    verify.set_defaults(command=ledger_verify)
    show = actions.add_parser("show", help=texts("cli.help_ledger_show"))
    show.set_defaults(command=ledger_show)
    show.add_argument("--limit", type=int, default=20, help=texts("cli.help_limit"))
    export = actions.add_parser("export", help=texts("cli.help_ledger_export"))
    export.set_defaults(command=ledger_export)
    for action in (verify, show, export):
        _add_lang(action, texts)


def _add_json(parser: argparse.ArgumentParser, texts: Texts) -> None:
    parser.add_argument("--json", action="store_true", help=texts("cli.help_json"))


def _add_lang(parser: argparse.ArgumentParser, texts: Texts) -> None:
    """On each level, so that its place on the line does not matter; the innermost one wins."""
    parser.add_argument(
        "--lang", choices=("ja", "en"), default=argparse.SUPPRESS, help=texts("cli.help_lang")
    )


def _printable(text: str) -> str:
    """An argument as text; bytes that the locale could not read become a replacement character."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
