"""Views of a text in which different spellings of one thing look the same. For scanning only.

Every view remembers where each of its characters came from, so that a hit can be shown in, or cut
out of, the original. Nothing that leaves is ever built from a view.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from local_tools.privacy.tables import folding_tables

# Katakana from U+30A1 in their Kunrei spelling without doubled letters: one skeleton for Hepburn,
# Kunrei, passport and word-processor romaji. After "*" the i before it is lost: a small y-kana.
_KANA_ROMAJI = (
    "a a i i u u e e o o ka ga ki gi ku gu ke ge ko go sa za si zi su zu se ze so zo ta da ti zi "
    "- tu zu te de to do na ni nu ne no ha ba pa hi bi pi hu bu pu he be pe ho bo po ma mi mu me "
    "mo *ya ya *yu yu *yo yo ra ri ru re ro wa wa i e o n bu ka ke"
)
_KATAKANA = {0x30A1 + i: romaji.strip("-") for i, romaji in enumerate(_KANA_ROMAJI.split())}
_SMALL_KANA = {
    code: chr(code + 1)
    for code in (*range(0x30A1, 0x30AA, 2), 0x30C3, 0x30E3, 0x30E5, 0x30E7, 0x30EE)
} | {0x30F5: "\u30ab", 0x30F6: "\u30b1"}
_HIRAGANA = {code: chr(code + 0x60) for code in range(0x3041, 0x3097)}
_LONG_VOWEL = "\u30fc"
_REPEATED = re.compile("([^\u3005])\u3005+")  # the mark that repeats a kanji
# Spacing voice marks, which NFKC would part from their kana, and their combining twins.
_VOICE = {"\u309b": "\u3099", "\u309c": "\u309a"}
_JOINED = "\u3099\u309a\uff9e\uff9f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500"
_LONG_VOWEL_AS_DASH = re.compile("(?<=[0-9])\u30fc(?=[0-9])")
_SPACES = re.compile(r"\s+")
_NO_WORD = re.compile("[\\W_\u30fc]+")
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
_INVISIBLE = ("Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me")

# Other spellings of a syllable, in the order in which they are undone.
_SPELLINGS = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        ("sh(?=i)", "s"),
        ("sh", "sy"),
        ("[tc]?ch(?=i)", "t"),
        ("[tc]?ch", "ty"),
        ("ts(?=u)", "t"),
        ("dz", "z"),
        ("j(?=i)", "z"),
        ("jy?", "zy"),
        ("f(?=u)", "h"),
        ("l", "r"),
        ("v", "b"),
        ("m(?=[bmp])", "n"),
        ("oh(?![aiueoy])", "o"),
        ("ou", "o"),
        (r"([a-z])\1+", r"\1"),
    )
)


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """A text with, for each of its characters, the span of the original that it stands for."""

    text: str
    origins: tuple[tuple[int, int], ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original behind a non-empty span of this view."""
        spans = self.origins[start:end]
        return min(first for first, _ in spans), max(last for _, last in spans)

    def backwards(self) -> View:
        """Return the view read from its end."""
        return View(self.text[::-1], self.origins[::-1])

    def keep(self, wanted: Callable[[str], bool]) -> View:
        """Return the view of the characters that are wanted."""
        return _view((c, o) for c, o in zip(self.text, self.origins, strict=True) if wanted(c))

    def translate(self, table: dict[int, str]) -> View:
        """Return the view with single characters replaced by single characters."""
        return View(self.text.translate(table), self.origins)

    def substitute(self, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> View:
        """Return the view with every match replaced; the new characters stand for all of it."""
        pieces: list[tuple[str, tuple[int, int]]] = []
        at = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            pieces += zip(self.text[at:start], self.origins[at:start], strict=True)
            pieces += ((c, self.origin(start, end)) for c in replace(match))
            at = end
        if not at:
            return self
        pieces += zip(self.text[at:], self.origins[at:], strict=True)
        return _view(pieces)


def _view(pieces: Iterable[tuple[str, tuple[int, int]]]) -> View:
    """Build a view of (character, origin) pairs."""
    pairs = list(pieces)
    return View("".join(c for c, _ in pairs), tuple(o for _, o in pairs))


def fold(text: str) -> View:
    """Return NFKC, lower case, without invisible characters, accents and letter look-alikes."""
    return _view(_folded(text))


def _folded(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    letters = folding_tables().letters
    for start, end in _clusters(text):
        cluster = "".join(_VOICE.get(c, c) for c in text[start:end])
        for character in unicodedata.normalize("NFKC", cluster).casefold():
            c = _without_accent(character)
            if c.isspace() or not (unicodedata.category(c) in _INVISIBLE or c in _FILLERS):
                yield _decimal(letters.get(ord(c), c)), (start, end)


def _decimal(character: str) -> str:
    """Return the ASCII digit for a digit of any script."""
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a character with the marks behind it: those NFKC may join."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _joins(text[end]):
            yield start, end
            start = end


def _joins(character: str) -> bool:
    return character in _JOINED or character in _VOICE or bool(unicodedata.combining(character))


def _without_accent(character: str) -> str:
    """Return the letter without its marks; kana and hangul keep theirs."""
    if character < "\u0500" or "\u1e00" <= character < "\u2000":
        return unicodedata.normalize("NFD", character)[0]
    return character


def squash(view: View) -> View:
    """Return letters and digits only, every kana a large katakana, without long-vowel marks."""
    view = view.keep(lambda c: c.isalnum() and c != _LONG_VOWEL)
    view = view.translate(_HIRAGANA).translate(_SMALL_KANA)
    view = view.substitute(_REPEATED, _repeated)
    return view.translate(folding_tables().shapes)


def _repeated(match: re.Match[str]) -> str:
    return match.group(1) * len(match.group())


def skeleton(view: View) -> View:
    """Return the Latin letters only, in one spelling of romaji."""
    view = view.keep(lambda c: "a" <= c <= "z")
    for pattern, spelling in _SPELLINGS:
        view = view.substitute(pattern, partial(_expand, spelling))
    return view


def _expand(template: str, match: re.Match[str]) -> str:
    return match.expand(template)


def digits(view: View) -> View:
    """Return the ASCII digits only."""
    return view.keep(lambda c: "0" <= c <= "9")


def numerals(view: View) -> View:
    """Return the digits only, kanji numerals among them."""
    return digits(view.translate(folding_tables().numerals))


def prose(view: View) -> View:
    """Return one kind of dash and of space, and figures for kanji numbers before a counter."""
    tables = folding_tables()
    view = view.translate(dict.fromkeys(map(ord, _DASHES), "-"))
    view = view.substitute(_LONG_VOWEL_AS_DASH, lambda _: "-").substitute(_SPACES, lambda _: " ")
    kanji = "".join(map(chr, tables.numerals)) + tables.tens
    number = re.compile(f"[{kanji}]+(?= ?[{tables.counters}])")
    return view.substitute(number, lambda match: _figure(match.group()))


def _figure(kanji: str) -> str:
    """Return the figure of a kanji number up to 99, or of digits in a row."""
    tables = folding_tables()
    plain = kanji.translate(tables.numerals)
    for ten in tables.tens:
        if plain.count(ten) == 1:
            before, after = plain.split(ten)
            return f"{before or 1}{after or 0}"
    return "".join(c for c in plain if c.isdecimal())


def romaji(kana: str) -> str:
    """Return the skeleton of a kana text: what `skeleton` makes of its romaji."""
    letters = ""
    for c in unicodedata.normalize("NFKC", kana).translate(_HIRAGANA):
        spelling = _KATAKANA.get(ord(c), "" if c == _LONG_VOWEL else c)
        if spelling.startswith("*"):
            letters = letters.removesuffix("i") + spelling[1:]
        else:
            letters += spelling
    return skeleton(fold(letters)).text


def squashed(text: str) -> str:
    """Return the text of `squash(fold(text))`, fast, for long texts that need no origins."""
    tables = folding_tables()
    text = _NO_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())
    text = text.translate(tables.letters).translate(_HIRAGANA).translate(_SMALL_KANA)
    return _REPEATED.sub(_repeated, text).translate(tables.shapes)
