"""The ledger: what it promises, and that every kind of tampering shows."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_tools.errors import LedgerError
from local_tools.ledger import FIRST, Draft, EntryKind, Ledger, LedgerEntry


def draft(number: int = 0) -> Draft:
    return Draft(
        kind=EntryKind.RELEASE,
        case="case-abc234",
        tool="get_patient_background",
        destination="demo",
        decision="approved",
        sha256=f"{number:064x}",
        size=120,
        items=4,
        withheld=1,
        reasons=("rare_combination",),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    return Ledger(path)


def filled(path: Path, rows: int) -> None:
    ledger = Ledger(path)
    for number in range(rows):
        ledger.record(draft(number))
    ledger.close()


def tamper(path: Path, *statements: str) -> None:
    """Do what the triggers forbid, as someone with the file in hand can."""
    db = sqlite3.connect(path)
    for trigger in ("entries_stay", "entries_remain", "head_remains", "head_grows"):
        db.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def verified(path: Path) -> tuple[bool, int | None]:
    ledger = Ledger(path)
    found = ledger.verify()
    ledger.close()
    return found.ok, found.first_bad


def test_a_new_ledger_is_empty_and_verifies(ledger: Ledger) -> None:
    assert ledger.tail(10) == ()
    assert ledger.verify().ok
    ledger.close()


def test_rows_come_back_as_recorded_newest_first(ledger: Ledger) -> None:
    entries = [ledger.record(draft(n)) for n in range(5)]
    assert ledger.tail(3) == tuple(reversed(entries[2:]))
    assert ledger.tail(10, before=3) == (entries[1], entries[0])
    assert entries[0].previous == FIRST
    assert entries[1].previous == entries[0].chain
    assert entries[0].at.tzinfo is not None
    ledger.close()


def test_rows_survive_closing(path: Path) -> None:
    filled(path, 3)
    assert verified(path) == (True, None)


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    filled(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_who_watches_is_told_of_each_row(path: Path) -> None:
    seen: list[LedgerEntry] = []
    ledger = Ledger(path, seen.append)
    entry = ledger.record(draft())
    assert seen == [entry]
    ledger.close()


@pytest.mark.parametrize(
    ("change", "first_bad"),
    [
        ("UPDATE entries SET decision = 'denied_by_user' WHERE id = 3", 3),
        ("UPDATE entries SET at = '2001-01-01T00:00:00+00:00' WHERE id = 1", 1),
        ("UPDATE entries SET at = 'never' WHERE id = 2", 2),
        ("UPDATE entries SET kind = 'other' WHERE id = 2", 2),
        ("UPDATE entries SET sha256 = '' WHERE id = 5", 5),
        ("DELETE FROM entries WHERE id = 2", 2),
        ("DELETE FROM entries WHERE id = 5", 5),
        ("DELETE FROM entries", 1),
    ],
)
def test_an_edit_or_a_deletion_shows(path: Path, change: str, first_bad: int) -> None:
    filled(path, 5)
    tamper(path, change)
    assert verified(path) == (False, first_bad)


def test_another_order_shows(path: Path) -> None:
    filled(path, 5)
    swap = [
        "UPDATE entries SET id = 99 WHERE id = 2",
        "UPDATE entries SET id = 2 WHERE id = 3",
        "UPDATE entries SET id = 3 WHERE id = 99",
    ]
    tamper(path, *swap)
    assert verified(path) == (False, 2)


def test_a_row_put_in_shows(path: Path) -> None:
    filled(path, 2)
    db = sqlite3.connect(path)
    db.execute(
        'INSERT INTO entries SELECT 3, at, kind, "case", tool, destination, sha256, size, items,'
        " withheld, decision, reasons, 'p', 'c' FROM entries WHERE id = 2"
    )
    db.commit()
    db.close()
    assert verified(path) == (False, 3)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET decision = 'x'",
        "DELETE FROM entries",
        "DELETE FROM head",
        "UPDATE head SET entries = 0",
    ],
)
def test_the_file_itself_forbids_changes(path: Path, change: str) -> None:
    filled(path, 2)
    db = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(change)
    db.close()


def test_export_writes_what_the_chain_was_made_of(ledger: Ledger) -> None:
    entries = [ledger.record(draft(n)) for n in range(3)]
    stream = io.StringIO()
    ledger.export(stream)
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [row["chain"] for row in rows] == [entry.chain for entry in entries]
    assert rows[0]["reasons"] == ["rare_combination"]
    ledger.close()


def test_threads_append_one_after_the_other(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ledger.record, map(draft, range(40))))
    assert ledger.verify().ok
    assert ledger.verify().entries == 40
    ledger.close()


def test_two_processes_append_to_one_chain(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from local_tools.ledger import *\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for _ in range(20): ledger.record(Draft(kind=EntryKind.REFUSAL, case='c', tool='t',"
        " destination='d', decision='gate_blocked'))\n"
        "ledger.close()"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(2)]
    assert [writer.wait(30) for writer in writers] == [0, 0]
    assert verified(path) == (True, None)


def test_a_ledger_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "missing" / "ledger.db")
    (tmp_path / "ledger.db").write_text("this is no database, but it is long enough" * 20)
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "ledger.db")


def test_a_row_that_is_not_on_the_disk_is_an_error(path: Path) -> None:
    filled(path, 1)
    ledger = Ledger(path)
    ledger.close()
    with pytest.raises(LedgerError):
        ledger.record(draft())


def test_a_missing_head_is_an_error(path: Path) -> None:
    filled(path, 1)
    ledger = Ledger(path)
    tamper(path, "DELETE FROM head")
    with pytest.raises(LedgerError):
        ledger.record(draft())
    with pytest.raises(LedgerError):
        ledger.verify()
    ledger.close()
