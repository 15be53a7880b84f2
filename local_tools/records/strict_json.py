"""Reads a JSON file with limits. Anything doubtful is a RecordError with a code, never a guess."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from local_tools.errors import RecordError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 40


def read_file(path: Path) -> bytes:
    """Return the content of a file. A pipe or a device would have no end, so it is not read.

    Raises:
        RecordError: `problem` is unreadable or too_large.
    """
    try:
        if not path.is_file():
            raise RecordError(path.name, "unreadable")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)  # it may have grown meanwhile
    except OSError:
        raise RecordError(path.name, "unreadable") from None
    if len(content) > MAX_BYTES:
        raise RecordError(path.name, "too_large")
    return content


def parse_json(content: bytes, place: str) -> Json:
    """Return the document of a file's content.

    Raises:
        RecordError: `problem` is one of not_utf8, not_json, duplicate_key, not_a_number,
            nested_too_deep, broken_characters.
    """
    try:
        return _parsed(content)
    except _Doubt as doubt:
        raise RecordError(place, doubt.problem) from None


def _parsed(content: bytes) -> Json:
    """Parse and check; raises _Doubt."""
    try:
        text = content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        raise _Doubt("not_utf8") from None
    try:
        document: Json = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
        _check(document, 0)
    except RecursionError:
        raise _Doubt("nested_too_deep") from None
    except ValueError:
        raise _Doubt("not_json") from None
    return document


class _Doubt(Exception):
    """Carries a problem's code out of the JSON hooks."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):  # the last one would win, and the first one stay unscanned
        raise _Doubt("duplicate_key")
    return members


def _no_constant(_: str) -> NoReturn:
    raise _Doubt("not_a_number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Doubt("not_a_number")
    return number


def _check(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _Doubt("nested_too_deep")
    if isinstance(value, dict):
        for name, member in value.items():
            _check(name, depth)
            _check(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth + 1)
    elif isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        raise _Doubt("broken_characters")
