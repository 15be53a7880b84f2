"""Finds patients as people type: any width, hiragana or katakana, kanji or number."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from local_tools.model import PatientRow

# Hiragana U+3041..U+3096 and katakana U+30A1..U+30F6 lie 0x60 apart.
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def fold(text: str) -> str:
    """One spelling for all: NFKC, small letters, katakana, no spaces."""
    wide = unicodedata.normalize("NFKC", text).casefold().translate(_TO_KATAKANA)
    return "".join(wide.split())


def matching(rows: Iterable[PatientRow], query: str) -> tuple[PatientRow, ...]:
    """The rows whose name, kana or id contains every word of the query; all for an empty one."""
    words = [fold(word) for word in query.split()]
    return tuple(row for row in rows if all(word in _haystack(row) for word in words))


def _haystack(row: PatientRow) -> str:
    return "\n".join(fold(text) for text in (row.display_name, row.kana, row.patient_id))
