"""Queues in one SQLite file that several processes on this PC share; nothing leaves the PC.

WAL lets a reader look while another process writes, so an empty `take` is one short read and never
waits. `synchronous=NORMAL`: a crash of the program loses nothing; a power cut may lose the last
messages, which to their callers is a lost message like any other. Times are this PC's wall clock,
the only clock that its processes share.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import anyio
from anyio import to_thread
from typing_extensions import override

from mcp_bridge.carriers.limits import check_lease, check_name, check_put, check_take
from mcp_bridge.carriers.port import Carrier, OnOperation, Operation, Peeked, Receipt, Taken
from mcp_bridge.errors import (
    CarrierBusy,
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    LeaseLost,
    LocalFault,
    QueueMissing,
)
from mcp_bridge.private_files import open_database

T = TypeVar("T")

# `visible_at` is 0 until the first lease: a clock that jumps back must not hide a fresh message.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL REFERENCES queues (name) ON DELETE CASCADE,
    token TEXT NOT NULL,
    text TEXT NOT NULL,
    put_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    visible_at REAL NOT NULL DEFAULT 0,
    times_taken INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, id);
CREATE INDEX IF NOT EXISTS messages_by_expiry ON messages (expires_at);
"""

_VISIBLE = "SELECT id FROM messages WHERE queue=? AND visible_at<=? AND expires_at>? ORDER BY id"


class SqliteCarrier(Carrier):
    """A `Carrier` over the file at `path`, made when missing; one user enters it at a time.

    Every call works in a thread.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        on_operation: OnOperation | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._on_operation = on_operation
        self._connection: sqlite3.Connection | None = None
        # One connection, so one call at a time; the others wait on the loop, not in a thread.
        self._turn = anyio.CapacityLimiter(1)

    @override
    async def __aenter__(self) -> Self:
        await to_thread.run_sync(self._open, limiter=self._turn)
        return self

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(self._close, limiter=self._turn)

    @override
    async def create(self, queue: str) -> bool:
        check_name(queue)

        def work(database: sqlite3.Connection) -> bool:
            sql = "INSERT OR IGNORE INTO queues (name) VALUES (?)"
            return database.execute(sql, (queue,)).rowcount == 1

        return await self._run(Operation.CREATE, work)

    @override
    async def drop(self, queue: str) -> None:
        def work(database: sqlite3.Connection) -> None:
            database.execute("DELETE FROM queues WHERE name=?", (queue,))

        await self._run(Operation.DROP, work)

    @override
    async def queues(self, prefix: str) -> Sequence[str]:
        def work(database: sqlite3.Connection) -> Sequence[str]:
            names = database.execute("SELECT name FROM queues ORDER BY name")
            return [name for (name,) in names if name.startswith(prefix)]

        return await self._run(Operation.LIST, work)

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        check_put(text, ttl_s)
        token = uuid4().hex

        def work(database: sqlite3.Connection) -> Receipt:
            now = self._clock()
            row = database.execute(
                "INSERT INTO messages (queue, token, text, put_at, expires_at)"
                " SELECT name, ?, ?, ?, ? FROM queues WHERE name=? RETURNING id",
                (token, text, now, now + ttl_s, queue),
            ).fetchone()
            if row is None:
                raise QueueMissing
            database.execute("DELETE FROM messages WHERE expires_at<=?", (now,))
            return Receipt(str(row[0]), token)

        return await self._run(Operation.PUT, work)

    @override
    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        check_take(limit, lease_s)

        def work(database: sqlite3.Connection) -> Sequence[Taken]:
            now = self._clock()
            # A read first: polling an empty queue must not ask for the file's one write lock.
            if database.execute(_VISIBLE + " LIMIT 1", (queue, now, now)).fetchone() is None:
                self._require(database, queue)
                return []
            rows = database.execute(
                "UPDATE messages SET visible_at=?, times_taken=times_taken+1,"  # noqa: S608
                f" token=lower(hex(randomblob(16))) WHERE id IN ({_VISIBLE} LIMIT ?)"
                " RETURNING id, token, text, times_taken, put_at",
                (now + lease_s, queue, now, now, limit),
            ).fetchall()
            return [
                Taken(Receipt(str(id_), token), text, times, max(0.0, now - put_at))
                for id_, token, text, times, put_at in sorted(rows)
            ]

        return await self._run(Operation.TAKE, work)

    @override
    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        check_take(limit, 1)

        def work(database: sqlite3.Connection) -> Sequence[Peeked]:
            self._require(database, queue)
            now = self._clock()
            rows = database.execute(
                f"SELECT text, put_at FROM messages WHERE id IN ({_VISIBLE} LIMIT ?) ORDER BY id",  # noqa: S608
                (queue, now, now, limit),
            ).fetchall()
            return [Peeked(text, max(0.0, now - put_at)) for text, put_at in rows]

        return await self._run(Operation.PEEK, work)

    @override
    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        check_lease(lease_s)
        token = uuid4().hex

        def work(database: sqlite3.Connection) -> Receipt:
            now = self._clock()
            changed = database.execute(
                "UPDATE messages SET visible_at=?, token=?"
                " WHERE queue=? AND id=? AND token=? AND expires_at>?",
                (now + lease_s, token, queue, receipt.message_id, receipt.token, now),
            ).rowcount
            if not changed:
                self._require(database, queue)
                raise LeaseLost
            return Receipt(receipt.message_id, token)

        return await self._run(Operation.RENEW, work)

    @override
    async def delete(self, queue: str, receipt: Receipt) -> None:
        def work(database: sqlite3.Connection) -> None:
            changed = database.execute(
                "DELETE FROM messages WHERE queue=? AND id=? AND token=? AND expires_at>?",
                (queue, receipt.message_id, receipt.token, self._clock()),
            ).rowcount
            if not changed:
                self._require(database, queue)
                raise LeaseLost

        await self._run(Operation.DELETE, work)

    @override
    async def length(self, queue: str) -> int:
        def work(database: sqlite3.Connection) -> int:
            self._require(database, queue)
            sql = "SELECT count(*) FROM messages WHERE queue=? AND expires_at>?"
            count: int = database.execute(sql, (queue, self._clock())).fetchone()[0]
            return count

        return await self._run(Operation.PEEK, work)

    async def _run(self, operation: Operation, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in a thread, each statement one transaction, and map SQLite's errors."""
        database = self._connection
        if database is None:
            raise LocalFault(Code.CLOSED)
        try:
            return await to_thread.run_sync(work, database, limiter=self._turn)
        except sqlite3.Error as error:
            raise _fault(error) from None
        finally:
            if self._on_operation is not None:
                self._on_operation(operation)

    def _open(self) -> None:
        try:
            self._connection = open_database(self._path, _SCHEMA, synchronous="NORMAL")
        except OSError:
            raise CarrierDenied from None
        except sqlite3.Error as error:
            raise _fault(error) from None

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    @staticmethod
    def _require(database: sqlite3.Connection, queue: str) -> None:
        found: Any = database.execute("SELECT 1 FROM queues WHERE name=?", (queue,)).fetchone()
        if found is None:
            raise QueueMissing


def _fault(error: sqlite3.Error) -> CarrierFault:
    """SQLite's codes in the carrier's words; what is neither busy nor denied is "no service"."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return CarrierBusy()
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return CarrierDenied()
        case _:
            return CarrierUnreachable()
