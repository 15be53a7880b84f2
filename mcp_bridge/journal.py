"""The serving side's durable memory: exactly one effect, exactly one answer (DESIGN section 6).

Called by the listener, from worker threads. The order of work is

    get, open, RECEIVED, STARTED, run, DONE with the sealed reply, put reply, delete request

and each state is on the disk (`synchronous=FULL`) before the next step begins. So on redelivery:

    RECEIVED    it did not run: run it
    STARTED     it may have run: again only if the tool just reads, else "unknown outcome"
    DONE        it ran: put the stored reply again

It stores digests and sealed texts only, never a message.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mcp_bridge.errors import Code, LocalFault, PeerFault
from mcp_bridge.private_files import open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    mid TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    reply_queue TEXT NOT NULL,
    reply_texts TEXT,
    received_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS requests_by_age ON requests (received_at);
"""


class State(StrEnum):
    """How far a request came; it never goes back."""

    RECEIVED = "received"
    STARTED = "started"
    DONE = "done"


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """What the journal knows of one request."""

    mid: str
    state: State
    digest: bytes  # of the opened request
    attempts: int  # times that it was started
    reply_queue: str
    reply_texts: tuple[str, ...] | None  # sealed queue texts to put; from DONE on


class Journal:
    """One SQLite file, owner-only. Thread-safe; each call is one short transaction.

    Every method raises LocalFault(JOURNAL_UNUSABLE) when the file cannot be used (a full disk,
    say): then the request must not run.
    """

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        """Open or make the file; `":memory:"` keeps nothing (tests). `clock` gives wall time."""
        self._clock = clock
        self._lock = threading.Lock()
        try:
            self._database = open_database(
                None if path == ":memory:" else Path(path), _SCHEMA, synchronous="FULL"
            )
        except (OSError, sqlite3.Error):
            raise LocalFault(Code.JOURNAL_UNUSABLE) from None

    def receive(self, mid: str, digest: bytes, reply_queue: str) -> Record:
        """Note that the request is here; what was known of it before, if anything, is returned.

        Raises:
            PeerFault: REPLAYED, this `mid` was another request.
        """
        with self._transaction() as database:
            database.execute(
                "INSERT OR IGNORE INTO requests (mid, digest, state, reply_queue, received_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (mid, digest, State.RECEIVED.value, reply_queue, self._clock()),
            )
            record = _find(database, mid)
        if record.digest != digest:
            raise PeerFault(Code.REPLAYED)
        return record

    def start(self, mid: str, after: int) -> bool:
        """Note that the tool is about to run; False if it must not.

        It must not if `after`, the number of starts that the caller knows of, is no longer true:
        another listener on this file went on with the request between `receive` and now. It must be
        known.
        """
        with self._transaction() as database:
            started = database.execute(
                "UPDATE requests SET state=?, attempts=attempts+1"
                " WHERE mid=? AND state<>? AND attempts=?",
                (State.STARTED.value, mid, State.DONE.value, after),
            ).rowcount
            _find(database, mid)
        return started == 1

    def has_started(self, mid: str) -> bool:
        """Whether the tool may have run. It only reads: this works when the disk is full."""
        try:
            with self._lock:
                row = self._database.execute(
                    "SELECT state FROM requests WHERE mid=?", (mid,)
                ).fetchone()
        except sqlite3.Error:
            raise LocalFault(Code.JOURNAL_UNUSABLE) from None
        return row is not None and row[0] != State.RECEIVED.value

    def done(self, mid: str, reply_texts: Sequence[str]) -> None:
        """Keep the sealed reply; the first one stands, since it may have been sent already."""
        with self._transaction() as database:
            database.execute(
                "UPDATE requests SET state=?, reply_texts=? WHERE mid=? AND state<>?",
                (State.DONE.value, json.dumps(list(reply_texts)), mid, State.DONE.value),
            )
            _find(database, mid)

    def forget_older_than(self, seconds: float) -> int:
        """Drop what came longer ago, and say how many.

        Must be more than the longest life of a message plus a lease, or a late copy runs again.
        """
        with self._transaction() as database:
            return database.execute(
                "DELETE FROM requests WHERE received_at<?", (self._clock() - seconds,)
            ).rowcount

    def close(self) -> None:
        """Close the file; further calls raise."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        try:
            with self._lock, self._database as database:
                database.execute("BEGIN IMMEDIATE")
                yield database
        except sqlite3.Error:
            raise LocalFault(Code.JOURNAL_UNUSABLE) from None


def _find(database: sqlite3.Connection, mid: str) -> Record:
    row = database.execute(
        "SELECT state, digest, attempts, reply_queue, reply_texts FROM requests WHERE mid=?", (mid,)
    ).fetchone()
    if row is None:
        raise LocalFault(Code.JOURNAL_UNUSABLE)
    state, digest, attempts, reply_queue, texts = row
    return Record(
        mid,
        State(state),
        digest,
        attempts,
        reply_queue,
        None if texts is None else tuple(json.loads(texts)),
    )
