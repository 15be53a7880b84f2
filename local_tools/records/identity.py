"""Collects what identifies: by the place in the document, by the name of the key, by its shape."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from local_tools.model import Identifier, IdentifierKind as Kind
from local_tools.records.dates import parse_date
from local_tools.records.leaves import Leaf

# Everything under these is about who somebody is, whatever the keys inside are called.
_ZONES = {
    "patient": Kind.OTHER_ID,
    "medical_provider": Kind.FACILITY,
    "emergency_contact": Kind.CONTACT_NAME,
}
# What a value is, by the name of its key.
_KEYS_OF_KIND = {
    Kind.NAME: (
        "full_name", "name", "patient_name", "family_name", "given_name", "last_name",
        "first_name", "middle_name", "surname", "maiden_name", "name_kanji", "name_en",
        "english_name", "romaji", "nickname",
    ),
    Kind.KANA: (
        "kana", "full_name_kana", "name_kana", "patient_kana", "furigana", "family_kana",
        "given_kana",
    ),
    Kind.BIRTH_DATE: (
        "date_of_birth", "birth_date", "birthdate", "birthday", "dob",
    ),
    Kind.ADDRESS: (
        "address", "postal_code", "zip", "zip_code", "city", "street", "town", "building",
    ),
    Kind.PHONE: (
        "phone", "tel", "telephone", "mobile", "phone_number", "fax",
    ),
    Kind.EMAIL: (
        "email", "e_mail", "mail",
    ),
    Kind.PATIENT_ID: (
        "patient_id", "id", "mrn", "karte_number", "chart_number",
    ),
    Kind.FACILITY: (
        "facility_name", "facility", "hospital", "hospital_name", "clinic", "clinic_name",
    ),
    Kind.DOCTOR: (
        "doctor_name", "doctor", "physician", "physician_name", "attending_physician",
        "attending",
    ),
    Kind.LICENCE: (
        "license_number", "licence_number", "license", "licence",
    ),
    Kind.OTHER_ID: (
        "insurance", "insurance_number", "insurer_number", "my_number", "ssn", "passport",
        "passport_number",
    ),
}  # fmt: skip
_KEYS = {key: kind for kind, keys in _KEYS_OF_KIND.items() for key in keys}
# Outside the zones these say too little: a "name" or an "id" there is usually a medicine's.
_ONLY_IN_ZONES = frozenset(
    ("name", "id", "address", "city", "street", "town", "building", "mail", "insurance")
)
# Common to very many people, or words that the summary's own sentences need.
_NOT_IDENTIFYING = frozenset(
    ("age", "age_group", "gender", "sex", "relationship", "prefecture", "state", "country",
     "language")
)  # fmt: skip
_CONTACT = frozenset(
    ("emergency_contact", "contact", "contacts", "guardian", "family", "next_of_kin")
)
_NAMES = frozenset((Kind.NAME, Kind.KANA, Kind.CONTACT_NAME, Kind.DOCTOR))
_TITLES = frozenset(("dr", "mr", "mrs", "ms", "miss", "prof", "md", "phd", "jr", "sr"))
_WHO = frozenset((Kind.NAME, Kind.KANA, Kind.PATIENT_ID))
_EMPTY = frozenset(("", "-", "none", "unknown", "n/a", "na", "null", "same"))
_PHONE = re.compile(r"(?<![0-9])(?:\+81[- ]?|0)[0-9]{1,4}[-() ][0-9]{1,4}[-) ][0-9]{3,4}(?![0-9])")
_MOBILE = re.compile(r"(?<![0-9])0[5-9]0[0-9]{8}(?![0-9])")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_POSTAL_CODE = re.compile("[0-9]{3}-?[0-9]{4}")
_PREFECTURE = re.compile("[\u3400-\u9fff]{2,3}[\u770c\u5e9c\u90fd\u9053]")
_KANJI_NAME = re.compile("[\u3005\u3400-\u9fff\U00020000-\U0002ffff]{3,6}")


def identifiers_of(leaves: Iterable[Leaf]) -> tuple[Identifier, ...]:
    """Return every identifying value of the documents of one patient, each once.

    Nothing when there is neither a name nor an id: then it is not known what to look for, and the
    gate refuses.
    """
    leaves = tuple(leaves)
    found = itertools.chain((i for leaf in leaves for i in _of_leaf(leaf)), _full_addresses(leaves))
    unique = {(i.kind, i.value): i for i in found if _is_worth(i)}
    return tuple(unique.values()) if any(kind in _WHO for kind, _ in unique) else ()


def _is_worth(identifier: Identifier) -> bool:
    value = identifier.value
    if value.casefold() in _EMPTY or (value.isascii() and len(value) < 2):
        return False
    # Short numbers and yes/no answers are in every text.
    return not (identifier.kind is Kind.OTHER_ID and value.isdigit() and len(value) < 4)


def _of_leaf(leaf: Leaf) -> Iterator[Identifier]:
    yield from _by_shape(leaf.text)
    for key in leaf.keys:  # a key that the format cannot know may itself be a name
        if not key.isascii():
            yield Identifier(Kind.OTHER_ID, key.strip())
    kind = _kind_of(leaf)
    if kind is None or leaf.is_flag:
        return
    value = leaf.text.strip()
    yield Identifier(kind, value)
    if kind in _NAMES:
        yield from (Identifier(kind, part) for part in _name_parts(value))
    if kind is Kind.ADDRESS:
        parts = re.split("[\\s,\u3001]+", value)
        yield from (Identifier(kind, part) for part in parts if _tells_a_place(part))
    if kind is Kind.BIRTH_DATE:
        birth = parse_date(value)
        if birth is not None:
            yield Identifier(kind, birth.isoformat())


def _kind_of(leaf: Leaf) -> Kind | None:
    if not leaf.keys:
        return None
    key = leaf.keys[-1].casefold()
    zone = next((z for z in reversed(leaf.keys) if z in _ZONES), None)
    if key in _NOT_IDENTIFYING:
        return None
    kind = _KEYS.get(key)
    if zone is None:
        return None if key in _ONLY_IN_ZONES else kind
    if kind in (Kind.NAME, Kind.KANA) and _CONTACT & set(leaf.keys[:-1]):
        return Kind.CONTACT_NAME
    if kind is Kind.NAME and zone == "medical_provider":
        return Kind.DOCTOR
    parent = leaf.keys[-2].casefold() if len(leaf.keys) > 1 else ""
    return kind or _KEYS.get(parent) or _ZONES[zone]


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
    for pattern, kind in ((_PHONE, Kind.PHONE), (_MOBILE, Kind.PHONE), (_EMAIL, Kind.EMAIL)):
        yield from (Identifier(kind, m.group()) for m in pattern.finditer(text))
