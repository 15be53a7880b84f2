"""What to look for: every spelling under which one identifying value may come along.

A needle is only as short as it can be without meaning something else: a family name of one kanji
counts with an honorific behind it, a given name in kana only as a word of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from local_tools.model import Identifier, IdentifierKind
from local_tools.privacy.normalise import digits, fold, prose, romaji, skeleton, squash
from local_tools.privacy.tables import Era, folding_tables

_NAMES = frozenset(
    {IdentifierKind.NAME, IdentifierKind.KANA, IdentifierKind.CONTACT_NAME, IdentifierKind.DOCTOR}
)
_SEPARATORS = re.compile(r"[\s,.\u30fb\u00b7=\uff1d]+")
_KANA = re.compile("[\u30a1-\u30fa]+")
_DATE = re.compile(
    r"([0-9]{4})[^0-9]*?([0-9]{1,2})[^0-9]+([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})"
)
_ERA_DATE = "([0-9]{1,2})[^0-9]+([0-9]{1,2})[^0-9]+([0-9]{1,2})"
MIN_DIGITS = 7  # fewer in a row are too often something else
MIN_CODE = 4
MIN_ROMAJI = 6  # anywhere in a text; as a word of its own a name may be shorter


class Place(Enum):
    """The view that a needle is looked for in, and how."""

    SQUASHED = auto()  # anywhere among letters and digits
    SKELETON = auto()  # anywhere among Latin letters in the one spelling
    DIGITS = auto()  # anywhere among the digits
    WORD = auto()  # a whole run of Latin letters, of katakana, or of digits


@dataclass(frozen=True, slots=True, repr=False)
class Needle:
    """A normalised text to look for. `strict`: only in what leaves, where false alarms are rare."""

    place: Place
    text: str
    strict: bool = False


def all_needles(identifiers: Sequence[Identifier]) -> Iterator[tuple[Identifier, Needle]]:
    """Yield what to look for because of a set of identifiers."""
    split = _split_names(identifiers)
    for identifier in identifiers:
        if identifier.kind not in _NAMES or identifier.value not in split:
            yield from ((identifier, needle) for needle in needles(identifier))


def _split_names(identifiers: Iterable[Identifier]) -> frozenset[str]:
    """Return parts and wholes of the names that also come with a space: nothing to guess there."""
    split: set[str] = set()
    for identifier in identifiers:
        parts = identifier.value.split() if identifier.kind in _NAMES else []
        if len(parts) > 1:
            split.update((*parts, "".join(parts)))
    return frozenset(split)


def needles(identifier: Identifier) -> Iterator[Needle]:
    """Yield what to look for because of one identifier."""
    value, kind = identifier.value, identifier.kind
    if squash(fold(value)).text in _squashed(folding_tables().placeholders):
        return
    if kind in _NAMES:
        yield from _name(value)
    elif kind is IdentifierKind.BIRTH_DATE:
        yield from _birth_date(value)
    elif kind is IdentifierKind.ADDRESS:
        yield from _address(value)
    elif kind is IdentifierKind.FACILITY:
        yield from _facility(value)
    else:
        yield from _code(value)


# ------------------------------------------------------------------------------------------- names


def _name(value: str) -> Iterator[Needle]:
    titles = folding_tables().titles
    words = [w for w in _SEPARATORS.split(fold(value).text) if w and w not in titles]
    parts = [p for p in (_without_title(squash(fold(word)).text) for word in words) if p]
    if not parts:
        return
    if all(part.isascii() for part in parts):
        yield from _latin_name([skeleton(fold(part)).text for part in parts], shortest=3)
        return
    if all(_KANA.fullmatch(part) for part in parts):
        yield from _kana_parts(parts)
        yield from _latin_name([romaji(word) for word in words], shortest=4)
    else:
        yield from _kanji_parts(parts if len(parts) > 1 else _guessed_parts(parts[0]))
    yield from _wholes(parts)


def _without_title(word: str) -> str:
    for title in _squashed(folding_tables().titles):
        word = word.removesuffix(title) or word
    return word


@lru_cache(maxsize=8)
def _squashed(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(squash(fold(word)).text for word in words)


def _wholes(parts: list[str]) -> Iterator[Needle]:
    """Both orders of the parts."""
    whole = "".join(parts)
    if len(whole) >= 2:
        yield Needle(Place.SQUASHED, whole)
        yield Needle(Place.SQUASHED, "".join(reversed(parts)))


def _guessed_parts(whole: str) -> list[str]:
    """Family and given name of a name without a space: one, two or three characters each."""
    sizes = range(2, min(3, len(whole) - 1) + 1)
    return [part for size in sizes for part in (whole[:size], whole[-size:])]


def _kanji_parts(parts: list[str]) -> Iterator[Needle]:
    for part in parts:
        if len(part) >= 2:
            yield Needle(Place.SQUASHED, part)
        else:
            yield from _with_honorific(part)


def _kana_parts(parts: list[str]) -> Iterator[Needle]:
    """In hiragana a short name is often part of a word; with an honorific it is a name."""
    for part in parts if len(parts) > 1 else ():
        yield from _with_honorific(part)
        if len(part) >= 2:
            yield Needle(Place.WORD, part)
        if len(part) >= 3:
            yield Needle(Place.SQUASHED, part, strict=True)


def _with_honorific(part: str) -> Iterator[Needle]:
    for honorific in _squashed(folding_tables().honorifics):
        yield Needle(Place.SQUASHED, part + honorific)


def _latin_name(parts: list[str], *, shortest: int) -> Iterator[Needle]:
    parts = [part for part in parts if part]
    for whole in ("".join(parts), "".join(reversed(parts))):
        if len(whole) >= MIN_ROMAJI:
            yield Needle(Place.SKELETON, whole)
        elif len(whole) >= shortest:
            yield Needle(Place.WORD, whole)
    for part in parts:
        if len(part) >= shortest:
            yield Needle(Place.WORD, part)
        if len(part) >= MIN_ROMAJI:
            yield Needle(Place.SKELETON, part)


# ------------------------------------------------------------------------------------------- dates


def _birth_date(value: str) -> Iterator[Needle]:
    found = _date(prose(fold(value)).text)
    if found is None:
        yield from _code(value)
        return
    year, month, day = found
    unit_y, unit_m, unit_d = tuple(folding_tables().date_units)
    for m, d in {(f"{month}", f"{day}"), (f"{month:02}", f"{day:02}")}:
        yield Needle(Place.SQUASHED, f"{year}{unit_y}{m}{unit_m}{d}{unit_d}")
        for era, count in _era_years(year):
            yield Needle(Place.SQUASHED, f"{era.name}{count}{unit_y}{m}{unit_m}{d}{unit_d}")
    for era, count in _era_years(year):
        yield Needle(Place.SQUASHED, f"{era.letter.lower()}{count:02}{month:02}{day:02}")
    yield from _number(f"{year}{month:02}{day:02}")
    yield from _number(f"{month:02}{day:02}{year}")
    yield from _number(f"{day:02}{month:02}{year}")
    yield from _number(f"{year}{month}{day}")


def _date(text: str) -> tuple[int, int, int] | None:
    for era in folding_tables().eras:
        match = re.search(f"(?:{era.name}|^{era.letter.lower()}) ?{_ERA_DATE}", text)
        if match:
            year, month, day = map(int, match.groups())
            return era.first + year - 1, month, day
    match = _DATE.search(text)
    if match is None:
        return None
    year, month, day = (int(group) for group in match.groups() if group is not None)
    return year, month, day


def _era_years(year: int) -> Iterator[tuple[Era, int]]:
    """Yield the era of a year, and in the year of a change both."""
    for era in reversed(folding_tables().eras):
        if year >= era.first:
            yield era, year - era.first + 1
            if year > era.first:
                return


# ------------------------------------------------------------------------- addresses and facilities


def _address(value: str) -> Iterator[Needle]:
    tables = folding_tables()
    yield from _number(digits(fold(value)).text)
    for word in _SEPARATORS.split(fold(value).text):
        if len(word) >= 5 and word.isascii() and word.isalpha() and word not in tables.plain_words:
            yield Needle(Place.WORD, skeleton(fold(word)).text)
    whole = squash(fold(value)).text
    for prefecture in _squashed(tables.prefectures):
        whole = whole.removeprefix(prefecture)
    if len(whole) >= MIN_CODE:
        yield Needle(Place.SQUASHED, whole)
    if whole.isascii():
        return
    suffixes = tables.address_suffixes
    for part in re.findall(f"[^0-9a-z]{{2,}}?[{suffixes}]|[^0-9a-z]{{2,}}", whole):
        for text in {part, part.rstrip(suffixes)}:
            if len(text) >= 2 and text not in tables.plain_words and not _KANA.fullmatch(text[-2:]):
                yield Needle(Place.SQUASHED, text)


def _facility(value: str) -> Iterator[Needle]:
    tables = folding_tables()
    whole = squash(fold(value)).text
    for form in _squashed(tables.facility_forms):
        whole = whole.removeprefix(form) or whole
    names = {whole}
    for word in _squashed(tables.facility_words):
        rest = whole.removesuffix(word)
        if len(rest) >= 3:
            names.add(rest)
    for name in names:
        if len(name) >= 3:
            yield Needle(Place.SQUASHED, name)
    latin = skeleton(fold(value)).text
    if len(latin) >= MIN_ROMAJI:
        yield Needle(Place.SKELETON, latin)


# ------------------------------------------------------------------------------- numbers and codes


def _code(value: str) -> Iterator[Needle]:
    """A phone number, an id, an e-mail address, or something unknown."""
    figures = digits(fold(value)).text
    yield from _number(figures)
    text = squash(fold(value)).text
    if text == figures:
        if MIN_CODE < len(text) < MIN_DIGITS:
            yield Needle(Place.WORD, text, strict=len(text) < MIN_DIGITS - 1)
    elif len(text) >= MIN_CODE:
        yield Needle(Place.SQUASHED, text)


def _number(figures: str) -> Iterator[Needle]:
    """The digits in a row, also without the leading zero (abroad)."""
    for run in {figures, figures.lstrip("0")}:
        if len(run) >= MIN_DIGITS:
            yield Needle(Place.DIGITS, run)
