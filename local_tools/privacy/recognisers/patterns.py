"""What identifies by its shape, whoever it belongs to: dates, numbers, addresses of the net."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from local_tools.privacy.normalise import View, fold, prose
from local_tools.privacy.recognisers import my_number
from local_tools.privacy.tables import read_table


class Shape(StrEnum):
    """What a text looks like; the values are the kinds in resources/privacy/patterns.toml."""

    DATE = "date"
    ERA = "era"
    BIRTH = "birth"
    AGE = "age"
    PHONE = "phone"
    POSTAL_CODE = "postal_code"
    EMAIL = "email"
    URL = "url"
    UUID = "uuid"
    MY_NUMBER = "my_number"
    INSURANCE = "insurance"
    PATIENT_ID = "patient_id"
    LICENCE = "licence"
    LONG_NUMBER = "long_number"


@dataclass(frozen=True, slots=True)
class ShapeHit:
    """Where in the original text a shape is. `number` is the first figure in it, if any."""

    start: int
    end: int
    kind: Shape
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """One row of the table."""

    kind: Shape
    regex: re.Pattern[str]
    fewest: int  # digits in a hit
    most: int
    check: Callable[[str], bool]


_CHECKS: Mapping[str, Callable[[str], bool]] = {"": bool, "my_number": my_number.is_valid}


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return the shipped patterns, read once. Raises VocabularyError."""
    return tuple(
        Pattern(
            kind=Shape(row["kind"]),
            regex=re.compile(row["regex"], re.IGNORECASE),
            fewest=row.get("digits", [0, 0])[0],
            most=row.get("digits", [0, 999])[1],
            check=_CHECKS[row.get("check", "")],
        )
        for row in read_table("patterns.toml")["patterns"]
    )


def find_shapes(text: str) -> tuple[ShapeHit, ...]:
    """Return every hit of every pattern in the text."""
    return tuple(_found(prose(fold(text))))


def _found(view: View) -> Iterator[ShapeHit]:
    for pattern in patterns():
        for match in pattern.regex.finditer(view.text):
            figures = re.sub("[^0-9]", "", match.group())
            if pattern.fewest <= len(figures) <= pattern.most and pattern.check(match.group()):
                number = re.search("[0-9]{1,3}", match.group())
                yield ShapeHit(
                    *view.origin(*match.span()), pattern.kind, int(number[0]) if number else None
                )
