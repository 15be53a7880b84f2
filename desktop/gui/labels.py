"""Words for the fixed values of the core, in the window's language.

Fields of a record are named as the format names them; what has no label here is shown by its own
key, so a new field is never hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from local_tools.approval import Decision
from local_tools.model import Fate, IdentifierKind, WithheldReason
from local_tools.privacy.recognisers.patterns import Shape
from mcp_bridge.events import Health

FATES: Mapping[Fate, object] = {
    Fate.STAYS: QT_TRANSLATE_NOOP("Labels", "Stays here"),
    Fate.GENERALISED: QT_TRANSLATE_NOOP("Labels", "Generalised"),
    Fate.LEAVES: QT_TRANSLATE_NOOP("Labels", "Leaves"),
}
WITHHELD: Mapping[WithheldReason, object] = {
    WithheldReason.NOT_IN_VOCABULARY: QT_TRANSLATE_NOOP(
        "Labels", "Not sent: not a term of the clinical vocabulary"
    ),
    WithheldReason.NOT_ACTIVE: QT_TRANSLATE_NOOP("Labels", "Not sent: not a current condition"),
    WithheldReason.OVER_LIMIT: QT_TRANSLATE_NOOP("Labels", "Not sent: beyond the limit"),
    WithheldReason.FAILED_GRAMMAR: QT_TRANSLATE_NOOP("Labels", "Not sent: failed the last check"),
}
DECISIONS: Mapping[Decision, object] = {
    Decision.APPROVED: QT_TRANSLATE_NOOP("Labels", "Sent once"),
    Decision.DENIED_BY_USER: QT_TRANSLATE_NOOP("Labels", "Not sent: you refused"),
    Decision.DENIED_BY_RULE: QT_TRANSLATE_NOOP("Labels", "Not sent: a rule refused"),
    Decision.APPROVAL_TIMEOUT: QT_TRANSLATE_NOOP("Labels", "Not sent: nobody answered in time"),
}
HEALTH: Mapping[Health, object] = {
    Health.STARTING: QT_TRANSLATE_NOOP("Labels", "starting"),
    Health.READY: QT_TRANSLATE_NOOP("Labels", "ready"),
    Health.UNREACHABLE: QT_TRANSLATE_NOOP("Labels", "queue unreachable"),
    Health.DENIED: QT_TRANSLATE_NOOP("Labels", "access denied"),
    Health.STOPPED: QT_TRANSLATE_NOOP("Labels", "stopped"),
}
IDENTIFIERS: Mapping[IdentifierKind, object] = {
    IdentifierKind.NAME: QT_TRANSLATE_NOOP("Labels", "a patient's name"),
    IdentifierKind.KANA: QT_TRANSLATE_NOOP("Labels", "a patient's name in kana"),
    IdentifierKind.BIRTH_DATE: QT_TRANSLATE_NOOP("Labels", "a date of birth"),
    IdentifierKind.ADDRESS: QT_TRANSLATE_NOOP("Labels", "an address"),
    IdentifierKind.PHONE: QT_TRANSLATE_NOOP("Labels", "a phone number"),
    IdentifierKind.EMAIL: QT_TRANSLATE_NOOP("Labels", "an e-mail address"),
    IdentifierKind.PATIENT_ID: QT_TRANSLATE_NOOP("Labels", "a patient ID"),
    IdentifierKind.CONTACT_NAME: QT_TRANSLATE_NOOP("Labels", "a contact person"),
    IdentifierKind.FACILITY: QT_TRANSLATE_NOOP("Labels", "a clinic"),
    IdentifierKind.DOCTOR: QT_TRANSLATE_NOOP("Labels", "a doctor's name"),
    IdentifierKind.LICENCE: QT_TRANSLATE_NOOP("Labels", "a licence number"),
    IdentifierKind.OTHER_ID: QT_TRANSLATE_NOOP("Labels", "a number that identifies somebody"),
}
SHAPES: Mapping[Shape, object] = {
    Shape.DATE: QT_TRANSLATE_NOOP("Labels", "a date"),
    Shape.ERA: QT_TRANSLATE_NOOP("Labels", "a date"),
    Shape.BIRTH: QT_TRANSLATE_NOOP("Labels", "a date of birth"),
    Shape.AGE: QT_TRANSLATE_NOOP("Labels", "an exact age"),
    Shape.PHONE: QT_TRANSLATE_NOOP("Labels", "a phone number"),
    Shape.POSTAL_CODE: QT_TRANSLATE_NOOP("Labels", "a postal code"),
    Shape.EMAIL: QT_TRANSLATE_NOOP("Labels", "an e-mail address"),
    Shape.URL: QT_TRANSLATE_NOOP("Labels", "a web address"),
    Shape.UUID: QT_TRANSLATE_NOOP("Labels", "a number that identifies somebody"),
    Shape.MY_NUMBER: QT_TRANSLATE_NOOP("Labels", "an individual number (My Number)"),
    Shape.INSURANCE: QT_TRANSLATE_NOOP("Labels", "an insurance number"),
    Shape.PATIENT_ID: QT_TRANSLATE_NOOP("Labels", "a patient ID"),
    Shape.LICENCE: QT_TRANSLATE_NOOP("Labels", "a licence number"),
    Shape.LONG_NUMBER: QT_TRANSLATE_NOOP("Labels", "a long number"),
}
SENT = QT_TRANSLATE_NOOP("Labels", "Sent")
NOT_SENT = QT_TRANSLATE_NOOP("Labels", "Not sent")
DEMO_AGENT = QT_TRANSLATE_NOOP("Labels", "Demo: answers by rules")
INSIDE = QT_TRANSLATE_NOOP("Labels", "the demo inside this PC")
MESSAGE = QT_TRANSLATE_NOOP("Labels", "Your message")
TOOLS: Mapping[str, object] = {
    "get_patient_background": QT_TRANSLATE_NOOP("Labels", "Patient background"),
}
GROUPS: Mapping[str, object] = {  # of the published schema
    "age_group": QT_TRANSLATE_NOOP("Labels", "Age group"),
    "chronic_conditions": QT_TRANSLATE_NOOP("Labels", "Conditions"),
    "allergies": QT_TRANSLATE_NOOP("Labels", "Allergies"),
    "current_medications": QT_TRANSLATE_NOOP("Labels", "Medicines"),
    "related_history": QT_TRANSLATE_NOOP("Labels", "Related history"),
    "potential_interactions": QT_TRANSLATE_NOOP("Labels", "Possible interactions"),
    "risk_factors": QT_TRANSLATE_NOOP("Labels", "Risk factors"),
    "recommendations": QT_TRANSLATE_NOOP("Labels", "Points to check"),
}
SECTIONS: Mapping[str, object] = {
    "patient": QT_TRANSLATE_NOOP("Labels", "Patient"),
    "medical_provider": QT_TRANSLATE_NOOP("Labels", "Clinic"),
    "chief_complaint": QT_TRANSLATE_NOOP("Labels", "Chief complaint"),
    "vital_signs": QT_TRANSLATE_NOOP("Labels", "Vital signs"),
    "allergies": QT_TRANSLATE_NOOP("Labels", "Allergies"),
    "current_medications": QT_TRANSLATE_NOOP("Labels", "Medicines"),
    "medical_history": QT_TRANSLATE_NOOP("Labels", "Medical history"),
    "lab_results": QT_TRANSLATE_NOOP("Labels", "Laboratory"),
    "clinical_notes": QT_TRANSLATE_NOOP("Labels", "Clinical notes"),
    "health_checkup_history": QT_TRANSLATE_NOOP("Labels", "Check-ups"),
    "trend_summary": QT_TRANSLATE_NOOP("Labels", "Trends"),
}
KEYS: Mapping[str, object] = {
    "full_name": QT_TRANSLATE_NOOP("Labels", "Name"),
    "name": QT_TRANSLATE_NOOP("Labels", "Name"),
    "kana": QT_TRANSLATE_NOOP("Labels", "Kana"),
    "date_of_birth": QT_TRANSLATE_NOOP("Labels", "Date of birth"),
    "age": QT_TRANSLATE_NOOP("Labels", "Age"),
    "gender": QT_TRANSLATE_NOOP("Labels", "Sex"),
    "address": QT_TRANSLATE_NOOP("Labels", "Address"),
    "phone": QT_TRANSLATE_NOOP("Labels", "Phone"),
    "email": QT_TRANSLATE_NOOP("Labels", "E-mail"),
    "patient_id": QT_TRANSLATE_NOOP("Labels", "Patient ID"),
    "emergency_contact": QT_TRANSLATE_NOOP("Labels", "Emergency contact"),
    "relationship": QT_TRANSLATE_NOOP("Labels", "Relationship"),
    "facility_name": QT_TRANSLATE_NOOP("Labels", "Facility"),
    "doctor_name": QT_TRANSLATE_NOOP("Labels", "Doctor"),
    "license_number": QT_TRANSLATE_NOOP("Labels", "Licence number"),
    "condition": QT_TRANSLATE_NOOP("Labels", "Condition"),
    "diagnosed": QT_TRANSLATE_NOOP("Labels", "Diagnosed"),
    "status": QT_TRANSLATE_NOOP("Labels", "Status"),
    "treatment": QT_TRANSLATE_NOOP("Labels", "Treatment"),
    "notes": QT_TRANSLATE_NOOP("Labels", "Notes"),
    "value": QT_TRANSLATE_NOOP("Labels", "Value"),
    "unit": QT_TRANSLATE_NOOP("Labels", "Unit"),
    "flag": QT_TRANSLATE_NOOP("Labels", "Flag"),
    "date": QT_TRANSLATE_NOOP("Labels", "Date"),
    "blood_pressure": QT_TRANSLATE_NOOP("Labels", "Blood pressure"),
    "heart_rate": QT_TRANSLATE_NOOP("Labels", "Heart rate"),
    "temperature": QT_TRANSLATE_NOOP("Labels", "Temperature"),
    "weight": QT_TRANSLATE_NOOP("Labels", "Weight"),
    "height": QT_TRANSLATE_NOOP("Labels", "Height"),
    "substance": QT_TRANSLATE_NOOP("Labels", "Substance"),
    "reaction": QT_TRANSLATE_NOOP("Labels", "Reaction"),
    "dose": QT_TRANSLATE_NOOP("Labels", "Dose"),
    "frequency": QT_TRANSLATE_NOOP("Labels", "Frequency"),
    "dosage": QT_TRANSLATE_NOOP("Labels", "Dose"),
    "allergy": QT_TRANSLATE_NOOP("Labels", "Allergen"),
    "postal_code": QT_TRANSLATE_NOOP("Labels", "Postal code"),
    "prefecture": QT_TRANSLATE_NOOP("Labels", "Prefecture"),
    "city": QT_TRANSLATE_NOOP("Labels", "City"),
    "street": QT_TRANSLATE_NOOP("Labels", "Street"),
    "cbc": QT_TRANSLATE_NOOP("Labels", "Blood count"),
    "bmp": QT_TRANSLATE_NOOP("Labels", "Electrolytes and kidney"),
    "coagulation": QT_TRANSLATE_NOOP("Labels", "Coagulation"),
    "inflammatory_markers": QT_TRANSLATE_NOOP("Labels", "Inflammation"),
    "glucose_fasting": QT_TRANSLATE_NOOP("Labels", "Fasting glucose"),
    "ldl_cholesterol": QT_TRANSLATE_NOOP("Labels", "LDL cholesterol"),
    "thyroid_ft4": QT_TRANSLATE_NOOP("Labels", "Free T4"),
    "thyroid_trab": QT_TRANSLATE_NOOP("Labels", "TRAb"),
    "systolic": QT_TRANSLATE_NOOP("Labels", "systolic"),
    "diastolic": QT_TRANSLATE_NOOP("Labels", "diastolic"),
    "pulse": QT_TRANSLATE_NOOP("Labels", "Pulse"),
    "spo2": QT_TRANSLATE_NOOP("Labels", "SpO2"),
    "respiratory_rate": QT_TRANSLATE_NOOP("Labels", "Respiratory rate"),
    "bmi": QT_TRANSLATE_NOOP("Labels", "BMI"),
    "trend": QT_TRANSLATE_NOOP("Labels", "Trend"),
    "overall_assessment": QT_TRANSLATE_NOOP("Labels", "Overall assessment"),
    "thyroid_function": QT_TRANSLATE_NOOP("Labels", "Thyroid function"),
    "liver_function": QT_TRANSLATE_NOOP("Labels", "Liver function"),
    "kidney_function": QT_TRANSLATE_NOOP("Labels", "Kidney function"),
    "renal_function": QT_TRANSLATE_NOOP("Labels", "Kidney function"),
    "blood_count": QT_TRANSLATE_NOOP("Labels", "Blood count"),
    "glucose_metabolism": QT_TRANSLATE_NOOP("Labels", "Glucose"),
    "lipids": QT_TRANSLATE_NOOP("Labels", "Lipids"),
    "electrolytes": QT_TRANSLATE_NOOP("Labels", "Electrolytes"),
    "thyroid_tsh": QT_TRANSLATE_NOOP("Labels", "TSH"),
    "allergen": QT_TRANSLATE_NOOP("Labels", "Allergen"),
    "severity": QT_TRANSLATE_NOOP("Labels", "Severity"),
    "family_history": QT_TRANSLATE_NOOP("Labels", "Family history"),
    "social_history": QT_TRANSLATE_NOOP("Labels", "Social history"),
    "age_group": QT_TRANSLATE_NOOP("Labels", "Age group"),
    "test": QT_TRANSLATE_NOOP("Labels", "Test"),
}
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


def word(source: object) -> str:
    """One of the words of this file (the stubs call them objects), in the window's language."""
    return QCoreApplication.translate("Labels", str(source))


def finding_label(kind: IdentifierKind | Shape) -> str:
    """What a part of a message would give away."""
    return word(IDENTIFIERS[kind] if isinstance(kind, IdentifierKind) else SHAPES[kind])


def tool_label(name: str) -> str:
    """What a tool does, for people; its own name if it is not one of ours."""
    return word(TOOLS[name]) if name in TOOLS else name


def agent_label(name: str, *, is_demo: bool) -> str:
    """Who answers; a demo is never mistaken for a model."""
    return word(DEMO_AGENT) if is_demo else name


def decision_label(decision: str) -> str:
    """What became of it, and why."""
    known = next((word(label) for each, label in DECISIONS.items() if each == decision), None)
    return known or word(NOT_SENT)


def destination_label(name: str) -> str:
    """Where something goes."""
    return word(INSIDE) if name == "demo" else name


def section_of(path: str) -> str:
    """First step of a field's path, as the key of its section."""
    return _STEP.findall(path)[0] if path else ""


def section_label(section: str) -> str:
    """Heading for a section of the record."""
    return word(SECTIONS[section]) if section in SECTIONS else section


def field_label(path: str) -> str:
    """The path below its section, in words: "medical_history[0].condition" is "1 · Condition"."""
    steps = _STEP.findall(path)
    below = steps[1:] or steps
    return " · ".join(_step_label(step) for step in below)


def full_label(path: str) -> str:
    """Section and field in one line."""
    section = section_label(section_of(path))
    below = field_label(path) if len(_STEP.findall(path)) > 1 else ""
    return f"{section} · {below}" if below else section


def pointer_label(pointer: str) -> str:
    """Heading for a place of the outgoing document, from its JSON pointer."""
    for part in pointer.split("/"):
        if part in GROUPS:
            return word(GROUPS[part])
    return pointer


def _step_label(step: str) -> str:
    if step.startswith("["):
        return str(int(step[1:-1]) + 1)
    if step in KEYS:
        return word(KEYS[step])
    return word(SECTIONS[step]) if step in SECTIONS else step
