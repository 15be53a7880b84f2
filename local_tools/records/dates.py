"""Dates as records write them: Western or by Japanese era, exact to a day, a month or a year."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# Year before the first of an era, by its letter, its two characters, or the first of them.
# Eras as proclaimed: Meiji 1868, Taisho 1912, Showa 1926, Heisei 1989, Reiwa 2019.
_ERAS = {
    "m": 1867, "\u660e\u6cbb": 1867, "\u660e": 1867,
    "t": 1911, "\u5927\u6b63": 1911, "\u5927": 1911,
    "s": 1925, "\u662d\u548c": 1925, "\u662d": 1925,
    "h": 1988, "\u5e73\u6210": 1988, "\u5e73": 1988,
    "r": 2018, "\u4ee4\u548c": 2018, "\u4ee4": 2018,
}  # fmt: skip
_FIRST_YEAR = "\u5143"  # the character that stands for year 1 of an era
_MARKS = "-/.\u5e74\u6708"
_DATE = re.compile(
    rf"(?P<era>[a-z]|[\u4e00-\u9fff]{{1,2}})?\s*(?P<y>[0-9]{{1,4}}|{_FIRST_YEAR})\s*"
    rf"(?:[{_MARKS}]\s*(?:(?P<m>[0-9]{{1,2}})\s*(?:[{_MARKS}]\s*(?:(?P<d>[0-9]{{1,2}})\s*\u65e5?)?)?)?)?"
    r"(?:[t\s][0-9:.+z-]*)?"
)
_COMPACT = re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})")


def parse_date(text: str) -> date | None:
    """Return the date, with month and day 1 where the text is less exact; None if it is none."""
    text = unicodedata.normalize("NFKC", text).strip().casefold()
    found = _COMPACT.fullmatch(text) or _DATE.fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    year = 1 if parts["y"] == _FIRST_YEAR else int(parts["y"])
    era = parts.get("era")
    if era is not None:
        if era not in _ERAS or year > 64:
            return None
        year += _ERAS[era]
    if not 1850 <= year <= 2150:
        return None
    try:
        return date(year, int(parts["m"] or 1), int(parts["d"] or 1))
    except ValueError:
        return None


def age_on(birth: date, today: date) -> int:
    """Return full years of life."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
