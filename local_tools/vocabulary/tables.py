"""Reads the tables in resources/terms, and refuses one that is not the reviewed one."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

from local_tools.errors import VocabularyError
from local_tools.vocabulary.pins import PINS

Row = Mapping[str, str]


def digest(content: bytes) -> str:
    """Return the sha256 of a table; line ends do not count (git changes them on Windows)."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def read_table(folder: Path, name: str) -> list[Row]:
    """Return the rows of a table, every cell a string.

    Raises:
        VocabularyError: missing, altered, or not a table.
    """
    try:
        content = (folder / name).read_bytes()
    except OSError:
        raise VocabularyError from None
    if digest(content) != PINS.get(name):
        raise VocabularyError
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode()), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise VocabularyError from None
    if any(None in row or None in row.values() for row in rows):  # more or fewer cells than columns
        raise VocabularyError
    return [{column: cell.strip() for column, cell in row.items()} for row in rows]


def cells(text: str) -> tuple[str, ...]:
    """Split a cell that holds a list: "a|b"."""
    return tuple(part for part in text.split("|") if part)
