"""Seals: what was sealed opens unchanged, for the right side, with the right key, and not else."""

from __future__ import annotations

import secrets
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, strategies as st

from mcp_bridge.errors import Code, LocalFault, PeerFault
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
from mcp_bridge.sealing import (
    BUCKETS,
    MAX_MESSAGE_BYTES,
    KeyRing,
    PairingSecret,
    read_key_file,
    write_key_file,
)

SECRET = PairingSecret("k1k1", bytes(range(32)))
RING = KeyRing(SECRET)
HEADER = Header(
    direction=Direction.REQUEST,
    mid=str(uuid4()),
    kind=Kind.REQUEST,
    reply="app",
    budget_ms=30_000,
)
OVERHEAD = 12 + 16
LONGEST = Header(
    direction=Direction.REQUEST,
    mid=str(uuid4()),
    kind=Kind.PROGRESS,
    sid=str(uuid4()),
    seq=MAX_SEQ,
    part=MAX_PARTS - 1,
    parts=MAX_PARTS,
    reply="a" * MAX_CALLER,
    budget_ms=MAX_BUDGET_MS,
)


def refusal(ring: KeyRing, frame: Frame, expected: Direction = Direction.REQUEST) -> Code:
    with pytest.raises(PeerFault) as caught:
        ring.open(frame, expected)
    return caught.value.code


@given(st.binary(max_size=4000) | st.text(max_size=3000).map(str.encode))
def test_what_is_sealed_opens(message: bytes) -> None:
    frame = parse(serialize(RING.seal(HEADER, message)))
    assert RING.open(frame, Direction.REQUEST) == message


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    assert RING.seal(HEADER, b"same").body != RING.seal(HEADER, b"same").body


# -- what does not open ---------------------------------------------------------------------------

CHANGED: dict[str, Any] = {
    "mid": str(uuid4()),
    "kind": Kind.CANCEL,
    "sid": str(uuid4()),
    "seq": 1,
    "part": 1,
    "parts": 2,
    "reply": "thief",
    "budget_ms": 30_001,
    "encoding": Encoding.ZLIB,
}


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_a_changed_header_field_does_not_open(name: str) -> None:
    frame = RING.seal(HEADER, b"message")
    changed = replace(frame, header=replace(frame.header, **{name: CHANGED[name]}))
    assert refusal(RING, changed) is Code.DOES_NOT_OPEN


def test_every_header_field_was_tried() -> None:
    tried_below = {"kid", "direction"}
    assert set(CHANGED) | tried_below == {field.name for field in fields(Header)}


def test_another_key_id_of_the_ring_does_not_open() -> None:
    ring = KeyRing(SECRET, PairingSecret("k2k2", bytes(32)))
    frame = ring.seal(HEADER, b"message")
    changed = replace(frame, header=replace(frame.header, kid="k2k2"))
    assert refusal(ring, changed) is Code.DOES_NOT_OPEN


def test_a_key_id_that_the_ring_lacks_is_named_as_such() -> None:
    stranger = KeyRing(PairingSecret.generate())
    assert refusal(RING, stranger.seal(HEADER, b"message")) is Code.UNKNOWN_KEY


def test_the_right_key_id_with_another_secret_does_not_open() -> None:
    forger = KeyRing(PairingSecret(SECRET.kid, bytes(32)))
    assert refusal(RING, forger.seal(HEADER, b"message")) is Code.DOES_NOT_OPEN


def test_a_frame_for_the_other_direction_is_refused() -> None:
    assert refusal(RING, RING.seal(HEADER, b"m"), Direction.REPLY) is Code.WRONG_DIRECTION


def test_a_request_turned_into_a_reply_does_not_open() -> None:
    frame = RING.seal(HEADER, b"message")
    turned = replace(frame, header=replace(frame.header, direction=Direction.REPLY))
    assert refusal(RING, turned, Direction.REPLY) is Code.DOES_NOT_OPEN


def test_a_body_under_another_frames_header_does_not_open() -> None:
    one, two = (RING.seal(replace(HEADER, mid=str(uuid4())), b"message") for _ in range(2))
    assert refusal(RING, Frame(one.header, two.body)) is Code.DOES_NOT_OPEN


@given(st.integers(0, BUCKETS[0] + OVERHEAD - 1), st.integers(1, 255))
def test_a_changed_byte_anywhere_does_not_open(at: int, flip: int) -> None:
    frame = RING.seal(HEADER, b"message")
    body = bytearray(frame.body)
    body[at] ^= flip
    assert refusal(RING, replace(frame, body=bytes(body))) is Code.DOES_NOT_OPEN


@given(st.integers(0, BUCKETS[0] + OVERHEAD - 1))
def test_a_cut_body_does_not_open(length: int) -> None:
    frame = RING.seal(HEADER, b"message")
    assert refusal(RING, replace(frame, body=frame.body[:length])) is Code.DOES_NOT_OPEN


# -- a hostile holder of the secret ---------------------------------------------------------------


@pytest.fixture
def seal_raw(monkeypatch: pytest.MonkeyPatch) -> Callable[[Encoding, bytes], Frame]:
    """Seals any plaintext, as a peer who does not keep to the format would."""

    def seal(encoding: Encoding, packed: bytes) -> Frame:
        with monkeypatch.context() as patch:
            patch.setattr("mcp_bridge.sealing._pack", lambda _message: (encoding, packed))
            return RING.seal(HEADER, b"")

    return seal


def framed(content: bytes, length: int | None = None) -> bytes:
    return (len(content) if length is None else length).to_bytes(4, "big") + content


Sealer = Callable[[Encoding, bytes], Frame]


@pytest.mark.parametrize("packed", [b"", b"\0\0\0", framed(b"", 1), framed(b"abc", 2**32 - 1)])
def test_a_length_that_lies_does_not_open(seal_raw: Sealer, packed: bytes) -> None:
    assert refusal(RING, seal_raw(Encoding.PLAIN, packed)) is Code.DOES_NOT_OPEN


def test_a_bomb_is_too_large_and_never_unfolds(seal_raw: Sealer) -> None:
    bomb = zlib.compress(bytes(20 * 2**20), 9)
    assert len(bomb) < MAX_MESSAGE_BYTES
    frame = seal_raw(Encoding.ZLIB, framed(bomb))
    tracemalloc.start()
    try:
        assert refusal(RING, frame) is Code.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_the_most_that_inflates_is_the_most_that_a_frame_carries(seal_raw: Sealer) -> None:
    most = zlib.compress(bytes(MAX_MESSAGE_BYTES))
    opened = RING.open(seal_raw(Encoding.ZLIB, framed(most)), Direction.REQUEST)
    assert opened == bytes(MAX_MESSAGE_BYTES)
    more = zlib.compress(bytes(MAX_MESSAGE_BYTES + 1))
    assert refusal(RING, seal_raw(Encoding.ZLIB, framed(more))) is Code.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [b"no zlib", b"", zlib.compress(b"cut" * 99)[:-3], zlib.compress(b"whole") + b"more"],
    ids=["not zlib", "empty", "cut", "followed"],
)
def test_a_broken_stream_does_not_open(seal_raw: Sealer, content: bytes) -> None:
    assert refusal(RING, seal_raw(Encoding.ZLIB, framed(content))) is Code.DOES_NOT_OPEN


# -- sizes ----------------------------------------------------------------------------------------


@given(st.integers(0, MAX_MESSAGE_BYTES))
def test_the_carrier_sees_one_of_seven_sizes(length: int) -> None:
    body = RING.seal(HEADER, secrets.token_bytes(length)).body
    assert len(body) - OVERHEAD in BUCKETS


def test_messages_in_one_bucket_look_alike() -> None:
    sizes = {len(serialize(RING.seal(HEADER, b"x" * length))) for length in (0, 1, 500, 1020)}
    assert len(sizes) == 1


def test_what_deflates_into_a_smaller_bucket_is_deflated() -> None:
    frame = RING.seal(HEADER, b'{"repeated":"text"}' * 1000)
    assert frame.header.encoding is Encoding.ZLIB
    assert len(frame.body) - OVERHEAD == BUCKETS[0]


@pytest.mark.parametrize("message", [b"a" * 1000, secrets.token_bytes(5000)])
def test_what_gains_nothing_is_left_as_it_is(message: bytes) -> None:
    assert RING.seal(HEADER, message).header.encoding is Encoding.PLAIN


def test_the_largest_message_under_the_longest_header_fits_a_queue_message() -> None:
    message = secrets.token_bytes(MAX_MESSAGE_BYTES)
    ring = KeyRing(PairingSecret("k" * 16, bytes(32)))
    text = serialize(ring.seal(LONGEST, message))
    assert len(text) <= MAX_FRAME_BYTES
    assert ring.open(parse(text), Direction.REQUEST) == message


def test_one_byte_more_is_too_large() -> None:
    with pytest.raises(PeerFault) as caught:
        RING.seal(HEADER, bytes(MAX_MESSAGE_BYTES + 1))
    assert caught.value.code is Code.TOO_LARGE


# -- keys -----------------------------------------------------------------------------------------


def test_rotation_the_first_secret_seals_and_all_open() -> None:
    old, new = PairingSecret.generate(), PairingSecret.generate()
    rotated = KeyRing(new, old)
    assert rotated.seal(HEADER, b"m").header.kid == new.kid
    assert rotated.open(KeyRing(old).seal(HEADER, b"old"), Direction.REQUEST) == b"old"
    assert KeyRing(new).open(rotated.seal(HEADER, b"new"), Direction.REQUEST) == b"new"


@pytest.mark.parametrize("ring", [(), (SECRET, SECRET)], ids=["none", "one id twice"])
def test_a_ring_without_clear_ids_is_refused(ring: tuple[PairingSecret, ...]) -> None:
    with pytest.raises(LocalFault) as caught:
        KeyRing(*ring)
    assert caught.value.code is Code.BAD_KEY


def test_each_direction_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[bytes] = []
    monkeypatch.setattr("mcp_bridge.sealing.AESGCM", lambda key: keys.append(key) or AESGCM(key))
    KeyRing(SECRET)
    assert len(set(keys)) == 2
    assert SECRET.secret not in keys


def test_a_secret_survives_its_text() -> None:
    secret = PairingSecret.generate()
    assert PairingSecret.from_text(secret.to_text()) == secret


def test_a_secret_shows_nothing() -> None:
    secret = PairingSecret.generate()
    for shown in (repr(secret), str(secret), repr(KeyRing(secret))):
        assert secret.to_text().rsplit(".", 1)[1] not in shown
        assert repr(secret.secret) not in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "karte1",
        "karte2.k1k1." + "A" * 43,
        "karte1.K1K1." + "A" * 43,
        "karte1.k1k1." + "A" * 42,
        "karte1.k1k1." + "A" * 44,
        "karte1.k1k1." + "+" * 43,
        "karte1.k1k1." + "A" * 43 + "\n",
        "karte1.k1k1." + "あ" * 43,
    ],
    ids=range(9),
)
def test_another_text_is_no_key(text: str) -> None:
    with pytest.raises(LocalFault) as caught:
        PairingSecret.from_text(text)
    assert caught.value.code is Code.BAD_KEY


def test_a_key_file_opens_what_its_secret_sealed(tmp_path: Path) -> None:
    path = tmp_path / "clinic.key"
    write_key_file(path, SECRET)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key_file(path).open(RING.seal(HEADER, b"m"), Direction.REQUEST) == b"m"


def test_a_key_file_with_comments_and_an_old_key_is_a_ring(tmp_path: Path) -> None:
    path, old = tmp_path / "clinic.key", PairingSecret.generate()
    write_key_file(path, SECRET)
    path.write_text(f"# since May\n{SECRET.to_text()}\n\n# until June\n{old.to_text()}\n")
    ring = read_key_file(path)
    assert ring.seal(HEADER, b"m").header.kid == SECRET.kid
    assert ring.open(KeyRing(old).seal(HEADER, b"m"), Direction.REQUEST) == b"m"


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "clinic.key"
    write_key_file(path, SECRET)
    before = path.read_bytes()
    with pytest.raises(LocalFault):
        write_key_file(path, PairingSecret.generate())
    assert path.read_bytes() == before


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clinic.key"
    write_key_file(path, SECRET)
    path.chmod(0o640)
    with pytest.raises(LocalFault) as caught:
        read_key_file(path)
    assert caught.value.code is Code.BAD_KEY


@pytest.mark.parametrize("content", [b"", b"# only words\n", b"\xff\xfe", b"x" * 5000])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clinic.key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(LocalFault) as caught:
        read_key_file(path)
    assert caught.value.code is Code.BAD_KEY


def test_a_missing_key_file_is_refused_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(LocalFault) as caught:
        read_key_file(tmp_path / "nobody.key")
    assert str(caught.value) == "bad_key"
