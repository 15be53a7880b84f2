"""Files that nobody but their owner may read: keys, the journal, the embedded carrier."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path

# On Windows the user's profile folder is what keeps others out; mode bits say nothing there.
_HAS_MODES = os.name == "posix"

# A writer that waits longer than this for another process reports "busy".
BUSY_TIMEOUT_S = 3.0


def create_private(path: Path, content: bytes = b"") -> None:
    """Write a new file that only its owner can read, durably.

    Raises:
        FileExistsError: there is one already; it is left alone.
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_private(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, at once or not at all.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        create_private(beside, content)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def is_private(path: Path) -> bool:
    """Whether nobody but the owner has rights on the file. Raises OSError if it is not there."""
    return not _HAS_MODES or path.stat().st_mode & 0o077 == 0


def open_database(path: Path | None, schema: str, *, synchronous: str) -> sqlite3.Connection:
    """An SQLite file in WAL mode, owner-only, in autocommit; usable from any one thread at a time.

    SQLite gives the `-wal` and `-shm` files beside it the same rights.

    Args:
        path: the file, made when missing (its folder too); None keeps all in memory.
        schema: statements that leave a file alone that has it already.
        synchronous: `FULL` survives a power cut, `NORMAL` a crash of the program.

    Raises:
        OSError: the file cannot be made or is readable by others and not ours to change.
        sqlite3.Error: it is no database.
    """
    if path is not None:
        _ensure_private(path)
    connection = sqlite3.connect(
        path or ":memory:",
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executescript(schema)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _ensure_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        create_private(path)
    except FileExistsError:
        if not is_private(path):
            path.chmod(0o600)
