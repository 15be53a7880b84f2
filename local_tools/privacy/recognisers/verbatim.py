"""Prose of the record, word for word: a longer run of it in what is to leave.

Characters inside whole vocabulary terms do not count: a note names the same diseases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from local_tools.privacy.normalise import fold, squash, squashed

JAPANESE_RUN = 14  # characters without spaces and punctuation
LATIN_RUN = 36


@lru_cache(maxsize=8)
def _prose(free_texts: tuple[str, ...]) -> str:
    """Return the prose of a record as one squashed text. Kept: a note may be a megabyte long."""
    return "\n".join(map(squashed, free_texts))


def prepare(free_texts: tuple[str, ...]) -> None:
    """Take the time for a record's prose now, so that `repeats` is quick."""
    _prose(free_texts)


def repeats(text: str, terms: Sequence[tuple[int, int]], free_texts: tuple[str, ...]) -> bool:
    """Say whether the text repeats the record's prose outside of its terms (spans of `text`)."""
    prose = _prose(free_texts)
    return any(window in prose for window in _windows(text, terms))


def _windows(text: str, terms: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield the shortest runs that would count, one for each place where one may begin."""
    view = squash(fold(text))
    outside = [not any(a <= o[0] and o[1] <= b for a, b in terms) for o in view.origins]
    needed = LATIN_RUN if view.text.isascii() else JAPANESE_RUN
    end = counted = 0
    for start in range(len(outside)):
        while end < len(outside) and counted < needed:
            counted += outside[end]
            end += 1
        if counted < needed:
            return
        yield view.text[start:end]
        counted -= outside[start]
