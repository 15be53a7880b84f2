"""Looks whether this PC is fit for the app. Honest: what was not looked at is not reported."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from desktop.core.errors import SettingsError
from desktop.core.paths import Paths
from desktop.core.secrets import is_available
from desktop.core.settings import load_settings
from desktop.core.this_pc import display_is_there, qt_pair
from local_tools.errors import LedgerError, Refused, ToolsError, VocabularyError
from local_tools.ledger import Ledger
from local_tools.privacy.gate import Gate
from local_tools.vocabulary import Vocabulary


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Row:
    """One check: `doctor.<name>` is its title, `doctor.<name>_<detail>` what was found."""

    name: str
    state: State
    detail: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


def check_up(paths: Paths) -> Iterator[Row]:
    """All checks, cheap ones first. Creates no file but an empty ledger."""
    yield _settings(paths)
    yield _pair()
    there = display_is_there()
    yield Row("display", State.OK if there else State.WARN, "ok" if there else "none")
    yield from _vocabulary_and_gate()
    yield _ledger(paths)
    yield _folder(paths)
    safe = is_available()
    yield Row("keyring", State.OK if safe else State.WARN, "ok" if safe else "none")


def _settings(paths: Paths) -> Row:
    try:
        load_settings(paths)
    except SettingsError as fault:
        return Row("settings", State.FAIL, "bad", {"places": ", ".join(fault.places)})
    return Row("settings", State.OK, "ok")


def _pair() -> Row:
    pair = qt_pair()
    fields = {"python": pair.python, "pyside": pair.pyside}
    if pair.pyside is None:
        return Row("python", State.WARN, "none")
    if not pair.is_sound:
        return Row("python", State.FAIL, "bad", fields)
    return Row("python", State.OK, "ok", fields)


def _vocabulary_and_gate() -> Iterator[Row]:
    try:
        vocabulary = Vocabulary.load()
    except VocabularyError:
        yield Row("vocabulary", State.FAIL, "bad")
        return
    yield Row("vocabulary", State.OK, "ok")
    sound = _holds(lambda: Gate(vocabulary, tuple).self_test())
    yield Row("gate", State.OK if sound else State.FAIL, "ok" if sound else "bad")


def _holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except (Refused, ToolsError):
        return False
    return True


def _ledger(paths: Paths) -> Row:
    try:
        ledger = Ledger(paths.ledger)
    except LedgerError:
        return Row("ledger", State.FAIL, "unusable")
    try:
        found = ledger.verify()
    except LedgerError:
        return Row("ledger", State.FAIL, "unusable")
    finally:
        ledger.close()
    if not found.ok:
        return Row("ledger", State.FAIL, "bad", {"first_bad": found.first_bad})
    return Row("ledger", State.OK, "ok", {"entries": found.entries})


def _folder(paths: Paths) -> Row:
    """Others must not look in; Windows profiles are private by their access lists."""
    if sys.platform == "win32":
        return Row("folder", State.OK, "ok")
    mode = stat.S_IMODE(paths.data.stat().st_mode)
    private = mode & 0o077 == 0
    return Row("folder", State.OK if private else State.FAIL, "ok" if private else "bad")
