"""A log line holds types, codes and places; values stay out, whoever logs."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from desktop.core.errors import SettingsError
from desktop.core.logs import start_logging

CANARY = "山田太郎"


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """The app's logging, started on a file and taken down again."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, sys.excepthook, threading.excepthook)
    unraisable = sys.unraisablehook
    file = tmp_path / "app.log"
    start_logging(file, farewell="FAREWELL")
    yield file
    for handler in set(root.handlers) - set(before[0]):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[1])
    sys.excepthook, threading.excepthook = before[2], before[3]
    sys.unraisablehook = unraisable


def fail() -> None:
    raise ValueError(CANARY)


def fail_with_a_code() -> None:
    raise SettingsError(CANARY)


def test_our_messages_are_written(log_file: Path) -> None:
    logging.getLogger("mcp_bridge.listener").info("quarantined %s", "unknown_key")
    assert "quarantined unknown_key" in log_file.read_text()


def test_messages_of_others_are_not(log_file: Path) -> None:
    logging.getLogger("somebody").info("got %s", CANARY)
    line = log_file.read_text()
    assert CANARY not in line
    assert "somebody test_logs.py:" in line


@pytest.mark.expects_log
def test_a_traceback_is_type_and_frames(log_file: Path) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("mcp.server").exception("boom")
    line = log_file.read_text()
    assert "ValueError < test_logs.py:" in line
    assert " fail" in line
    assert CANARY not in line


@pytest.mark.expects_log
def test_a_coded_error_shows_its_code(log_file: Path) -> None:
    try:
        fail_with_a_code()
    except SettingsError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "SettingsError[app_bad_settings]" in log_file.read_text()


@pytest.mark.expects_log
def test_uncaught_errors_print_no_text(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join(5)
    printed = capsys.readouterr()
    written = log_file.read_text()
    assert CANARY not in written + printed.out + printed.err
    assert written.count("CRITICAL") == 2
    assert printed.err == "FAREWELL\n"


@pytest.mark.parametrize("before", [0, 1])
def test_only_the_user_can_read_it(log_file: Path, before: int) -> None:
    """Also the next one, when one is full."""
    old = os.umask(0)
    try:
        for handler in logging.getLogger().handlers:
            if before and isinstance(handler, RotatingFileHandler):
                handler.doRollover()
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o077 for path in log_file.parent.iterdir()} == {0}


@pytest.mark.expects_log
def test_a_code_of_another_library_is_a_text(log_file: Path) -> None:
    class Far(Exception):
        code = CANARY

    sys.excepthook(Far, Far(), None)
    assert "uncaught Far" in log_file.read_text()
    assert CANARY not in log_file.read_text()


@pytest.mark.expects_log
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_in_a_finaliser_prints_no_text(
    log_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Breaks:
        def __del__(self) -> None:
            raise ValueError(CANARY)

    Breaks()
    printed = capsys.readouterr()
    written = log_file.read_text()
    assert CANARY not in written + printed.out + printed.err
    assert "ValueError" in written


@pytest.mark.usefixtures("log_file")
def test_chatty_libraries_are_held_back() -> None:
    assert logging.getLogger("azure.core").getEffectiveLevel() == logging.WARNING


@pytest.mark.expects_log
def test_a_group_shows_its_parts(log_file: Path) -> None:
    group = BaseExceptionGroup(CANARY, [ValueError(CANARY), SettingsError(CANARY)])
    sys.excepthook(type(group), group, None)
    written = log_file.read_text()
    assert "(ValueError; SettingsError[app_bad_settings])" in written
    assert CANARY not in written


@pytest.mark.expects_log
def test_where_no_log_can_be_written_texts_go_nowhere(
    log_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = log_file.parent / "folder"
    folder.mkdir()
    start_logging(folder, farewell="FAREWELL")
    logging.getLogger("somebody").warning("got %s", CANARY)
    assert CANARY not in capsys.readouterr().err
