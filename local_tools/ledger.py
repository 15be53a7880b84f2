"""The account of everything that left or was refused: append-only, hash-chained, one SQLite file.

The pipeline writes a row before a release leaves; the app does before it sends a doctor's message.
A row holds hashes, sizes, counts and codes, never a text. `chain` is the sha256 of the row's
canonical JSON, which names the chain value of the row before; the head row keeps the number of
entries and the last chain value, so that a cut tail shows too. Several processes may append.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from local_tools.errors import LedgerError

FIRST = "0" * 64  # what the first row names as its predecessor
_WAIT_S = 5.0  # for another process that appends at this moment
_RETRY_S = 0.02

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, "case" TEXT NOT NULL,
  tool TEXT NOT NULL, destination TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  items INTEGER NOT NULL, withheld INTEGER NOT NULL, decision TEXT NOT NULL,
  reasons TEXT NOT NULL, previous TEXT NOT NULL UNIQUE, chain TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS head (
  one INTEGER PRIMARY KEY CHECK (one = 1), entries INTEGER NOT NULL, chain TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS entries_remain BEFORE DELETE ON entries
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS head_remains BEFORE DELETE ON head
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS head_grows BEFORE UPDATE ON head WHEN NEW.entries <> OLD.entries + 1
  BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""


class EntryKind(StrEnum):
    """What a row accounts for."""

    RELEASE = "release"
    MESSAGE = "message"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be written down. `size` in bytes; `items` and `withheld` are counts.

    `sha256` is of the bytes that leave, empty if there are none. No field holds a value of a
    record, so a row may be shown, logged and exported.
    """

    kind: EntryKind
    case: str
    tool: str
    destination: str
    decision: str
    sha256: str = ""
    size: int = 0
    items: int = 0
    withheld: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row: a draft with its number, its time (UTC) and its links."""

    id: int
    at: datetime
    kind: EntryKind
    case: str
    tool: str
    destination: str
    sha256: str
    size: int
    items: int
    withheld: int
    decision: str
    reasons: tuple[str, ...]
    previous: str
    chain: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the chain holds. `first_bad` is the id of the first row that does not."""

    ok: bool
    entries: int
    first_bad: int | None = None


_COLUMNS = ", ".join(f'"{f.name}"' for f in fields(LedgerEntry))
_MARKS = ", ".join("?" for _ in fields(LedgerEntry))
_ALL = f"SELECT {_COLUMNS} FROM entries ORDER BY id"  # noqa: S608 - column names of a class


def ignore(_entry: LedgerEntry) -> None:
    """An `on_entry` for those who do not watch."""


class Ledger:
    """Thread-safe. `on_entry` is called after each row, on the thread that recorded it."""

    def __init__(self, path: Path, on_entry: Callable[[LedgerEntry], None] = ignore) -> None:
        """Open or create the file.

        Raises:
            LedgerError: the file cannot be written or is no ledger.
        """
        self._lock = threading.Lock()
        self._on_entry = on_entry
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(
                path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error):
            raise LedgerError from None
        try:
            self._set_up()
        except sqlite3.Error:
            self._db.close()
            raise LedgerError from None

    def record(self, draft: Draft) -> LedgerEntry:
        """Append a row; it is on the disk when this returns.

        Raises:
            LedgerError: it is not; nothing may leave.
        """
        with self._writing() as db:
            count, previous = db.execute("SELECT entries, chain FROM head").fetchone()
            facts = asdict(draft)
            facts |= {"id": count + 1, "at": datetime.now(UTC), "previous": previous}
            entry = LedgerEntry(**facts, chain=_chain(facts))
            db.execute(f"INSERT INTO entries ({_COLUMNS}) VALUES ({_MARKS})", _cells(entry))  # noqa: S608
            db.execute("UPDATE head SET entries = ?, chain = ?", (entry.id, entry.chain))
        self._on_entry(entry)
        return entry

    def tail(self, limit: int, before: int | None = None) -> tuple[LedgerEntry, ...]:
        """Return up to `limit` rows older than row `before`, newest first."""
        query = f"SELECT {_COLUMNS} FROM entries WHERE id < ? ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self._reading() as db:
            newest = before if before is not None else 2**62
            return tuple(map(_entry, db.execute(query, (newest, limit)).fetchall()))

    def verify(self) -> Verification:
        """Walk the whole chain: edits, gaps, another order and a cut tail all show."""
        previous, count = FIRST, 0
        with self._reading() as db:
            head_count, head_chain = db.execute("SELECT entries, chain FROM head").fetchone()
            for row in db.execute(_ALL):
                count += 1
                if not _links(row, count, previous):
                    return Verification(ok=False, entries=count, first_bad=count)
                previous = row[-1]
        if (head_count, head_chain) != (count, previous):
            return Verification(ok=False, entries=count, first_bad=count + 1)
        return Verification(ok=True, entries=count)

    def export(self, stream: TextIO) -> None:
        """Write every row as a line of JSON, oldest first, as it went into the chain."""
        with self._reading() as db:
            rows = db.execute(_ALL)
            stream.writelines(_canonical(asdict(_entry(row))) + "\n" for row in rows)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _set_up(self) -> None:
        """Make the tables. SQLite does not wait while another process switches to WAL, so we do."""
        end = time.monotonic() + _WAIT_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.executescript(_SCHEMA)
                self._db.execute("INSERT OR IGNORE INTO head VALUES (1, 0, ?)", (FIRST,))
            except sqlite3.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(_RETRY_S)
            else:
                return

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        """Hold the file for one row: read the head, append, move the head, all or nothing."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except (sqlite3.Error, TypeError):  # TypeError: the head row is gone
                raise LedgerError from None

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        """Read one consistent state, also while another process appends."""
        with self._lock:
            try:
                self._db.execute("BEGIN")
                try:
                    yield self._db
                finally:
                    self._db.execute("ROLLBACK")
            except (sqlite3.Error, TypeError, ValueError):
                raise LedgerError from None


def _canonical(facts: dict[str, Any]) -> str:
    return json.dumps(
        facts, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError


def _chain(facts: dict[str, Any]) -> str:
    """Return the sha256 of a row without its own `chain`."""
    return hashlib.sha256(_canonical(facts).encode()).hexdigest()


def _cells(entry: LedgerEntry) -> tuple[Any, ...]:
    cells = asdict(entry) | {"at": entry.at.isoformat(), "reasons": json.dumps(entry.reasons)}
    return tuple(cells.values())


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    """Read a row back. Raises ValueError if it is not one that `_cells` wrote."""
    facts = dict(zip((f.name for f in fields(LedgerEntry)), row, strict=True))
    facts["at"] = datetime.fromisoformat(facts["at"])
    facts["kind"] = EntryKind(facts["kind"])
    facts["reasons"] = tuple(json.loads(facts["reasons"]))
    return LedgerEntry(**facts)


def _links(row: tuple[Any, ...], number: int, previous: str) -> bool:
    """Say whether a row is the one that the chain expects in this place."""
    try:
        facts = asdict(_entry(row))
    except (ValueError, TypeError):
        return False
    chain = facts.pop("chain")
    return (facts["id"], facts["previous"], chain) == (number, previous, _chain(facts))
