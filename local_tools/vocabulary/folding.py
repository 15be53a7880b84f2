"""One spelling for many: the key under which a text is looked up. Never used to make output."""

from __future__ import annotations

import re
import unicodedata

_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
# Spelling variants of the same word: the character for cancer and its kana, two forms of "neck".
_VARIANTS = {0x764C: "\u30ac\u30f3", 0x981A: "\u9838"}
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_IGNORABLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SKIPPED = re.compile("[\\s'\u2018\u2019\u30fb\u00b7\\-]+")


def fold(text: str) -> str:
    """Return NFKC, lower case, hiragana as katakana, single spaces: for searching in prose."""
    text = _IGNORABLE.sub("", unicodedata.normalize("NFKC", text))
    text = text.translate(_DASHES).translate(_KATAKANA).translate(_VARIANTS).casefold()
    return re.sub(r"\s+", " ", text).strip()


def key(text: str) -> str:
    """Return the folded text without spaces, apostrophes, hyphens and middle dots."""
    return _SKIPPED.sub("", fold(text))
