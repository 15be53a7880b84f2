"""The second door: looks at every message as it is about to leave, whatever made it.

The type `Release` is lost once the MCP SDK has turned a result into JSON, and the SDK writes texts
of its own. So the guard goes by shape, and what has no known shape does not leave:

    result of a tool     its canonical JSON is a registered release, and its text is the same
    failed tool          rewritten to a code
    error                rewritten to a code
    any other result     every key, text and number in it is one of the server's constants
    progress             small numbers only

Messages are built anew from what was verified. A guard that raises means: nothing leaves.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from local_tools.errors import Code, Refused
from local_tools.model import Identifier, IdentifierKind, Release
from local_tools.privacy.canonical import canonical
from local_tools.privacy.identifiers import index_of
from local_tools.privacy.language import Language

Message = Mapping[str, Any]

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")  # of a request; chosen by the caller, so not scanned
_MAX_ID = 2**53
_MAX_PROGRESS = 1000
_CODES = frozenset(code.value for code in Code)
_PROGRESS = "notifications/progress"
# What JSON-RPC's own error numbers become; every other number says INTERNAL.
_ERRORS: Mapping[int, Code] = {
    -32700: Code.BAD_ARGUMENTS,
    -32600: Code.BAD_ARGUMENTS,
    -32601: Code.UNKNOWN_METHOD,
    -32602: Code.BAD_ARGUMENTS,
    -32022: Code.BAD_ARGUMENTS,  # protocol version not served: `data` names those that are
}
_UNSUPPORTED_VERSION = -32022
_INTERNAL_ERROR = -32603
# A key of a release's JSON.
_KEY = re.compile('"([a-z_]+)":')
# Looked for across the whole of a release. Names make words with their neighbours there; the gate
# has judged them string by string.
_LOOKED_FOR = frozenset(
    {
        IdentifierKind.BIRTH_DATE,
        IdentifierKind.PHONE,
        IdentifierKind.EMAIL,
        IdentifierKind.PATIENT_ID,
        IdentifierKind.LICENCE,
        IdentifierKind.OTHER_ID,
    }
)


class ReleaseRegister:
    """What may leave: releases that are in the ledger, and the server's constants. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._constants: frozenset[str] = frozenset()

    def register(self, release: Release) -> None:
        """Let the release leave once. For the pipeline, after the ledger has its row."""
        with self._lock:
            self._waiting[release.sha256] += 1

    def take(self, sha256: str) -> bool:
        """Say whether a release of this hash may leave, and count it as gone."""
        with self._lock:
            if not self._waiting[sha256]:
                del self._waiting[sha256]
                return False
            self._waiting[sha256] -= 1
            return True

    def allow(self, texts: Iterable[str]) -> None:
        """Add constants of the server: names, descriptions, schema words. For its builder."""
        with self._lock:
            self._constants |= frozenset(texts)

    def are_constants(self, texts: Iterable[str]) -> bool:
        """Say whether all of the texts are constants of the server."""
        return self._constants.issuperset(texts)


class Guard:
    """Call it with a JSON-RPC message; it returns the message as it may leave."""

    def __init__(
        self,
        releases: ReleaseRegister,
        identifiers: Callable[[], tuple[Identifier, ...]],
        vocabulary: Language,
    ) -> None:
        self._releases = releases
        self._identifiers = identifiers
        self._vocabulary = vocabulary

    def __call__(self, message: Message) -> Message:
        """Return the message as it may leave.

        Raises:
            Refused: GUARD_BLOCKED. Any other exception means the same.
        """
        if "method" in message:
            return _progress(message)
        id_ = _request_id(message.get("id"))
        if "error" in message:
            return {"jsonrpc": "2.0", "id": id_, "error": self._error(message["error"])}
        result = self._result(_mapping(message.get("result")))
        return {"jsonrpc": "2.0", "id": id_, "result": result}

    def _result(self, result: Message) -> Message:
        if "content" not in result:
            return self._constant(result)
        told: dict[str, Any]
        if result.get("isError"):
            told = {"content": _text(_code_of(result["content"]).value), "isError": True}
        else:
            told = self._released(result)
        stamps = {key: result[key] for key in ("resultType", "_meta") if key in result}
        return {**told, **self._constant(stamps)}

    def _released(self, result: Message) -> dict[str, Any]:
        """The result of a tool, built from the bytes that were registered."""
        body = canonical(_mapping(result.get("structuredContent")))
        text = body.decode()
        if _without_nulls(result["content"]) != _text(text):
            raise _blocked()
        if self._identifies(text):
            raise _blocked()
        if not self._releases.take(hashlib.sha256(body).hexdigest()):
            raise _blocked()
        return {"content": _text(text), "structuredContent": json.loads(text), "isError": False}

    def _identifies(self, text: str) -> bool:
        """Whether a release's JSON holds an identifier that is not wholly inside a whole term.

        Somebody's record may have a term for a value, such as "active", or the name of a test.
        """
        hits = index_of(self._identifiers()).find(text, strict=True)
        looked_for = [hit for hit in hits if hit.kind in _LOOKED_FOR]
        fine = list(self._fine_spans(text)) if looked_for else []
        return not all(any(a <= h.start and h.end <= b for a, b in fine) for h in looked_for)

    def _fine_spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the keys and the whole terms of a release's JSON are."""
        yield from (match.span(1) for match in _KEY.finditer(text))
        at = 0
        for leaf in leaves(json.loads(text)):
            quoted = json.dumps(leaf, ensure_ascii=False)
            at = text.index(quoted, at) + 1
            yield from ((at + s.start, at + s.end) for s in self._vocabulary.terms_in(leaf))
            at += len(quoted) - 1

    def _error(self, error: object) -> Message:
        fault = _mapping(error)
        number = fault.get("code")
        known: int = number if type(number) is int and number in _ERRORS else _INTERNAL_ERROR
        rewritten: dict[str, Any] = {"code": known, "message": _ERRORS.get(known, Code.INTERNAL)}
        if known == _UNSUPPORTED_VERSION:
            served = _mapping(fault.get("data")).get("supported", [])
            rewritten["data"] = self._constant({"supported": served})
        return rewritten

    def _constant(self, value: Message) -> Message:
        """Return the value if all that it says is the server's own, else refuse."""
        if not self._releases.are_constants(leaves(value)):
            raise _blocked()
        return value


def _progress(message: Message) -> Message:
    """Small numbers only: the token is the caller's, a text would be somebody's."""
    if message["method"] != _PROGRESS or "id" in message:
        raise _blocked()
    params = _mapping(message.get("params"))
    kept: dict[str, Any] = {"progressToken": _request_id(params.get("progressToken"))}
    for name in ("progress", "total"):
        value = params.get(name)
        if isinstance(value, (int, float)) and 0 <= value <= _MAX_PROGRESS:
            kept[name] = value
        elif value is not None or name == "progress":
            raise _blocked()
    return {"jsonrpc": "2.0", "method": _PROGRESS, "params": kept}


def _code_of(content: object) -> Code:
    """The code that a failed tool told, INTERNAL for every other text."""
    match _without_nulls(content):
        case [{"type": "text", "text": str(text)}] if text in _CODES:
            return Code(text)
        case _:
            return Code.INTERNAL


def _without_nulls(content: object) -> list[object]:
    """A content list as plain JSON; the SDK may or may not write empty annotations."""
    if not isinstance(content, list):
        raise _blocked()
    return [
        {k: v for k, v in cast("Message", item).items() if v is not None}
        if isinstance(item, Mapping)
        else item
        for item in cast("list[object]", content)
    ]


def _request_id(value: object) -> int | str | None:
    if value is None or (type(value) is int and abs(value) < _MAX_ID):
        return value
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise _blocked()


def _text(text: str) -> list[object]:
    return [{"type": "text", "text": text}]


def _mapping(value: object) -> Message:
    if not isinstance(value, Mapping):
        raise _blocked()
    return cast("Message", value)


def leaves(value: object) -> Iterator[str]:
    """Yield everything that a JSON value says: its keys, its strings, and its numbers as text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[object, object]", value).items():
            yield from leaves(key)
            yield from leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in cast("list[object]", value):
            yield from leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _blocked() -> Refused:
    return Refused(Code.GUARD_BLOCKED)
