"""The types on the way of the data: PatientRecord -> Summary -> Release.

Frozen, and blind in `repr`: a value of a record must not reach a log by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from typing_extensions import override

Lang = Literal["ja", "en"]


class _Blind:
    """Shows its type only."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


# ------------------------------------------------------------------------------------ the record


class IdentifierKind(StrEnum):
    """What an identifying value is, so that a finding can be named without showing it."""

    NAME = "name"
    KANA = "kana"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    PATIENT_ID = "patient_id"
    CONTACT_NAME = "contact_name"
    FACILITY = "facility"
    DOCTOR = "doctor"
    LICENCE = "licence"
    OTHER_ID = "other_id"


@dataclass(frozen=True, slots=True, repr=False)
class Identifier(_Blind):
    """One identifying value of a record, as written there."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True, repr=False)
class Field(_Blind):
    """One leaf of the record as it stands in its file, in file order.

    `path` is like "medical_history[0].condition"; `value` is the leaf as text.
    """

    path: str
    value: str


def covers(source: str, path: str) -> bool:
    """Whether a field is the source, or lies in the group that is."""
    return path == source or path.startswith((f"{source}.", f"{source}["))


@dataclass(frozen=True, slots=True, repr=False)
class Condition(_Blind):
    """An entry of the medical history. Texts are the record's own; `path` is of its `name`."""

    path: str
    name: str
    diagnosed: date | None = None  # the day is 1 and the month 1 where the record is less exact
    status: str = ""
    treatment: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Entry(_Blind):
    """An allergy or a medicine, in the record's own words."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Lab(_Blind):
    """One laboratory value. `flag` is "high", "low", "borderline" or empty."""

    path: str
    group: str
    test: str
    value: str
    unit: str
    flag: str


@dataclass(frozen=True, slots=True, repr=False)
class Trend(_Blind):
    """Yearly values of one measure; `years` maps 2020 to the value as text."""

    path: str
    measure: str
    years: Mapping[int, str]


@dataclass(frozen=True, slots=True, repr=False)
class PatientRecord(_Blind):
    """Everything the clinic knows of one patient; never leaves.

    `identifiers` holds every identifying value of the record; an empty tuple means that the gate
    cannot know what to look for, and refuses. `free_texts` are notes and other prose, for the
    overlap check. `fields` is the whole record, leaf by leaf, for the view on this PC.
    """

    patient_id: str  # as the picker knows it; local only
    display_name: str
    kana: str
    birth_date: date | None
    age: int | None
    gender: str
    identifiers: tuple[Identifier, ...]
    conditions: tuple[Condition, ...] = ()
    allergies: tuple[Entry, ...] = ()
    medications: tuple[Entry, ...] = ()
    labs: tuple[Lab, ...] = ()
    trends: tuple[Trend, ...] = ()
    chief_complaint: str = ""
    free_texts: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    no_known_allergies: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class PatientRow(_Blind):
    """One line of the patient picker."""

    patient_id: str
    display_name: str
    kana: str
    birth_date: date | None
    gender: str


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """A file that was not read, or a field that was skipped; safe to show and to log."""

    place: str
    problem: str


# ----------------------------------------------------------------------------------- the summary


@dataclass(frozen=True, slots=True, repr=False)
class Statement(_Blind):
    """One outgoing string, and the record's fields that it rests on."""

    text: str
    sources: tuple[str, ...] = ()


class WithheldReason(StrEnum):
    """Why a part of the record is not in the summary although its kind could be."""

    NOT_IN_VOCABULARY = "not_in_vocabulary"
    NOT_ACTIVE = "not_active"
    OVER_LIMIT = "over_limit"
    FAILED_GRAMMAR = "failed_grammar"


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that stays although it was a candidate; `path` only, never the value."""

    path: str
    reason: WithheldReason


@dataclass(frozen=True, slots=True, repr=False)
class Summary(_Blind):
    """Structured, generalised extract of a record; not yet allowed to leave."""

    lang: Lang
    age_group: Statement
    chronic_conditions: tuple[Statement, ...] = ()
    allergies: tuple[Statement, ...] = ()
    current_medications: tuple[Statement, ...] = ()
    related_history: tuple[Statement, ...] = ()
    potential_interactions: tuple[Statement, ...] = ()
    risk_factors: tuple[Statement, ...] = ()
    recommendations: tuple[Statement, ...] = ()
    withheld: tuple[Withheld, ...] = ()

    def document(self) -> dict[str, object]:
        """The published schema: patient_context, symptom_relevance, recommendations."""
        return {
            "patient_context": {
                "age_group": self.age_group.text,
                "chronic_conditions": [s.text for s in self.chronic_conditions],
                "allergies": [s.text for s in self.allergies],
                "current_medications": [s.text for s in self.current_medications],
            },
            "symptom_relevance": {
                "related_history": [s.text for s in self.related_history],
                "potential_interactions": [s.text for s in self.potential_interactions],
                "risk_factors": [s.text for s in self.risk_factors],
            },
            "recommendations": [s.text for s in self.recommendations],
        }

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Every outgoing string with the JSON pointer of its place in `document()`."""
        yield "/patient_context/age_group", self.age_group
        groups: Sequence[tuple[str, tuple[Statement, ...]]] = (
            ("/patient_context/chronic_conditions", self.chronic_conditions),
            ("/patient_context/allergies", self.allergies),
            ("/patient_context/current_medications", self.current_medications),
            ("/symptom_relevance/related_history", self.related_history),
            ("/symptom_relevance/potential_interactions", self.potential_interactions),
            ("/symptom_relevance/risk_factors", self.risk_factors),
            ("/recommendations", self.recommendations),
        )
        for pointer, group in groups:
            for i, statement in enumerate(group):
                yield f"{pointer}/{i}", statement


# ----------------------------------------------------------------------------------- the release


_GATE = object()  # only local_tools.privacy.gate uses it; tests/architecture says so


@dataclass(frozen=True, slots=True, repr=False)
class Release(_Blind):
    """A summary that the gate let through.

    `body` is the canonical JSON, UTF-8, exactly as it leaves; `sha256` is of `body`, in hex.
    `confirm` names what makes this release rare enough that "auto" may not approve it.
    """

    summary: Summary
    body: bytes
    sha256: str
    confirm: tuple[str, ...] = ()
    made_by: object = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.made_by is not _GATE:
            msg = "only the gate makes a Release"
            raise TypeError(msg)


# ------------------------------------------------------------------------------------- the view


class Fate(StrEnum):
    """What happens to a field of the record when a summary is sent."""

    STAYS = "stays"
    GENERALISED = "generalised"
    LEAVES = "leaves"


@dataclass(frozen=True, slots=True, repr=False)
class FieldFate(_Blind):
    """One row of the record view: what is here, what would be sent, and why."""

    path: str
    value: str
    fate: Fate
    sent: tuple[str, ...] = ()
    reason: WithheldReason | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Preview(_Blind):
    """What would be sent for a record right now. `release` is None when the gate refuses."""

    fields: tuple[FieldFate, ...]
    release: Release | None
    refused: tuple[str, ...] = ()
