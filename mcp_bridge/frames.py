"""The frame: one sealed message as it stands on a queue. Pure; called by both sides.

A frame is compact JSON, a clear header and a sealed body (DESIGN section 6):

    {"v":1,"kid":"…","dir":"q|r","mid":"<uuid>","kind":"request|reply|progress|cancel|session",
     "sid":"…"|null,"seq":n,"i":0,"n":1,"reply":"<caller>"|null,"budget_ms":30000,"enc":"p|z",
     "body":"<base64>"}

`parse` faces hostile text. It bounds the size before it decodes, takes exactly these keys once
each, and lets nothing out but a `Frame` or a `PeerFault`. It says nothing about who wrote the
frame; only `sealing` does.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, cast

from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.names import is_caller_name

VERSION = 1
MAX_FRAME_BYTES = 65_536  # what a queue message holds (carriers/port.py says the same)
MAX_PARTS = 64
MAX_SEQ = 2**31 - 1
MAX_BUDGET_MS = 7 * 24 * 3600 * 1000  # the longest life of a queue message

_KID = re.compile(r"[a-z0-9]{4,16}")
_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Direction(StrEnum):
    """Which way a frame goes; each way has its own key."""

    REQUEST = "q"  # towards the serving side
    REPLY = "r"  # towards the calling side


class Kind(StrEnum):
    """What a frame's body is."""

    REQUEST = "request"
    REPLY = "reply"
    PROGRESS = "progress"
    CANCEL = "cancel"
    SESSION = "session"
    PRESENCE = "presence"


class Encoding(StrEnum):
    """How the body's bytes were packed before they were sealed."""

    PLAIN = "p"
    ZLIB = "z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The clear part of a frame: readable by the carrier, changeable by nobody.

    `kid` and `encoding` are filled in by `KeyRing.seal`.
    """

    direction: Direction
    mid: str  # a uuid: identity for dedupe and journal; a reply carries its request's
    kind: Kind
    sid: str | None = None  # the session (a uuid), for handshake-era clients
    seq: int = 0  # order within one `mid` or `sid`
    part: int = 0  # this chunk, from 0
    parts: int = 1  # all chunks, 1..MAX_PARTS
    reply: str | None = None  # the caller whose response queue is meant
    budget_ms: int = 0  # time that the caller will still wait, from when this was put
    kid: str = ""
    encoding: Encoding = Encoding.PLAIN

    def associated_data(self) -> bytes:
        """The bytes that the seal covers beside the body: every field, in one fixed order."""
        return _compact(_fields(self)).encode("ascii")


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """A header and its sealed body (nonce, ciphertext and tag)."""

    header: Header
    body: bytes


def serialize(frame: Frame) -> str:
    """The frame as queue text: ASCII, so one character is one byte.

    Raises:
        PeerFault: TOO_LARGE, the text would not fit into one queue message.
    """
    text = _compact(_fields(frame.header) | {"body": b64encode(frame.body).decode("ascii")})
    if len(text) > MAX_FRAME_BYTES:
        raise PeerFault(Code.TOO_LARGE)
    return text


def parse(text: str) -> Frame:
    """The frame that `text` holds.

    Raises:
        PeerFault: TOO_LARGE, NOT_A_FRAME or UNKNOWN_VERSION; nothing else, whatever the text.
    """
    if len(text) > MAX_FRAME_BYTES:
        raise PeerFault(Code.TOO_LARGE)
    fields = _object(text)
    version = fields.get("v")
    if type(version) is not int:
        raise PeerFault(Code.NOT_A_FRAME)
    if version != VERSION:
        raise PeerFault(Code.UNKNOWN_VERSION)
    if fields.keys() != _RULES.keys():
        raise PeerFault(Code.NOT_A_FRAME)
    for key, is_legal in _RULES.items():
        if not is_legal(fields[key]):
            raise PeerFault(Code.NOT_A_FRAME)
    if fields["i"] >= fields["n"]:
        raise PeerFault(Code.NOT_A_FRAME)
    return Frame(_header(fields), _body(fields["body"]))


def _fields(header: Header) -> dict[str, Any]:
    return {
        "v": VERSION,
        "kid": header.kid,
        "dir": header.direction.value,
        "mid": header.mid,
        "kind": header.kind.value,
        "sid": header.sid,
        "seq": header.seq,
        "i": header.part,
        "n": header.parts,
        "reply": header.reply,
        "budget_ms": header.budget_ms,
        "enc": header.encoding.value,
    }


def _object(raw: str) -> dict[str, Any]:
    """The JSON object in `raw`; a key given twice, NaN and deep nesting are refused."""
    try:
        value: Any = json.loads(raw, object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise PeerFault(Code.NOT_A_FRAME) from None
    if not isinstance(value, dict):
        raise PeerFault(Code.NOT_A_FRAME)
    return cast("dict[str, Any]", value)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError
    return fields


def _no_constant(_name: str) -> NoReturn:
    raise ValueError


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _member(kind: type[StrEnum]) -> Callable[[object], bool]:
    values = frozenset(member.value for member in kind)
    return lambda value: isinstance(value, str) and value in values


def _between(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= high  # a bool is no number here


def _absent_or(is_legal: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_legal(value)


# Every key of a frame and what it may hold.
_RULES: dict[str, Callable[[object], bool]] = {
    "v": _between(VERSION, VERSION),
    "kid": _matches(_KID),
    "dir": _member(Direction),
    "mid": _matches(_UUID),
    "kind": _member(Kind),
    "sid": _absent_or(_matches(_UUID)),
    "seq": _between(0, MAX_SEQ),
    "i": _between(0, MAX_PARTS - 1),
    "n": _between(1, MAX_PARTS),
    "reply": _absent_or(lambda value: isinstance(value, str) and is_caller_name(value)),
    "budget_ms": _between(0, MAX_BUDGET_MS),
    "enc": _member(Encoding),
    "body": lambda value: isinstance(value, str),
}


def _header(checked: dict[str, Any]) -> Header:
    return Header(
        direction=Direction(checked["dir"]),
        mid=checked["mid"],
        kind=Kind(checked["kind"]),
        sid=checked["sid"],
        seq=checked["seq"],
        part=checked["i"],
        parts=checked["n"],
        reply=checked["reply"],
        budget_ms=checked["budget_ms"],
        kid=checked["kid"],
        encoding=Encoding(checked["enc"]),
    )


def _body(raw: str) -> bytes:
    try:
        return b64decode(raw, validate=True)
    except ValueError:
        raise PeerFault(Code.NOT_A_FRAME) from None


def _compact(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=True)
