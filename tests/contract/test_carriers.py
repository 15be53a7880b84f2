"""What every carrier promises (mcp_bridge/carriers/port.py), on all three of them.

Memory and SQLite run on a clock that the test holds; Azurite is a real server, so time is real.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import anyio
import pytest

from mcp_bridge.carriers.azure import AzureCarrier
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.opening import open_carrier
from mcp_bridge.carriers.port import MAX_TEXT_BYTES, Carrier, Operation, Receipt, Taken
from mcp_bridge.carriers.sqlite import SqliteCarrier
from mcp_bridge.errors import (
    BridgeError,
    CarrierBusy,
    CarrierDenied,
    CarrierUnreachable,
    Code,
    LeaseLost,
    LocalFault,
    PeerFault,
    QueueMissing,
)

WAIT_S = 10
TTL_S = 60
LEASE_S = 30
UNKNOWN = Receipt(str(uuid4()), "AgAAAAMAAAAAAAAAcOVRZ5bh2wE=")

# A process of its own that takes, deletes and prints whatever is in the queue "shared".
TAKE_ALL = """
import sys, anyio
from pathlib import Path
from mcp_bridge.carriers.sqlite import SqliteCarrier

async def main():
    async with SqliteCarrier(Path(sys.argv[1])) as carrier:
        while taken := await carrier.take("shared", limit=1, lease_s=30):
            print(taken[0].text)
            await carrier.delete("shared", taken[0].receipt)

anyio.run(main)
"""

Pass = Callable[[float], Awaitable[None]]


class CarrierContract:
    """Inherited once a carrier; `carrier` and `let_pass` are what differs."""

    @pytest.fixture
    async def carrier(self) -> AsyncIterator[Carrier]:
        raise NotImplementedError
        yield  # noqa: PT022 - it makes this an iterator, as its heirs are

    @pytest.fixture
    def let_pass(self) -> Pass:
        """Lets seconds go by: on the clock that the test holds, or by waiting for the real one."""
        return anyio.sleep

    @pytest.fixture
    async def queue(self, carrier: Carrier) -> AsyncIterator[str]:
        name = f"test-{uuid4().hex}"
        assert await carrier.create(name)
        yield name
        await carrier.drop(name)

    # -- queues ---------------------------------------------------------------------------------

    async def test_creating_a_queue_twice_says_that_it_was_there(
        self, carrier: Carrier, queue: str
    ) -> None:
        assert not await carrier.create(queue)

    async def test_creating_a_queue_again_keeps_what_is_in_it(
        self, carrier: Carrier, queue: str
    ) -> None:
        await carrier.put(queue, "kept", ttl_s=TTL_S)
        await carrier.create(queue)
        assert texts(await carrier.take(queue, limit=1, lease_s=LEASE_S)) == ["kept"]

    @pytest.mark.parametrize("name", ["", "ab", "Upper", "under_score", "-a-", "a--b", "a" * 64])
    async def test_a_name_that_azure_refuses_is_refused_everywhere(
        self, carrier: Carrier, name: str
    ) -> None:
        with pytest.raises(LocalFault) as caught:
            await carrier.create(name)
        assert caught.value.code is Code.BAD_SETTINGS

    async def test_queues_are_listed_by_prefix_in_order(self, carrier: Carrier) -> None:
        prefix = f"list-{uuid4().hex[:8]}"
        names = [f"{prefix}-res-a", f"{prefix}-req", f"{prefix}-res-b"]
        for name in names:
            await carrier.create(name)
        assert await carrier.queues(prefix) == sorted(names)
        assert await carrier.queues(f"{prefix}-res-") == [names[0], names[2]]
        assert await carrier.queues(f"{prefix}-nobody") == []
        for name in names:
            await carrier.drop(name)

    async def test_a_dropped_queue_is_missing(self, carrier: Carrier) -> None:
        name = f"test-{uuid4().hex}"
        await carrier.create(name)
        await carrier.put(name, "lost", ttl_s=TTL_S)
        await carrier.drop(name)
        assert await carrier.queues(name) == []
        with pytest.raises(QueueMissing):
            await carrier.take(name, limit=1, lease_s=LEASE_S)

    async def test_dropping_a_missing_queue_is_fine(self, carrier: Carrier) -> None:
        await carrier.drop(f"test-{uuid4().hex}")

    async def test_every_use_of_a_missing_queue_says_so(self, carrier: Carrier) -> None:
        name = f"test-{uuid4().hex}"
        uses: list[Awaitable[object]] = [
            carrier.put(name, "x", ttl_s=TTL_S),
            carrier.take(name, limit=1, lease_s=LEASE_S),
            carrier.renew(name, UNKNOWN, lease_s=LEASE_S),
            carrier.delete(name, UNKNOWN),
            carrier.length(name),
        ]
        for use in uses:
            with pytest.raises(QueueMissing):
                await use

    # -- put and take ---------------------------------------------------------------------------

    async def test_an_empty_queue_gives_nothing_at_once(self, carrier: Carrier, queue: str) -> None:
        assert await carrier.take(queue, limit=32, lease_s=LEASE_S) == []

    async def test_text_arrives_unchanged(self, carrier: Carrier, queue: str) -> None:
        sent = [
            '{"a":"b"}',
            "めまいと動悸",
            "<&\"'>",
            "髙﨑 𠮷野家",
            " lead and trail ",
            "a\tb\nc",
            "",
        ]
        for text in sent:
            await carrier.put(queue, text, ttl_s=TTL_S)
        taken = await carrier.take(queue, limit=32, lease_s=LEASE_S)
        assert sorted(texts(taken)) == sorted(sent)

    async def test_the_largest_text_fits(self, carrier: Carrier, queue: str) -> None:
        for text in ("x" * MAX_TEXT_BYTES, "&" * MAX_TEXT_BYTES):
            await carrier.put(queue, text, ttl_s=TTL_S)
            assert texts(await carrier.take(queue, limit=1, lease_s=LEASE_S)) == [text]

    @pytest.mark.parametrize("text", ["x" * (MAX_TEXT_BYTES + 1), "あ" * (MAX_TEXT_BYTES // 3 + 1)])
    async def test_one_byte_more_is_too_large(
        self, carrier: Carrier, queue: str, text: str
    ) -> None:
        with pytest.raises(PeerFault) as caught:
            await carrier.put(queue, text, ttl_s=TTL_S)
        assert caught.value.code is Code.TOO_LARGE
        assert await carrier.length(queue) == 0

    async def test_a_take_gives_no_more_than_its_limit(self, carrier: Carrier, queue: str) -> None:
        for number in range(5):
            await carrier.put(queue, str(number), ttl_s=TTL_S)
        first = await carrier.take(queue, limit=3, lease_s=LEASE_S)
        rest = await carrier.take(queue, limit=3, lease_s=LEASE_S)
        assert (len(first), len(rest)) == (3, 2)
        assert sorted(texts([*first, *rest])) == list("01234")

    @pytest.mark.parametrize("limit", [0, 33])
    async def test_a_take_outside_1_to_32_is_a_mistake(
        self, carrier: Carrier, queue: str, limit: int
    ) -> None:
        with pytest.raises(ValueError, match="limit"):
            await carrier.take(queue, limit=limit, lease_s=LEASE_S)

    async def test_a_lease_of_nothing_is_a_mistake(self, carrier: Carrier, queue: str) -> None:
        with pytest.raises(ValueError, match="lease_s"):
            await carrier.take(queue, limit=1, lease_s=0)
        with pytest.raises(ValueError, match="lease_s"):
            await carrier.renew(queue, UNKNOWN, lease_s=0)
        with pytest.raises(ValueError, match="ttl_s"):
            await carrier.put(queue, "x", ttl_s=0)

    async def test_concurrent_puts_all_arrive(self, carrier: Carrier, queue: str) -> None:
        sent = [str(number) for number in range(40)]
        with anyio.fail_after(WAIT_S):
            async with anyio.create_task_group() as group:
                for text in sent:
                    group.start_soon(put, carrier, queue, text)
            first = await carrier.take(queue, limit=32, lease_s=LEASE_S)
            rest = await carrier.take(queue, limit=32, lease_s=LEASE_S)
        assert Counter(texts([*first, *rest])) == Counter(sent)

    async def test_length_counts_what_is_leased_too(self, carrier: Carrier, queue: str) -> None:
        for number in range(3):
            await carrier.put(queue, str(number), ttl_s=TTL_S)
        await carrier.take(queue, limit=1, lease_s=LEASE_S)
        assert await carrier.length(queue) == 3

    async def test_a_look_changes_nothing_and_does_not_see_what_is_leased(
        self, carrier: Carrier, queue: str
    ) -> None:
        for number in range(3):
            await carrier.put(queue, str(number), ttl_s=TTL_S)
        [leased] = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        for _ in range(2):
            seen = await carrier.peek(queue, limit=32)
            assert sorted(one.text for one in seen) == sorted({"0", "1", "2"} - {leased.text})
            assert all(0 <= one.age_s <= 2 for one in seen)
        assert len(await carrier.take(queue, limit=32, lease_s=LEASE_S)) == 2
        with pytest.raises(QueueMissing):
            await carrier.peek(f"{queue}-other", limit=1)

    async def test_age_is_small_when_taken_at_once(self, carrier: Carrier, queue: str) -> None:
        await carrier.put(queue, "x", ttl_s=TTL_S)
        [taken] = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        assert 0 <= taken.age_s <= 2

    # -- leases ---------------------------------------------------------------------------------

    async def test_two_takers_never_get_the_same_message(
        self, carrier: Carrier, queue: str
    ) -> None:
        for number in range(24):
            await carrier.put(queue, str(number), ttl_s=TTL_S)
        got: list[str] = []

        async def take_all() -> None:
            while taken := await carrier.take(queue, limit=2, lease_s=LEASE_S):
                got.extend(texts(taken))

        with anyio.fail_after(WAIT_S):
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(take_all)
        assert Counter(got) == Counter(str(number) for number in range(24))

    async def test_a_lease_that_ends_gives_the_message_to_the_next(
        self, carrier: Carrier, queue: str, let_pass: Pass
    ) -> None:
        await carrier.put(queue, "again", ttl_s=TTL_S)
        [first] = await carrier.take(queue, limit=1, lease_s=1)
        assert await carrier.take(queue, limit=1, lease_s=1) == []
        second = await self.await_one(carrier, queue, let_pass)
        assert (second.text, first.times_taken, second.times_taken) == ("again", 1, 2)
        assert second.age_s >= first.age_s
        with pytest.raises(LeaseLost):
            await carrier.delete(queue, first.receipt)
        with pytest.raises(LeaseLost):
            await carrier.renew(queue, first.receipt, lease_s=LEASE_S)
        await carrier.delete(queue, second.receipt)
        assert await carrier.length(queue) == 0

    async def test_a_late_delete_works_while_nobody_took_the_message_again(
        self, carrier: Carrier, queue: str, let_pass: Pass
    ) -> None:
        await carrier.put(queue, "late", ttl_s=TTL_S)
        [late] = await carrier.take(queue, limit=1, lease_s=1)
        await let_pass(1.2)
        await carrier.delete(queue, late.receipt)
        assert await carrier.length(queue) == 0

    async def test_renewing_keeps_the_message_and_voids_the_old_receipt(
        self, carrier: Carrier, queue: str, let_pass: Pass
    ) -> None:
        await carrier.put(queue, "mine", ttl_s=TTL_S)
        [taken] = await carrier.take(queue, limit=1, lease_s=1)
        renewed = await carrier.renew(queue, taken.receipt, lease_s=LEASE_S)
        await let_pass(1.2)
        assert await carrier.take(queue, limit=1, lease_s=1) == []
        with pytest.raises(LeaseLost):
            await carrier.delete(queue, taken.receipt)
        await carrier.delete(queue, renewed)

    async def test_renewing_changes_neither_text_nor_count(
        self, carrier: Carrier, queue: str, let_pass: Pass
    ) -> None:
        await carrier.put(queue, "めまい", ttl_s=TTL_S)
        [taken] = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        await carrier.renew(queue, taken.receipt, lease_s=1)
        again = await self.await_one(carrier, queue, let_pass)
        assert (again.text, again.times_taken) == ("めまい", 2)

    async def test_a_deleted_message_is_gone(self, carrier: Carrier, queue: str) -> None:
        await carrier.put(queue, "x", ttl_s=TTL_S)
        [taken] = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        await carrier.delete(queue, taken.receipt)
        with pytest.raises(LeaseLost):
            await carrier.delete(queue, taken.receipt)
        with pytest.raises(LeaseLost):
            await carrier.renew(queue, taken.receipt, lease_s=LEASE_S)

    async def test_a_made_up_receipt_opens_nothing(self, carrier: Carrier, queue: str) -> None:
        real = await carrier.put(queue, "x", ttl_s=TTL_S)
        forged = replace(real, token=UNKNOWN.token)
        for receipt in (UNKNOWN, forged, Receipt("1", "1"), Receipt(real.message_id, "")):
            with pytest.raises(LeaseLost):
                await carrier.delete(queue, receipt)
        assert await carrier.length(queue) == 1

    # -- recall and life ------------------------------------------------------------------------

    async def test_the_sender_can_recall_what_nobody_took(
        self, carrier: Carrier, queue: str
    ) -> None:
        receipt = await carrier.put(queue, "recalled", ttl_s=TTL_S)
        await carrier.delete(queue, receipt)
        assert await carrier.take(queue, limit=1, lease_s=LEASE_S) == []

    async def test_what_was_taken_cannot_be_recalled(self, carrier: Carrier, queue: str) -> None:
        receipt = await carrier.put(queue, "too late", ttl_s=TTL_S)
        [taken] = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        with pytest.raises(LeaseLost):
            await carrier.delete(queue, receipt)
        await carrier.delete(queue, taken.receipt)

    async def test_a_message_vanishes_at_the_end_of_its_life(
        self, carrier: Carrier, queue: str, let_pass: Pass
    ) -> None:
        receipt = await carrier.put(queue, "brief", ttl_s=1)
        await carrier.put(queue, "long", ttl_s=TTL_S)
        await let_pass(2.1)
        assert texts(await carrier.take(queue, limit=2, lease_s=LEASE_S)) == ["long"]
        with pytest.raises(LeaseLost):
            await carrier.delete(queue, receipt)

    # -- cost -----------------------------------------------------------------------------------

    async def test_each_call_costs_one_operation(
        self, carrier: Carrier, queue: str, operations: list[Operation]
    ) -> None:
        operations.clear()
        await carrier.take(queue, limit=32, lease_s=LEASE_S)
        for _ in range(2):
            await carrier.put(queue, "x", ttl_s=TTL_S)
        taken = await carrier.take(queue, limit=32, lease_s=LEASE_S)
        renewed = await carrier.renew(queue, taken[0].receipt, lease_s=LEASE_S)
        await carrier.delete(queue, renewed)
        await carrier.length(queue)
        await carrier.queues(queue)
        await carrier.create(queue)
        assert operations == [
            Operation.TAKE,
            Operation.PUT,
            Operation.PUT,
            Operation.TAKE,
            Operation.RENEW,
            Operation.DELETE,
            Operation.PEEK,
            Operation.LIST,
            Operation.CREATE,
        ]

    @pytest.fixture
    def operations(self) -> list[Operation]:
        """What the carrier under test has counted."""
        return []

    async def await_one(self, carrier: Carrier, queue: str, let_pass: Pass) -> Taken:
        """The next message that can be taken, within a bound."""
        with anyio.fail_after(WAIT_S):
            while True:
                for taken in await carrier.take(queue, limit=1, lease_s=LEASE_S):
                    return taken
                await let_pass(0.1)


class TestMemory(CarrierContract):
    @pytest.fixture
    def now(self) -> list[float]:
        return [1000.0]

    @pytest.fixture
    def let_pass(self, now: list[float]) -> Pass:
        return holding(now)

    @pytest.fixture
    async def carrier(
        self, now: list[float], operations: list[Operation]
    ) -> AsyncIterator[Carrier]:
        async with MemoryCarrier(clock=lambda: now[0], on_operation=operations.append) as carrier:
            yield carrier


class TestSqlite(CarrierContract):
    @pytest.fixture
    def now(self) -> list[float]:
        return [1000.0]

    @pytest.fixture
    def let_pass(self, now: list[float]) -> Pass:
        return holding(now)

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "not-there-yet" / "queues.sqlite"

    @pytest.fixture
    async def carrier(
        self, path: Path, now: list[float], operations: list[Operation]
    ) -> AsyncIterator[Carrier]:
        async with SqliteCarrier(
            path, clock=lambda: now[0], on_operation=operations.append
        ) as carrier:
            yield carrier

    async def test_two_carriers_on_one_file_see_the_same_queues(
        self, carrier: Carrier, queue: str, path: Path, now: list[float]
    ) -> None:
        async with SqliteCarrier(path, clock=lambda: now[0]) as other:
            await carrier.put(queue, "across", ttl_s=TTL_S)
            [taken] = await other.take(queue, limit=1, lease_s=LEASE_S)
            assert taken.text == "across"
            assert await carrier.take(queue, limit=1, lease_s=LEASE_S) == []

    async def test_two_processes_never_get_the_same_message(self, path: Path) -> None:
        numbers = [str(number) for number in range(60)]
        async with SqliteCarrier(path) as carrier:
            await carrier.create("shared")
            for number in numbers:
                await carrier.put("shared", number, ttl_s=TTL_S)
        got: list[str] = []

        async def taker() -> None:
            command = [sys.executable, "-c", TAKE_ALL, str(path)]
            got.extend((await anyio.run_process(command)).stdout.decode().split())

        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(taker)
                group.start_soon(taker)
        assert Counter(got) == Counter(numbers)

    async def test_a_closed_file_keeps_what_is_queued(self, carrier: Carrier, queue: str) -> None:
        await carrier.put(queue, "kept", ttl_s=TTL_S)
        await carrier.__aexit__(None, None, None)
        await carrier.__aenter__()
        assert texts(await carrier.take(queue, limit=1, lease_s=LEASE_S)) == ["kept"]

    async def test_a_clock_that_jumps_back_hides_no_new_message(
        self, carrier: Carrier, queue: str, now: list[float]
    ) -> None:
        await carrier.put(queue, "still here", ttl_s=TTL_S)
        now[0] -= 500
        [taken] = await carrier.take(queue, limit=1, lease_s=LEASE_S)
        assert taken.age_s == 0

    async def test_only_the_owner_can_read_the_files(
        self, carrier: Carrier, queue: str, path: Path
    ) -> None:
        await carrier.put(queue, "x", ttl_s=TTL_S)
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        assert len(modes) == 3, "the database, its log and its index"
        assert set(modes.values()) == {0o600}

    async def test_expired_messages_leave_the_file(
        self, carrier: Carrier, queue: str, path: Path, let_pass: Pass
    ) -> None:
        for _ in range(3):
            await carrier.put(queue, "brief", ttl_s=1)
        await let_pass(2)
        await carrier.put(queue, "new", ttl_s=TTL_S)
        with sqlite3.connect(path) as database:
            assert database.execute("SELECT count(*) FROM messages").fetchone() == (1,)
        database.close()

    async def test_a_file_that_another_process_holds_is_busy_not_broken(
        self, carrier: Carrier, queue: str, path: Path
    ) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            assert await carrier.take(queue, limit=1, lease_s=LEASE_S) == []
            with anyio.fail_after(WAIT_S), pytest.raises(CarrierBusy):
                await carrier.put(queue, "x", ttl_s=TTL_S)
        finally:
            other.close()
        await carrier.put(queue, "x", ttl_s=TTL_S)

    async def test_a_file_that_is_no_database_is_unreachable(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("not a database, and long enough for SQLite to look at its header" * 20)
        with pytest.raises(CarrierUnreachable):
            await SqliteCarrier(path).__aenter__()

    async def test_a_place_that_is_no_folder_is_denied(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(CarrierDenied):
            await SqliteCarrier(tmp_path / "file" / "queues.sqlite").__aenter__()

    async def test_a_closed_carrier_says_closed(self, path: Path) -> None:
        carrier = SqliteCarrier(path)
        async with carrier:
            await carrier.create("abc")
        with pytest.raises(BridgeError) as caught:
            await carrier.put("abc", "x", ttl_s=TTL_S)
        assert caught.value.code is Code.CLOSED


class TestAzurite(CarrierContract):
    @pytest.fixture
    async def carrier(
        self, azurite_url: str, operations: list[Operation]
    ) -> AsyncIterator[Carrier]:
        async with open_carrier(azurite_url, on_operation=operations.append) as carrier:
            yield carrier

    async def test_a_connection_string_from_the_environment_reaches_the_same_queues(
        self,
        carrier: Carrier,
        queue: str,
        azurite_connection: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("KARTE_TEST_QUEUE", azurite_connection)
        async with open_carrier("env:KARTE_TEST_QUEUE") as other:
            await other.put(queue, "across", ttl_s=TTL_S)
        assert texts(await carrier.take(queue, limit=1, lease_s=LEASE_S)) == ["across"]

    async def test_a_wrong_account_key_is_denied(self, queue: str, azurite_url: str) -> None:
        wrong = {"account_name": "devstoreaccount1", "account_key": "d3Jvbmc="}
        async with AzureCarrier.from_url(azurite_url, wrong) as other:
            with pytest.raises(CarrierDenied):
                await other.take(queue, limit=1, lease_s=LEASE_S)


async def put(carrier: Carrier, queue: str, text: str) -> None:
    await carrier.put(queue, text, ttl_s=TTL_S)


def texts(taken: object) -> list[str]:
    assert isinstance(taken, list)
    return [message.text for message in taken]


def holding(now: list[float]) -> Pass:
    async def let_pass(seconds: float) -> None:
        now[0] += seconds

    return let_pass
