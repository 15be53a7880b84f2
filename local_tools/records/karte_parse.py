"""From the documents of one patient to a PatientRecord: tolerant, and complete about identifiers.

Called by `karte_json` only. The format is the published sample's: patient_pii, patient_medical and
health_checkup_history, whose members may also stand together in one file; the older flat form
(chronic_conditions, medications, recent_labs) is read too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from local_tools.model import (
    Condition,
    Entry,
    Field,
    Lab,
    PatientRecord,
    RecordProblem,
    Trend,
)
from local_tools.records.dates import parse_date
from local_tools.records.identity import identifiers_of
from local_tools.records.leaves import Leaf, as_text, is_known, leaves_of
from local_tools.records.strict_json import Json

_NAME = ("full_name", "name", "patient_name")
_KANA = ("kana", "full_name_kana", "name_kana", "furigana")
_BIRTH = ("date_of_birth", "birth_date", "birthdate", "birthday", "dob")
_CONDITION = ("condition", "name", "diagnosis", "disease", "title")
_ALLERGEN = ("allergen", "substance", "name", "allergy", "agent", "drug", "item", "food")
_MEDICINE = ("name", "drug", "medication", "medicine", "generic_name", "drug_name")
_DIAGNOSED = ("diagnosed", "diagnosed_date", "diagnosis_date", "onset", "date")
_MEASURED = ("value", "result")
_STATEMENT = "\u3002"  # the full stop: a text with one is prose
_SEPARATORS = re.compile("[\u3001,;\n]+")
_PROSE_KEYS = frozenset(
    ("notes", "note", "clinical_notes", "chief_complaint", "overall_assessment", "treatment",
     "family_history", "social_history", "trend")
)  # fmt: skip
_PROSE_LENGTH = 14  # shorter texts are words, not sentences
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")

Object = Mapping[str, Json]


@dataclass(slots=True)
class _Reading:
    """The documents of one patient on their way, with what could not be read."""

    documents: Mapping[str, Object]  # by file name
    problems: list[RecordProblem] = field(default_factory=list[RecordProblem])

    def member(self, *names: str) -> tuple[str, str, Json]:
        """Return (file, path, value) of the first top-level member with one of these names."""
        for file, document in self.documents.items():
            for name in names:
                if document.get(name) is not None:
                    return file, name, document[name]
        return "", names[0], None

    def doubt(self, file: str, path: str, problem: str) -> None:
        self.problems.append(RecordProblem(f"{file}: {path}", problem))


def parse_patient(
    documents: Mapping[str, Object], leaves: Sequence[Leaf], fallback_id: str
) -> tuple[PatientRecord, tuple[RecordProblem, ...]]:
    """Return the record, and what of it was not understood; `leaves` are all documents' own."""
    reading = _Reading(documents)
    patient_file, patient = _patient(reading)
    birth = _birth_date(reading, patient_file, patient)
    own_id = _text(patient, ("patient_id", "id")) or _joined(reading.member("patient_id")[2])
    record = PatientRecord(
        patient_id=own_id or fallback_id,
        display_name=_text(patient, _NAME),
        kana=_text(patient, _KANA),
        birth_date=birth,
        age=_age(reading, patient),
        gender=_text(patient, ("gender", "sex")),
        identifiers=identifiers_of(leaves, fallback_id="" if own_id else fallback_id),
        conditions=tuple(_conditions(reading)),
        allergies=tuple(_entries(reading, _ALLERGEN, "allergies", "allergy")),
        medications=tuple(
            _entries(reading, _MEDICINE, "current_medications", "medications", "medicines")
        ),
        labs=tuple(_labs(reading)),
        trends=tuple(_trends(reading)),
        chief_complaint=_joined(reading.member("chief_complaint")[2]),
        free_texts=tuple(_free_texts(leaves)),
        fields=tuple(Field(leaf.path, leaf.text) for leaf in leaves),
        no_known_allergies=reading.member("no_known_allergies")[2] is True,
    )
    return record, tuple(reading.problems)


# ------------------------------------------------------------------------------- small readers


def _text(members: Object, names: Sequence[str]) -> str:
    for name in names:
        value = members.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return as_text(value).strip()
    return ""


def _joined(value: Json) -> str:
    return " ".join(leaf.text for leaf in leaves_of(value)).strip()


def _place(path: str, members: Object, names: Sequence[str]) -> str:
    """The path of the first of these members that is there; the path itself when none is."""
    present = next((name for name in names if members.get(name) is not None), None)
    return path if present is None or not is_known(present) else f"{path}.{present}"


def _items(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """The items of a list, with their places; anything else is a list of itself."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _items(item, f"{path}[{number}]")
    elif value is not None:
        yield path, value


def _number(text: str) -> int | None:
    found = re.match(r"[0-9]{1,3}(?![0-9])", unicodedata.normalize("NFKC", text))
    return int(found.group()) if found else None


# ------------------------------------------------------------------------------- the sections


def _patient(reading: _Reading) -> tuple[str, Object]:
    file, path, value = reading.member("patient")
    if isinstance(value, dict):
        return file, value
    if value is not None:
        reading.doubt(file, path, "not_an_object")
    return file, {}


def _birth_date(reading: _Reading, file: str, patient: Object) -> date | None:
    text = _text(patient, _BIRTH)
    birth = parse_date(text) if text else None
    if text and birth is None:
        reading.doubt(file, "patient.date_of_birth", "not_a_date")
    return birth


def _age(reading: _Reading, patient: Object) -> int | None:
    text = _text(patient, ("age",))
    if not text:  # the older form knows a band only: its lower end
        text = _joined(reading.member("age_group")[2])
    return _number(text)


def _conditions(reading: _Reading) -> Iterator[Condition]:
    file, name, value = reading.member("medical_history", "chronic_conditions", "conditions")
    for path, item in _items(value, name):
        if isinstance(item, dict):
            when = _text(item, _DIAGNOSED)
            diagnosed = parse_date(when) if when else None
            if when and diagnosed is None:
                reading.doubt(file, _place(path, item, _DIAGNOSED), "not_a_date")
            yield Condition(
                path=_place(path, item, _CONDITION),
                name=_text(item, _CONDITION),
                diagnosed=diagnosed,
                status=_text(item, ("status",)),
                treatment=_text(item, ("treatment",)),
                notes=_text(item, ("notes", "note")),
            )
        else:
            yield Condition(path, _joined(item))


def _entries(reading: _Reading, keys: Sequence[str], *names: str) -> Iterator[Entry]:
    """Allergies or medicines: strings, objects, or objects that group them."""
    _, name, value = reading.member(*names)
    if isinstance(value, str):  # one string for all
        yield from (Entry(name, part.strip()) for part in _SEPARATORS.split(value) if part.strip())
        return
    for path, item in _items(value, name):
        yield from _entry(path, item, keys)


def _entry(path: str, item: Json, keys: Sequence[str]) -> Iterator[Entry]:
    if not isinstance(item, dict):
        yield Entry(path, _joined(item))
        return
    text = _text(item, keys)
    grouped = [member for member in item.values() if isinstance(member, list) and member]
    if text or not grouped:
        yield Entry(_place(path, item, keys), text)  # without a text it counts as unclassified
        return
    for number, (key, member) in enumerate(item.items(), 1):
        if isinstance(member, list):
            place = f"{path}.{key if is_known(key) else f'#{number}'}"
            for inner_path, inner in _items(member, place):
                yield from _entry(inner_path, inner, keys)


def _labs(reading: _Reading) -> Iterator[Lab]:
    _, name, value = reading.member("lab_results", "recent_labs", "labs")
    if isinstance(value, dict):
        yield from _lab_group(value, name, "", 0)
        return
    for path, item in _items(value, name):
        if isinstance(item, dict):
            yield _lab(path, "", _text(item, ("test", "name")), item)


def _lab_group(group: Object, path: str, name: str, depth: int) -> Iterator[Lab]:
    for number, (key, member) in enumerate(group.items(), 1):
        place = f"{path}.{key if is_known(key) else f'#{number}'}"
        if isinstance(member, dict) and not any(k in member for k in _MEASURED) and depth < 3:
            yield from _lab_group(member, place, key, depth + 1)
        elif isinstance(member, dict):
            yield _lab(place, name, key, member)
        elif isinstance(member, (str, int, float)) and not isinstance(member, bool):
            yield Lab(place, name, key, as_text(member), "", "")


def _lab(path: str, group: str, test: str, item: Object) -> Lab:
    return Lab(
        path=path,
        group=group,
        test=test,
        value=_text(item, _MEASURED),
        unit=_text(item, ("unit",)),
        flag=_text(item, ("flag",)),
    )


def _trends(reading: _Reading) -> Iterator[Trend]:
    file, name, value = reading.member("trend_summary", "trends")
    if value is None:
        return
    if not isinstance(value, dict):
        reading.doubt(file, name, "not_an_object")
        return
    for number, (key, member) in enumerate(value.items(), 1):
        if isinstance(member, dict):
            years = {
                int(year): as_text(v)
                for year, v in member.items()
                if _YEAR.fullmatch(year) and isinstance(v, (str, int, float))
            }
            place = f"{name}.{key if is_known(key) else f'#{number}'}"
            yield Trend(place, key, years)


def _free_texts(leaves: Sequence[Leaf]) -> Iterator[str]:
    """Notes and other prose: by their key, or because they look like sentences."""
    for leaf in leaves:
        key = leaf.keys[-1] if leaf.keys else ""
        is_long = len(leaf.text) > 2 * _PROSE_LENGTH
        is_prose = key in _PROSE_KEYS or _STATEMENT in leaf.text or is_long
        if is_prose and len(leaf.text) >= _PROSE_LENGTH:
            yield leaf.text
