"""The items of a session: JSON-RPC messages, and what belongs to them but does not stand in them.

The body of a session frame is an array of items, each a JSON object of one of these forms:

    {"message": {…}, "related": ID, "controls": […]}    a JSON-RPC message; see `Said`
    {"unanswered": ID}                                  this request ends without a response
    {"close": ID} or {"close": null}                    the HTTP stream of this request, or the one
                                                        that belongs to no request, shall be closed
    {"keep": true}                                      the session is still wanted, or still there
    {"end": CODE}                                       it is over; CODE is null, or of `errors`

Whatever the SDK would do through a callback travels here in the order of the messages around it: a
cancel must not be overtaken by the end of its request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.rpc import Message, RequestId, as_object, encode

MAX_ITEMS = 1024  # of one frame

_END_CODES: tuple[object, ...] = (None, *(code.value for code in Code))


class Control(StrEnum):
    """What the client's transport can do for a request, beside bringing it an answer."""

    CLOSE = "close"  # close its stream; the client comes back and resumes
    UNANSWERED = "unanswered"  # end it although no response comes


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """A JSON-RPC message; `related` is the client's request on whose stream it belongs."""

    message: Message
    related: RequestId | None = None
    controls: frozenset[Control] = frozenset()


@dataclass(frozen=True, slots=True, repr=False)
class Unanswered:
    """The request was cancelled: no response comes."""

    request_id: RequestId


@dataclass(frozen=True, slots=True, repr=False)
class CloseStream:
    """Close the stream of this request, or with None the one that belongs to no request."""

    request_id: RequestId | None


@dataclass(frozen=True, slots=True)
class Keep:
    """From the calling side: it is still wanted. From the serving side: it is still there."""


@dataclass(frozen=True, slots=True)
class End:
    """Nothing comes after this."""

    code: Code | None = None


Item = Said | Unanswered | CloseStream | Keep | End


def encode_item(item: Item) -> bytes:
    """Compact JSON."""
    return encode(_fields(item))


def decode_items(body: bytes) -> Sequence[Item]:
    """The items of a frame's body. Raises PeerFault(NOT_JSON_RPC)."""
    try:
        values: object = json.loads(body)
    except (ValueError, RecursionError):
        raise PeerFault(Code.NOT_JSON_RPC) from None
    if not isinstance(values, list):
        raise PeerFault(Code.NOT_JSON_RPC)
    items = cast("list[object]", values)
    if not 0 < len(items) <= MAX_ITEMS:
        raise PeerFault(Code.NOT_JSON_RPC)
    return [_item(value) for value in items]


def _fields(item: Item) -> Mapping[str, Any]:
    match item:
        case Said(message, related, controls):
            fields: dict[str, Any] = {"message": message}
            if related is not None:
                fields["related"] = related
            if controls:
                fields["controls"] = sorted(controls)
            return fields
        case Unanswered(request_id):
            return {"unanswered": request_id}
        case CloseStream(request_id):
            return {"close": request_id}
        case Keep():
            return {"keep": True}
        case End(code):
            return {"end": code}


def _item(value: object) -> Item:
    fields = as_object(value)
    message = as_object(fields.get("message"))
    if message.get("jsonrpc") == "2.0":
        related = _id_or_none(fields.get("related"))
        return Said(message, related, _controls(fields.get("controls", [])))
    if "unanswered" in fields:
        return Unanswered(_id(fields["unanswered"]))
    if "close" in fields:
        return CloseStream(_id_or_none(fields["close"]))
    if fields.get("keep") is True:
        return Keep()
    if "end" in fields and fields["end"] in _END_CODES:
        return End(None if fields["end"] is None else Code(fields["end"]))
    raise PeerFault(Code.NOT_JSON_RPC)


def _controls(value: object) -> frozenset[Control]:
    if not isinstance(value, list):
        raise PeerFault(Code.NOT_JSON_RPC)
    names = cast("list[object]", value)
    return frozenset(control for control in Control if control.value in names)


def _id(value: object) -> RequestId:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    raise PeerFault(Code.NOT_JSON_RPC)


def _id_or_none(value: object) -> RequestId | None:
    return None if value is None else _id(value)
