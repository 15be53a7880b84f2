"""Opening hours, such as `Mo-Fr 08:30-12:00,14:00-18:00; Sa 09:00-12:00`. Pure.

    hours  = rule *("; " rule)
    rule   = days " " spans
    days   = day *("," day / "-" day)          Mo Tu We Th Fr Sa Su
    spans  = span *("," span)
    span   = HH:MM "-" HH:MM                    the end is later, and may be 24:00

Times are those of the clock on the wall of the serving side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mcp_bridge.errors import Code, LocalFault

_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY: Final = f"(?:{'|'.join(_DAYS)})"
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SPAN: Final = rf"{_CLOCK}-(?:{_CLOCK}|24:00)"
_RULE: Final = re.compile(
    rf"({_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*) ({_SPAN}(?:,{_SPAN})*)", re.ASCII
)
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`spans` by weekday: minutes of the day, from and until."""

    text: str
    spans: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def parse(cls, text: str) -> OpeningHours:
        """Raises LocalFault(BAD_SETTINGS) for anything but the grammar above."""
        if len(text) > _LONGEST:
            raise LocalFault(Code.BAD_SETTINGS)
        week: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
        for rule in text.split("; "):
            match = _RULE.fullmatch(rule)
            if match is None:
                raise LocalFault(Code.BAD_SETTINGS)
            spans = [_span(span) for span in match[2].split(",")]
            for day in _days(match[1]):
                week[day].extend(spans)
        return cls(text, tuple(tuple(sorted(spans)) for spans in week))

    def is_open(self, now: datetime) -> bool:
        """Whether it is open at `now`, a local time."""
        minute = now.hour * 60 + now.minute
        return any(begin <= minute < end for begin, end in self.spans[now.weekday()])


def _days(text: str) -> list[int]:
    days: list[int] = []
    for item in text.split(","):
        first, _, last = item.partition("-")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        if end < begin:  # Sa-Mo
            end += len(_DAYS)
        days.extend(day % len(_DAYS) for day in range(begin, end + 1))
    return days


def _span(text: str) -> tuple[int, int]:
    begin, _, end = text.partition("-")
    minutes = _minute(begin), _minute(end)
    if minutes[1] <= minutes[0]:
        raise LocalFault(Code.BAD_SETTINGS)
    return minutes


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
