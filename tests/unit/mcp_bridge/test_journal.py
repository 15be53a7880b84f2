"""The journal: what it said before a crash, it says after."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from mcp_bridge.errors import BridgeError, Code, LocalFault, PeerFault
from mcp_bridge.journal import Journal, State

MID = str(uuid4())
DIGEST = bytes(32)
QUEUE = "clinic-res-app"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def journal(path: Path, now: list[float]) -> Iterator[Journal]:
    journal = Journal(path, clock=lambda: now[0])
    yield journal
    journal.close()


def code_of(call: Callable[[], object]) -> Code:
    with pytest.raises(BridgeError) as caught:
        call()
    return caught.value.code


def test_a_new_request_is_received_and_has_not_run(journal: Journal) -> None:
    record = journal.receive(MID, DIGEST, QUEUE)
    assert (record.state, record.attempts, record.reply_texts) == (State.RECEIVED, 0, None)
    assert (record.mid, record.digest, record.reply_queue) == (MID, DIGEST, QUEUE)


def test_a_redelivered_request_is_known_at_every_stage(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    assert journal.receive(MID, DIGEST, QUEUE).state is State.RECEIVED
    journal.start(MID, 0)
    started = journal.receive(MID, DIGEST, QUEUE)
    assert (started.state, started.attempts) == (State.STARTED, 1)
    journal.done(MID, ["one", "二"])
    done = journal.receive(MID, DIGEST, QUEUE)
    assert (done.state, done.reply_texts) == (State.DONE, ("one", "二"))


def test_the_reply_goes_where_the_first_delivery_said(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    assert journal.receive(MID, DIGEST, "clinic-res-thief").reply_queue == QUEUE


def test_each_start_counts(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    for times in range(3):
        journal.start(MID, times)
    assert journal.receive(MID, DIGEST, QUEUE).attempts == 3


def test_the_same_id_with_another_message_is_an_attack(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    with pytest.raises(PeerFault) as caught:
        journal.receive(MID, b"\1" * 32, QUEUE)
    assert caught.value.code is Code.REPLAYED
    assert journal.receive(MID, DIGEST, QUEUE).digest == DIGEST


def test_what_is_done_never_starts_again(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    journal.start(MID, 0)
    journal.done(MID, ["reply"])
    assert not journal.start(MID, 1)
    assert journal.receive(MID, DIGEST, QUEUE).state is State.DONE


def test_of_two_that_saw_the_same_only_one_starts(journal: Journal, path: Path) -> None:
    """One was suspended between reading and starting; the other went on meanwhile."""
    other = Journal(path)
    seen = journal.receive(MID, DIGEST, QUEUE)
    assert other.start(MID, other.receive(MID, DIGEST, QUEUE).attempts)
    assert not journal.start(MID, seen.attempts)
    assert journal.receive(MID, DIGEST, QUEUE).attempts == 1
    other.close()


def test_a_journal_that_cannot_write_still_knows_what_started(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    assert not journal.has_started(MID)
    assert not journal.has_started(str(uuid4()))
    journal.start(MID, 0)
    journal._database.execute("PRAGMA query_only=ON")
    assert journal.has_started(MID)


def test_the_first_reply_stands(journal: Journal) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    journal.done(MID, ["first"])
    journal.done(MID, ["second"])
    assert journal.receive(MID, DIGEST, QUEUE).reply_texts == ("first",)


def test_an_unknown_request_can_neither_start_nor_end(journal: Journal) -> None:
    assert code_of(lambda: journal.start(MID, 0)) is Code.JOURNAL_UNUSABLE
    assert code_of(lambda: journal.done(MID, ["x"])) is Code.JOURNAL_UNUSABLE


def test_pruning_forgets_what_is_old_enough(journal: Journal, now: list[float]) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    now[0] += 100
    journal.receive(str(uuid4()), DIGEST, QUEUE)
    assert journal.forget_older_than(100) == 0
    now[0] += 1
    assert journal.forget_older_than(100) == 1
    assert journal.receive(MID, b"\1" * 32, QUEUE).state is State.RECEIVED


def test_closing_and_opening_loses_nothing(journal: Journal, path: Path) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    journal.start(MID, 0)
    journal.close()
    again = Journal(path)
    assert again.receive(MID, DIGEST, QUEUE).state is State.STARTED
    again.close()


def test_a_killed_process_leaves_what_it_noted(path: Path) -> None:
    script = textwrap.dedent("""
        import os, signal, sys
        from mcp_bridge.journal import Journal
        journal = Journal(sys.argv[1])
        journal.receive(sys.argv[2], bytes(32), "clinic-res-app")
        journal.start(sys.argv[2], 0)
        journal.done(sys.argv[2], ["sealed"])
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = subprocess.run([sys.executable, "-c", script, path, MID], timeout=30, check=False)
    assert killed.returncode != 0
    journal = Journal(path)
    assert journal.receive(MID, DIGEST, QUEUE).reply_texts == ("sealed",)
    journal.close()


def test_two_journals_on_one_file_know_the_same(journal: Journal, path: Path) -> None:
    other = Journal(path)
    journal.receive(MID, DIGEST, QUEUE)
    journal.start(MID, 0)
    assert other.receive(MID, DIGEST, QUEUE).state is State.STARTED
    other.close()


def test_many_threads_may_call_at_once(journal: Journal) -> None:
    mids = [str(uuid4()) for _ in range(40)]

    def serve(mid: str) -> State:
        journal.receive(mid, DIGEST, QUEUE)
        journal.start(mid, 0)
        journal.done(mid, [mid])
        return journal.receive(mid, DIGEST, QUEUE).state

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(serve, mids * 1)) == {State.DONE}


def test_only_the_owner_can_read_the_files(journal: Journal, path: Path) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    files = list(path.parent.iterdir())
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_file_left_open_to_others_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    path.chmod(0o644)
    Journal(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_commit_reaches_the_disk(journal: Journal) -> None:
    assert journal._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_full_disk_is_a_local_fault_and_leaves_the_journal_usable(journal: Journal) -> None:
    database = journal._database
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    journal.receive(MID, DIGEST, QUEUE)
    assert code_of(lambda: journal.done(MID, ["x" * 50_000])) is Code.JOURNAL_UNUSABLE
    database.execute("PRAGMA max_page_count=100000")
    assert journal.receive(MID, DIGEST, QUEUE).state is State.RECEIVED


@pytest.mark.parametrize("use", ["receive", "start", "forget"])
def test_a_closed_journal_is_unusable(use: str) -> None:
    journal = Journal(":memory:")
    journal.receive(MID, DIGEST, QUEUE)
    journal.close()
    calls: dict[str, Callable[[], object]] = {
        "receive": lambda: journal.receive(MID, DIGEST, QUEUE),
        "start": lambda: journal.start(MID, 0),
        "forget": lambda: journal.forget_older_than(0),
    }
    assert code_of(calls[use]) is Code.JOURNAL_UNUSABLE


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough for SQLite to look at its header" * 20)
    with pytest.raises(LocalFault) as caught:
        Journal(path)
    assert caught.value.code is Code.JOURNAL_UNUSABLE


def test_a_journal_holds_no_message(journal: Journal, path: Path) -> None:
    journal.receive(MID, DIGEST, QUEUE)
    journal.done(MID, ["sealed"])
    with sqlite3.connect(path) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(requests)")]
    database.close()
    assert columns == (
        ["mid", "digest", "state", "attempts", "reply_queue", "reply_texts", "received_at"]
    )
