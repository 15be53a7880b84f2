"""The log of the app: codes, types and places, never a value.

Our own messages are constants with codes as arguments, so they are written. Of all other libraries
only the place is written: their texts may quote what they were given, as tracebacks do.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import cast

from typing_extensions import override

OURS = ("desktop", "mcp_bridge", "local_tools")
NOISY = ("azure", "httpx2", "mcp", "openai", "asyncio")
MAX_BYTES = 1_000_000
KEPT_FILES = 3

_log = logging.getLogger(__name__)


class BlindFormatter(logging.Formatter):
    """Time, level, logger and place; the message of our own loggers; exceptions by type."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        parts = [self.formatTime(record), record.levelname, record.name]
        parts.append(f"{record.filename}:{record.lineno}")
        if record.name.partition(".")[0] in OURS:
            parts.append(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            parts.append(describe(error))
        return " ".join(parts)


def describe(error: BaseException) -> str:
    """The exception's type, its code if it has one, and its frames; never its text."""
    code = getattr(error, "code", None)  # another library's may be a text from far away
    name = type(error).__name__ + (f"[{code}]" if isinstance(code, StrEnum) else "")
    place = " < ".join([name, *_frames(error.__traceback__)])
    if not isinstance(error, BaseExceptionGroup):
        return place
    parts = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return f"{place} ({'; '.join(describe(part) for part in parts)})"


def start_logging(file: Path, farewell: str) -> None:
    """Log to `file`, owner-only; an uncaught exception prints `farewell` instead of its text.

    Where the file cannot be written there is no log: what matters stops at the ledger, and says so.
    """
    root = logging.getLogger()
    root.addHandler(_handler(file))
    root.setLevel(logging.INFO)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = partial(_uncaught, farewell)
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _uncaught_nowhere


def _handler(file: Path) -> logging.Handler:
    try:
        handler = _PrivateFiles(file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError:
        return logging.NullHandler()  # with none at all, texts would go to stderr
    handler.setFormatter(BlindFormatter())
    return handler


def _uncaught(
    farewell: str,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    del kind, trace
    _log.critical("uncaught %s", describe(error))
    sys.stderr.write(farewell + "\n")


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None:
        _log.critical("uncaught in a thread %s", describe(hook.exc_value))


def _uncaught_nowhere(hook: sys.UnraisableHookArgs) -> None:
    """An error that Python cannot raise, as in a finaliser; it would print the text."""
    if hook.exc_value is not None:
        _log.critical("uncaught nowhere %s", describe(hook.exc_value))


class _PrivateFiles(RotatingFileHandler):
    """Each of its files is owner-only, whatever the umask says."""

    @override
    def _open(self) -> TextIOWrapper:
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY, 0o600))
        return super()._open()


def _frames(trace: TracebackType | None) -> Iterator[str]:
    """Places from the innermost frame outwards."""
    places: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return reversed(places)
