"""Frames: what is written is read back; whatever else arrives is a PeerFault."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mcp_bridge.carriers.port import MAX_TEXT_BYTES
from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.frames import (
    MAX_BUDGET_MS,
    MAX_FRAME_BYTES,
    MAX_PARTS,
    MAX_SEQ,
    Direction,
    Encoding,
    Frame,
    Header,
    Kind,
    parse,
    serialize,
)
from mcp_bridge.names import MAX_CALLER

MID = "7f1c9a52-8e7d-4f39-9a59-0d6d6a0b5a11"
HEADER = Header(
    direction=Direction.REQUEST,
    mid=MID,
    kind=Kind.REQUEST,
    reply="app",
    budget_ms=30_000,
    kid="k1k1",
)
TEXT = serialize(Frame(HEADER, b"sealed"))

uuids = st.uuids().map(str) | st.uuids().map(lambda value: value.hex)
names = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True).filter(
    lambda name: len(name) <= MAX_CALLER
)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    parts = draw(st.integers(1, MAX_PARTS))
    return Header(
        direction=draw(st.sampled_from(Direction)),
        mid=draw(uuids),
        kind=draw(st.sampled_from(Kind)),
        sid=draw(st.none() | uuids),
        seq=draw(st.integers(0, MAX_SEQ)),
        part=draw(st.integers(0, parts - 1)),
        parts=parts,
        reply=draw(st.none() | names),
        budget_ms=draw(st.integers(0, MAX_BUDGET_MS)),
        kid=draw(st.from_regex(r"[a-z0-9]{4,16}", fullmatch=True)),
        encoding=draw(st.sampled_from(Encoding)),
    )


@given(headers(), st.binary(max_size=2000))
def test_what_is_written_is_read_back(header: Header, body: bytes) -> None:
    assert parse(serialize(Frame(header, body))) == Frame(header, body)


@given(headers(), headers())
def test_headers_that_differ_have_different_associated_data(one: Header, two: Header) -> None:
    assert (one == two) == (one.associated_data() == two.associated_data())


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_arbitrary_text_is_refused_as_no_frame(text: str) -> None:
    with pytest.raises(PeerFault):
        parse(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(TEXT))), json_values)
def test_any_value_in_any_field_is_a_frame_or_a_peer_fault(key: str, value: object) -> None:
    text = json.dumps(json.loads(TEXT) | {key: value})
    try:
        frame = parse(text)
    except PeerFault:
        return
    assert json.loads(serialize(frame)) == json.loads(text)


@given(st.integers(0, len(TEXT) - 1), st.characters())
def test_one_changed_character_is_a_frame_or_a_peer_fault(at: int, character: str) -> None:
    try:
        parse(TEXT[:at] + character + TEXT[at + 1 :])
    except PeerFault:
        return


def with_fields(**changes: object) -> str:
    return json.dumps(json.loads(TEXT) | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "abc"},
        {"kid": "k" * 17},
        {"kid": "UPPER"},
        {"kid": "k1k1\n"},
        {"dir": "x"},
        {"dir": ["q"]},
        {"mid": "not-a-uuid"},
        {"mid": MID.upper()},
        {"mid": MID + "\n"},
        {"mid": None},
        {"kind": "shell"},
        {"sid": ""},
        {"sid": "../other"},
        {"seq": -1},
        {"seq": 1.0},
        {"seq": True},
        {"seq": 2**31},
        {"seq": 10**400},
        {"i": 1},
        {"i": -1},
        {"n": 0},
        {"n": 65},
        {"n": "1"},
        {"reply": ""},
        {"reply": "-a"},
        {"reply": "a--b"},
        {"reply": "a/b"},
        {"reply": "https://elsewhere.example"},
        {"reply": "a" * 27},
        {"budget_ms": -1},
        {"budget_ms": MAX_BUDGET_MS + 1},
        {"budget_ms": None},
        {"enc": "gzip"},
        {"body": "not base64!"},
        {"body": "YQ=\n="},
        {"body": None},
        {"body": {}},
        {"v": True},
        {"v": "1"},
        {"v": None},
        {"extra": 1},
    ],
    ids=lambda changes: f"{next(iter(changes))}",
)
def test_a_field_with_an_illegal_value_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PeerFault) as caught:
        parse(with_fields(**changes))
    assert caught.value.code is Code.NOT_A_FRAME


@pytest.mark.parametrize("key", sorted(json.loads(TEXT)))
def test_every_field_is_required(key: str) -> None:
    rest = {name: value for name, value in json.loads(TEXT).items() if name != key}
    with pytest.raises(PeerFault) as caught:
        parse(json.dumps(rest))
    assert caught.value.code is Code.NOT_A_FRAME


@pytest.mark.parametrize("key", sorted(json.loads(TEXT)))
def test_a_field_given_twice_is_refused(key: str) -> None:
    value = json.dumps(json.loads(TEXT)[key])
    with pytest.raises(PeerFault) as caught:
        parse(f'{TEXT[:-1]},"{key}":{value}}}')
    assert caught.value.code is Code.NOT_A_FRAME


@pytest.mark.parametrize("version", [0, 2, -1, 10**9])
def test_another_version_is_named_as_such_whatever_else_it_holds(version: int) -> None:
    with pytest.raises(PeerFault) as caught:
        parse(json.dumps({"v": version, "new": {"形": [1]}}, ensure_ascii=False))
    assert caught.value.code is Code.UNKNOWN_VERSION


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"text"',
        "NaN",
        "{}",
        TEXT.replace('"seq":0', '"seq":NaN'),
        TEXT.replace('"seq":0', '"seq":Infinity'),
        TEXT + TEXT,
        TEXT + "x",
        "\ufeff" + TEXT,
        TEXT.replace("request", "めまい"),
        "\ud800",
        "{" * 60_000,
        "[" * 60_000,
        '{"v":' * 10_000 + "1" + "}" * 10_000,
        '{"v":' + "9" * 60_000 + "}",
    ],
    ids=lambda text: f"{len(text)} characters",
)
def test_what_is_not_one_flat_object_is_refused(text: str) -> None:
    with pytest.raises(PeerFault) as caught:
        parse(text)
    assert caught.value.code is Code.NOT_A_FRAME


def test_size_is_judged_before_anything_is_decoded() -> None:
    with pytest.raises(PeerFault) as caught:
        parse(" " * (MAX_FRAME_BYTES + 1))
    assert caught.value.code is Code.TOO_LARGE


def test_a_body_that_no_queue_message_holds_is_not_written() -> None:
    with pytest.raises(PeerFault) as caught:
        serialize(Frame(HEADER, bytes(49_152)))
    assert caught.value.code is Code.TOO_LARGE


def test_frames_and_carriers_agree_on_the_size_of_a_message() -> None:
    assert MAX_FRAME_BYTES == MAX_TEXT_BYTES


def test_the_wire_has_exactly_the_fields_of_the_protocol() -> None:
    assert " ".join(json.loads(TEXT)) == "v kid dir mid kind sid seq i n reply budget_ms enc body"
    assert json.loads(HEADER.associated_data()) == {
        key: value for key, value in json.loads(TEXT).items() if key != "body"
    }


def test_each_header_field_changes_the_associated_data() -> None:
    others: dict[str, Any] = {
        "direction": Direction.REPLY,
        "mid": MID.replace("7", "8"),
        "kind": Kind.REPLY,
        "sid": MID,
        "seq": 1,
        "part": 1,
        "parts": 2,
        "reply": None,
        "budget_ms": 1,
        "kid": "k2k2",
        "encoding": Encoding.ZLIB,
    }
    assert set(others) == {field.name for field in fields(Header)}
    for name, value in others.items():
        assert replace(HEADER, **{name: value}).associated_data() != HEADER.associated_data()


def test_a_frame_shows_nothing_of_its_body() -> None:
    assert "sealed" not in repr(Frame(HEADER, b"sealed"))
