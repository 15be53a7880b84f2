"""Collects what identifies: by the place in the document, by the name of the key, by its shape.

Which keys those are is a table, resources/privacy/record_keys.toml.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from local_tools.model import Identifier, IdentifierKind as Kind
from local_tools.privacy.tables import read_table
from local_tools.records.dates import parse_date
from local_tools.records.leaves import Leaf

_NAMES = frozenset((Kind.NAME, Kind.KANA, Kind.CONTACT_NAME, Kind.DOCTOR))
LONGEST = 500  # characters of an identifying value
LONGEST_NAME = 80  # a longer text is prose, and its words are no names
MIN_FIGURES = 3  # in a file name that is an id
_HUMP = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")
_TITLES = frozenset(("dr", "mr", "mrs", "ms", "miss", "prof", "md", "phd", "jr", "sr"))
_WHO = frozenset((Kind.NAME, Kind.KANA, Kind.PATIENT_ID))
_EMPTY = frozenset(("", "-", "none", "unknown", "n/a", "na", "null", "same"))
_PHONE = re.compile(r"(?<![0-9])(?:\+81[- ]?|0)[0-9]{1,4}[-() ][0-9]{1,4}[-) ][0-9]{3,4}(?![0-9])")
_MOBILE = re.compile(r"(?<![0-9])0[5-9]0[0-9]{8}(?![0-9])")
_AT = re.compile("(?<=[A-Za-z0-9._%+-])@(?=[A-Za-z0-9])")
_EMAIL_BEFORE = re.compile(r"[A-Za-z0-9._%+-]+$")
_EMAIL_BEHIND = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_EMAIL_LENGTH = 64  # characters on one side that are looked at: the text may be an encoded image
_POSTAL_CODE = re.compile("[0-9]{3}-?[0-9]{4}")
_PREFECTURE = re.compile("[\u3400-\u9fff]{2,3}[\u770c\u5e9c\u90fd\u9053]")
_KANJI_NAME = re.compile("[\u3005\u3400-\u9fff\U00020000-\U0002ffff]{3,6}")


def identifiers_of(leaves: Iterable[Leaf], *, fallback_id: str = "") -> tuple[Identifier, ...]:
    """Return every identifying value of the documents of one patient, each once.

    `fallback_id` is the folder's or file's name where it stands in for a missing id; with figures
    in it, it is a number of the clinic's.

    Nothing when there is neither a name nor an id: then it is not known what to look for, and the
    gate refuses.
    """
    found = collect(leaves)
    if not any(identifier.kind in _WHO for identifier in found):
        return ()
    is_number = len(re.findall("[0-9]", fallback_id)) >= MIN_FIGURES
    return (*found, Identifier(Kind.PATIENT_ID, fallback_id)) if is_number else found


def collect(leaves: Iterable[Leaf]) -> tuple[Identifier, ...]:
    """Return whatever identifies in some documents, also when they do not say who it is."""
    leaves = tuple(leaves)
    found = itertools.chain((i for leaf in leaves for i in _of_leaf(leaf)), _full_addresses(leaves))
    return tuple({(i.kind, i.value): i for i in found if _is_worth(i)}.values())


@dataclass(frozen=True, slots=True)
class _Keys:
    """The table. Keys are as `_plain` makes them."""

    kinds: Mapping[str, Kind]
    generic: frozenset[str]
    common: frozenset[str]
    zones: frozenset[str]
    people: Mapping[str, Kind]  # word of a key: what an unknown value in such a part is
    not_people: frozenset[str]

    def zone(self, key: str) -> Kind | None:
        """What is under a key when that is a part about a person, else None."""
        words = key.split("_")
        if key not in self.zones and not self.not_people.isdisjoint(words):
            return None
        return next((self.people[word] for word in reversed(words) if word in self.people), None)


@cache
def _keys() -> _Keys:
    """Return the table, read once. Raises VocabularyError."""
    table = read_table("record_keys.toml")
    words = table["words"]
    people = {
        "patients": Kind.OTHER_ID,
        "contacts": Kind.CONTACT_NAME,
        "providers": Kind.FACILITY,
    }
    return _Keys(
        kinds={key: Kind(kind) for kind, keys in table["kinds"].items() for key in keys},
        generic=frozenset(words["generic"]),
        common=frozenset(words["common"]),
        zones=frozenset(words["zones"]),
        people={word: kind for group, kind in people.items() for word in words[group]},
        not_people=frozenset(words["not_people"]),
    )


def _plain(key: str) -> str:
    """Return a key in lower case, its words joined by "_"."""
    parted = _HUMP.sub("_", unicodedata.normalize("NFKC", key))
    return _NO_WORD.sub("_", parted).strip("_").casefold()


def _is_worth(identifier: Identifier) -> bool:
    value = identifier.value
    if value.casefold() in _EMPTY or (value.isascii() and len(value) < 2):
        return False
    if len(value) > LONGEST:  # nothing of this length is ever looked for
        return False
    # Short numbers and yes/no answers are in every text.
    return not (identifier.kind is Kind.OTHER_ID and value.isdigit() and len(value) < 4)


def _of_leaf(leaf: Leaf) -> Iterator[Identifier]:
    yield from _by_shape(leaf.text)
    for key in leaf.keys:  # a key that the format cannot know may itself be a name
        if not key.isascii() and not _is_in_table(_plain(key)):
            yield Identifier(Kind.OTHER_ID, key.strip())
    kind = _kind_of(leaf)
    if kind is None or leaf.is_flag:
        return
    value = leaf.text.strip()
    yield Identifier(kind, value)
    if kind in _NAMES and len(value) <= LONGEST_NAME:
        yield from (Identifier(kind, part) for part in _name_parts(value))
    if kind is Kind.ADDRESS:
        parts = re.split("[\\s,\u3001]+", value[:LONGEST])
        yield from (Identifier(kind, part) for part in parts if _tells_a_place(part))
    if kind is Kind.BIRTH_DATE:
        birth = parse_date(value[:LONGEST_NAME])
        if birth is not None:
            yield Identifier(kind, birth.isoformat())


def _is_in_table(key: str) -> bool:
    known = _keys()
    return key in known.kinds or key in known.common or known.zone(key) is not None


def _kind_of(leaf: Leaf) -> Kind | None:
    known = _keys()
    keys = [_plain(key) for key in leaf.keys]
    if not keys or keys[-1] in known.common:
        return None
    key, around = keys[-1], keys[:-1]
    zone = next((z for z in map(known.zone, reversed(around)) if z is not None), None)
    kind = known.kinds.get(key)
    if zone is None:
        return None if key in known.generic and around else kind
    if kind in (Kind.NAME, Kind.KANA) and zone is not Kind.OTHER_ID:
        return Kind.CONTACT_NAME if zone is Kind.CONTACT_NAME else Kind.DOCTOR
    own = known.zone(key) if len(leaf.text) <= LONGEST_NAME else None  # "spouse": "..."
    return kind or known.kinds.get(around[-1]) or own or zone


def _name_parts(name: str) -> Iterator[str]:
    parts = re.split("[\\s,\u30fb\u00b7]+", name)
    if len(parts) > 1:
        yield from (part for part in parts if not _is_title(part))
        yield "".join(parts)
    elif _KANJI_NAME.fullmatch(name):  # no space: where the family name ends is not known
        for cut in range(2, len(name)):
            yield name[:cut]
        for cut in range(1, len(name) - 1):
            yield name[cut:]


def _is_title(part: str) -> bool:
    """Whether a part of a name is an initial or a title, which many people share."""
    return part.isascii() and (len(part.rstrip(".")) < 2 or part.rstrip(".").casefold() in _TITLES)


def _tells_a_place(part: str) -> bool:
    """Whether a part of an address says where: not a house number, "Lane", or a prefecture."""
    if part.isascii():
        return sum(c.isalpha() for c in part) > 4 or _POSTAL_CODE.fullmatch(part) is not None
    return len(part) > 2 and _PREFECTURE.fullmatch(part) is None


def _full_addresses(leaves: Iterable[Leaf]) -> Iterator[Identifier]:
    """The whole address as one line; a prefecture alone identifies nobody."""
    order = {"prefecture": 0, "state": 0, "city": 1, "town": 2, "street": 3, "building": 4}
    by_place: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    for leaf in leaves:
        if len(leaf.keys) > 1 and leaf.keys[-2] == "address" and leaf.keys[-1] in order:
            by_place.setdefault(leaf.keys[:-1], []).append(
                (order[leaf.keys[-1]], leaf.text.strip())
            )
    for parts in by_place.values():
        if len(parts) > 1:
            yield Identifier(Kind.ADDRESS, "".join(text for _, text in sorted(parts)))


def _by_shape(text: str) -> Iterator[Identifier]:
    for pattern in (_PHONE, _MOBILE):
        yield from (Identifier(Kind.PHONE, m.group()) for m in pattern.finditer(text))
    for at in _AT.finditer(text):
        before = _EMAIL_BEFORE.search(text[max(0, at.start() - _EMAIL_LENGTH) : at.start()])
        behind = _EMAIL_BEHIND.match(text[at.end() : at.end() + _EMAIL_LENGTH])
        if before and behind:
            yield Identifier(Kind.EMAIL, f"{before.group()}@{behind.group()}")
