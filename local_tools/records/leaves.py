"""The leaves of a document with their places, named so that a place never shows a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from typing_extensions import override

from local_tools.records.strict_json import Json

# The keys that the formats define. Any other key could be a name, so a place shows its number.
KNOWN_KEYS = frozenset((
    "patient", "full_name", "name", "kana", "date_of_birth", "birth_date", "age", "age_group",
    "gender", "sex", "patient_id", "address", "postal_code", "prefecture", "city", "street",
    "phone", "email", "emergency_contact", "relationship", "medical_provider", "facility_name",
    "doctor_name", "license_number", "chief_complaint", "vital_signs", "temperature", "pulse",
    "blood_pressure", "systolic", "diastolic", "spo2", "height", "weight", "bmi", "allergies",
    "allergen", "substance", "reaction", "severity", "current_medications", "medications",
    "medicine", "drug", "dose", "dosage", "frequency", "medical_history", "chronic_conditions",
    "condition", "diagnosis", "diagnosed", "diagnosed_date", "onset", "status", "treatment",
    "notes", "note", "lab_results", "recent_labs", "thyroid_function", "cbc",
    "inflammatory_markers", "bmp", "lipids", "liver_function", "coagulation", "electrolytes",
    "urinalysis", "cardiac_markers", "tumor_markers", "allergy", "renal_function", "test",
    "value", "unit", "flag", "clinical_notes", "trend_summary", "thyroid_tsh", "thyroid_ft4",
    "thyroid_trab", "glucose_fasting", "ldl_cholesterol", "trend", "overall_assessment",
    "family_history", "social_history", "no_known_allergies", "health_checkup_history",
    "yearly_results", "year", "date", "TSH", "FT3", "FT4", "TRAb", "WBC", "RBC", "Hb", "Ht",
    "PLT", "CRP", "ESR", "Na", "K", "Cl", "BUN", "Cr", "Ca", "eGFR", "AST", "ALT", "GGT", "ALP",
    "LDH", "CK", "Glucose", "HbA1c", "LDL", "HDL", "TG", "TC", "UA", "Alb", "TP", "TBil",
    "PT_INR", "BNP", "NT_proBNP", "Ferritin", "Fe",
))  # fmt: skip
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True, slots=True, repr=False)
class Leaf:
    """One value. `keys` are the object keys on the way, list indices left out."""

    path: str
    keys: tuple[str, ...]
    text: str
    is_flag: bool  # true or false: says nothing about who somebody is

    @override
    def __repr__(self) -> str:
        return "<Leaf>"


def leaves_of(document: Json, path: str = "", keys: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Yield every leaf in file order; null and empty containers have none."""
    if isinstance(document, dict):
        for number, (key, member) in enumerate(document.items(), 1):
            place = key if is_known(key) else f"#{number}"
            yield from leaves_of(member, f"{path}.{place}" if path else place, (*keys, key))
    elif isinstance(document, list):
        for number, member in enumerate(document):
            yield from leaves_of(member, f"{path}[{number}]", keys)
    elif document is not None:
        yield Leaf(path, keys, as_text(document), isinstance(document, bool))


def is_known(key: str) -> bool:
    """Whether a key may be shown as part of a place."""
    return key in KNOWN_KEYS or _YEAR.fullmatch(key) is not None


def as_text(value: str | float | bool) -> str:
    """Return a leaf as text: 7 for 7.0, true for True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
