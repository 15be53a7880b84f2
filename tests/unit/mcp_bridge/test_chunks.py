"""Chunks: in any order, more than once, and bounded."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, strategies as st

from mcp_bridge.chunks import MAX_CHUNKS, MAX_OPEN, Assembler, split
from mcp_bridge.errors import Code, PeerFault

LIMIT = 64


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def assembler(clock: Clock) -> Assembler:
    return Assembler(clock=clock, ttl_s=60, max_bytes=10_000)


@given(st.binary(max_size=MAX_CHUNKS * (LIMIT - 32)), st.randoms(use_true_random=False))
def test_pieces_in_any_order_and_twice_make_the_message_once(
    message: bytes, rng: random.Random
) -> None:
    pieces = split(message, LIMIT)
    assert all(len(piece) <= LIMIT for piece in pieces)
    n = len(pieces)
    order = [*range(n)]
    rng.shuffle(order)
    repeated = [i for i in order[:-1] for _ in range(rng.choice([1, 2]))] + order[-1:]
    assembler = Assembler(clock=Clock())
    results = [assembler.add("m", i, n, pieces[i]) for i in repeated]
    assert results[-1] == message
    assert results[:-1] == [None] * (len(repeated) - 1)


def test_a_message_that_fits_is_its_only_piece() -> None:
    assert split(b"x" * LIMIT, LIMIT) == [b"x" * LIMIT]
    assert split(b"", LIMIT) == [b""]


def test_the_largest_message_has_64_pieces_and_one_byte_more_is_refused() -> None:
    largest = MAX_CHUNKS * (LIMIT - 32)
    assert len(split(bytes(largest), LIMIT)) == MAX_CHUNKS == 64
    with pytest.raises(PeerFault) as caught:
        split(bytes(largest + 1), LIMIT)
    assert caught.value.code is Code.TOO_LARGE


def test_messages_are_kept_apart(assembler: Assembler) -> None:
    one, two = split(b"1" * 60 + b"a" * 20, LIMIT), split(b"2" * 60 + b"b" * 20, LIMIT)
    n = len(one)
    for i in range(n - 1):
        assert assembler.add("one", i, n, one[i]) is None
        assert assembler.add("two", i, n, two[i]) is None
    assert assembler.add("one", n - 1, n, one[-1]) == b"1" * 60 + b"a" * 20
    assert assembler.add("two", n - 1, n, two[-1]) == b"2" * 60 + b"b" * 20


def test_a_piece_of_another_message_under_the_same_id_is_refused(assembler: Assembler) -> None:
    one, two = split(b"1" * 80, LIMIT), split(b"2" * 80, LIMIT)
    assembler.add("m", 0, len(one), one[0])
    with pytest.raises(PeerFault) as caught:
        assembler.add("m", 1, len(two), two[1])
    assert caught.value.code is Code.NOT_A_FRAME
    again = [assembler.add("m", i, len(two), piece) for i, piece in enumerate(two)]
    assert again[-1] == b"2" * 80, "what was there before is forgotten"


def test_another_count_under_the_same_id_is_refused(assembler: Assembler) -> None:
    pieces = split(b"1" * 80, LIMIT)
    assembler.add("m", 0, len(pieces), pieces[0])
    with pytest.raises(PeerFault):
        assembler.add("m", 1, len(pieces) + 1, pieces[1])


def test_a_wrong_whole_is_refused(assembler: Assembler) -> None:
    pieces = split(b"1" * 40, 36)
    n = len(pieces)
    for i in range(n - 1):
        assembler.add("m", i, n, pieces[i])
    with pytest.raises(PeerFault) as caught:
        assembler.add("m", n - 1, n, pieces[-1][:32] + b"other")
    assert caught.value.code is Code.NOT_A_FRAME


@pytest.mark.parametrize(("i", "n"), [(-1, 2), (2, 2), (0, 0), (0, 65)])
def test_a_place_that_cannot_be_is_refused(assembler: Assembler, i: int, n: int) -> None:
    with pytest.raises(PeerFault):
        assembler.add("m", i, n, b"x" * 40)


def test_an_empty_piece_is_refused(assembler: Assembler) -> None:
    with pytest.raises(PeerFault):
        assembler.add("m", 0, 2, b"d" * 32)


def test_memory_is_bounded_over_all_messages(assembler: Assembler) -> None:
    piece = b"d" * 32 + bytes(3000)
    for number in range(3):
        assert assembler.add(f"m{number}", 0, 2, piece) is None
    with pytest.raises(PeerFault) as caught:
        assembler.add("m3", 0, 2, piece)
    assert caught.value.code is Code.TOO_LARGE


def test_what_was_refused_for_want_of_room_can_come_again(
    assembler: Assembler, clock: Clock
) -> None:
    assembler.add("big", 0, 2, b"d" * 32 + bytes(9990))
    pieces = split(b"1" * 80, LIMIT)
    with pytest.raises(PeerFault):
        assembler.add("m", 0, len(pieces), pieces[0])
    clock.now = 60
    results = [assembler.add("m", i, len(pieces), piece) for i, piece in enumerate(pieces)]
    assert results[-1] == b"1" * 80


def test_an_unfinished_message_is_forgotten_in_time(assembler: Assembler, clock: Clock) -> None:
    pieces = split(b"1" * 64, 64 + 16 - 32)
    assert len(pieces) == 4
    assembler.add("m", 0, 4, pieces[0])
    clock.now = 59
    assembler.add("m", 1, 4, pieces[1])
    clock.now = 60
    for i in (2, 3, 1):
        assert assembler.add("m", i, 4, pieces[i]) is None
    assert assembler.add("m", 0, 4, pieces[0]) == b"1" * 64


def test_messages_of_one_byte_cannot_fill_the_memory() -> None:
    """What a message costs beside its bytes counts too; the next ones fit when these are old."""
    now = 0.0
    assembler = Assembler(clock=lambda: now, ttl_s=60.0)
    piece = split(b"x" * 100, 64)[0]
    for number in range(MAX_OPEN):
        assembler.add(f"flood-{number}", 0, 4, piece)
    with pytest.raises(PeerFault) as caught:
        assembler.add("one-more", 0, 4, piece)
    assert caught.value.code is Code.TOO_LARGE
    assert assembler.add("flood-7", 1, 4, piece) is None  # what is open may go on
    now = 61.0
    assert assembler.add("one-more", 0, 4, piece) is None
