"""Sessions on the wire: items, order, packing; whatever the other side sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import permutations

import anyio
import pytest
from hypothesis import given, strategies as st

from mcp_bridge.background import background
from mcp_bridge.errors import CarrierUnreachable, Code, PeerFault
from mcp_bridge.frames import Direction, Header, Kind, parse
from mcp_bridge.posting import Posted
from mcp_bridge.sealing import MAX_MESSAGE_BYTES
from mcp_bridge.sessions import (
    CloseStream,
    Control,
    End,
    Item,
    Keep,
    Resequencer,
    Said,
    Sender,
    Unanswered,
    decode_items,
    encode_item,
)
from mcp_bridge.sessions.order import MAX_HELD
from mcp_bridge.sessions.sending import MAX_ITEM_BYTES
from tests.fakes.bridge import new_keys

HELLO = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADER = Header(direction=Direction.REQUEST, mid="", kind=Kind.SESSION, sid="0" * 32, reply="me")

ITEMS: list[Item] = [
    Said(HELLO),
    Said({"jsonrpc": "2.0", "method": "x", "params": {"text": "カルテ"}}, related="a"),
    Said(HELLO, related=0, controls=frozenset({Control.CLOSE, Control.UNANSWERED})),
    Unanswered(7),
    Unanswered("7"),
    CloseStream("a"),
    CloseStream(None),
    Keep(),
    End(),
    End(Code.SESSION_LOST),
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_an_item_survives_its_way(item: Item) -> None:
    assert decode_items(b"[" + encode_item(item) + b"]") == [item]


@pytest.mark.parametrize("item", ITEMS[:6], ids=lambda item: type(item).__name__)
def test_what_an_item_holds_is_not_in_its_repr(item: Item) -> None:
    assert "カルテ" not in repr(item)
    assert "ping" not in repr(item)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"[1]",
        b"[{}]",
        b'[{"message":{}}]',
        b'[{"message":{"jsonrpc":"1.0"}}]',
        b'[{"message":{"jsonrpc":"2.0"},"related":true}]',
        b'[{"message":{"jsonrpc":"2.0"},"controls":"close"}]',
        b'[{"unanswered":null}]',
        b'[{"close":1.5}]',
        b'[{"keep":1}]',
        b'[{"end":"no such code"}]',
        b"[" * 100_000,
        b"[" + b'{"keep":true},' * 1024 + b'{"keep":true}]',
    ],
)
def test_what_is_no_array_of_items_is_refused(body: bytes) -> None:
    with pytest.raises(PeerFault):
        decode_items(body)


KEYS = ["message", "related", "controls", "unanswered", "close", "keep", "end", "jsonrpc"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("2.0"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


@given(JSON)
def test_arbitrary_json_raises_nothing_else(value: object) -> None:
    with suppress(PeerFault):
        decode_items(json.dumps(value).encode())


@pytest.mark.parametrize("order", list(permutations([1, 2, 3, 4])))
def test_frames_come_out_in_order_and_once(order: Sequence[int]) -> None:
    frames: Resequencer[int] = Resequencer()
    given_out = [out for number in (*order, *order) for out in frames.add(number, number)]
    assert given_out == [1, 2, 3, 4]
    assert not frames.is_new(3)
    assert frames.is_new(5)


def test_no_more_is_held_than_may_be() -> None:
    frames: Resequencer[int] = Resequencer()
    assert list(frames.add(MAX_HELD, 0)) == []
    with pytest.raises(PeerFault):
        frames.add(MAX_HELD + 1, 0)


class Puts:
    """Where a sender puts; the first put waits until it is let through."""

    def __init__(self) -> None:
        self.keys = new_keys()
        self.texts: list[Sequence[str]] = []
        self.reached, self.go_on = anyio.Event(), anyio.Event()
        self.faults: list[CarrierUnreachable] = []

    async def __call__(self, texts: Sequence[str], _until: float) -> Posted:
        self.texts.append(texts)
        self.reached.set()
        if self.faults:
            raise self.faults.pop()
        await self.go_on.wait()
        return Posted((), may_have_doubles=False)

    def items(self) -> list[tuple[int, Sequence[Item]]]:
        frames = [parse(texts[0]) for texts in self.texts]
        opened = [self.keys.open(frame, Direction.REQUEST) for frame in frames]
        numbers = [frame.header.seq for frame in frames]
        return list(zip(numbers, map(decode_items, opened), strict=True))


async def test_what_is_said_while_a_frame_is_put_travels_in_the_next_one() -> None:
    puts = Puts()
    sender = Sender(puts, puts.keys, HEADER)
    with anyio.fail_after(5):
        async with background() as tasks:
            tasks.start_soon(sender.run)
            sender.send(ITEMS[0])
            await puts.reached.wait()
            for item in ITEMS[1:]:
                sender.send(item)
            puts.go_on.set()
            await sender.flush()
    assert puts.items() == [(1, ITEMS[:1]), (2, ITEMS[1:])]


async def test_a_frame_that_was_cut_off_is_put_again_under_its_number() -> None:
    puts = Puts()
    sender = Sender(puts, puts.keys, HEADER)
    with anyio.fail_after(5):
        async with background() as tasks:
            tasks.start_soon(sender.run)
            sender.send(ITEMS[0])
            await puts.reached.wait()
        puts.go_on.set()
        sender.send(End())
        await sender.flush()
    assert puts.items() == [(1, ITEMS[:1]), (1, ITEMS[:1]), (2, [End()])]


async def test_a_frame_holds_no_more_than_fits_into_one_message() -> None:
    puts = Puts()
    puts.go_on.set()
    sender = Sender(puts, puts.keys, HEADER)
    text = Said({"jsonrpc": "2.0", "method": "x", "params": {"t": "x" * (MAX_MESSAGE_BYTES // 3)}})
    for _ in range(6):
        sender.send(text)
    await sender.flush()
    assert [len(items) for _, items in puts.items()] == [2, 2, 2]
    assert all(len(texts) == 1 for texts in puts.texts)


async def test_what_no_number_of_chunks_holds_is_refused_at_once() -> None:
    puts = Puts()
    sender = Sender(puts, puts.keys, HEADER)
    with pytest.raises(PeerFault):
        sender.send(Said({"jsonrpc": "2.0", "method": "x" * MAX_ITEM_BYTES}))
    puts.go_on.set()
    fits = MAX_ITEM_BYTES - len(encode_item(Said({"jsonrpc": "2.0", "method": ""})))
    sender.send(Said({"jsonrpc": "2.0", "method": "x" * fits}))
    await sender.flush()
    assert len(puts.texts[0]) == 64
