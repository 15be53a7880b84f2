"""The data of the scan: resources/privacy, pinned by hash like the clinical tables."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from local_tools.errors import VocabularyError
from local_tools.privacy.pins import PINS
from local_tools.resources import resource


@dataclass(frozen=True, slots=True)
class Era:
    """A Japanese era: its name, its letter, and the year that is its first."""

    name: str
    letter: str
    first: int


@dataclass(frozen=True, slots=True)
class FoldingTables:
    """How spellings are made alike, and the words around names. See resources/privacy."""

    letters: dict[int, str]  # variant kanji, other alphabets: code point to what it is read as
    shapes: dict[int, str]  # kanji that look like a kana
    numerals: dict[int, str]
    tens: str
    counters: str
    date_units: str  # year, month, day
    honorifics: tuple[str, ...]
    titles: tuple[str, ...]
    placeholders: tuple[str, ...]
    excuse_breakers: tuple[str, ...]
    facility_forms: tuple[str, ...]
    facility_words: tuple[str, ...]
    prefectures: tuple[str, ...]
    address_suffixes: str
    plain_words: frozenset[str]
    eras: tuple[Era, ...]


def digest(content: bytes) -> str:
    """Return the sha256 of a table; line ends do not count (git changes them on Windows)."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def read_table(name: str) -> dict[str, Any]:
    """Return a table of resources/privacy.

    Raises:
        VocabularyError: it is missing or is not the one that was reviewed.
    """
    try:
        content = resource("privacy", name).read_bytes()
    except OSError:
        raise VocabularyError from None
    if digest(content) != PINS.get(name):
        raise VocabularyError
    return tomllib.loads(content.decode())


@cache
def folding_tables() -> FoldingTables:
    """Return the folding tables, read once. Raises VocabularyError."""
    table = read_table("folding.toml")
    return FoldingTables(
        letters=_pairs(table["variants"]) | _pairs(table["latin_look_alikes"]),
        shapes=_pairs(table["look_alikes"]),
        numerals=_pairs(table["numerals"]),
        tens=table["tens"],
        counters=table["counters"],
        date_units=table["date_units"],
        honorifics=tuple(table["honorifics"]),
        titles=tuple(table["titles"]),
        placeholders=tuple(table["placeholders"]),
        excuse_breakers=tuple(table["excuse_breakers"]),
        facility_forms=tuple(table["facility_forms"]),
        facility_words=tuple(table["facility_words"]),
        prefectures=tuple(table["prefectures"].split()),
        address_suffixes=table["address_suffixes"],
        plain_words=frozenset(table["plain_words"]),
        eras=tuple(Era(**era) for era in table["eras"]),
    )


def _pairs(text: str) -> dict[int, str]:
    """Read "written then read as" pairs; a written character may be outside the basic plane."""
    return {ord(pair[0]): pair[1] for pair in text.split()}
