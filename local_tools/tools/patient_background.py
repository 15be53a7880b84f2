"""get_patient_background: the de-identified background of the case, for the symptoms at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp import types

from local_tools.errors import Code, ToolsError
from local_tools.pipeline import BACKGROUND, Pipeline

MAX_SYMPTOMS = 2000  # characters
MAX_CASE = 32

_TEXTS = {"type": "array", "items": {"type": "string"}}
_DESCRIPTION = """\
Returns what the clinic's record says of the patient in the open case, reduced to listed clinical \
terms and bands: age group, chronic conditions, allergies, current medications, what in them bears \
on the symptoms, interactions, risk factors, and cautions. Call it once, with the symptoms as the \
doctor put them, before you answer about the case; call it again only if the symptoms change.

The result is complete as far as the clinic shares it. It holds no name, date, address or free \
text, and nothing that identifies can be obtained with any argument: do not ask for it, and do not \
put it into `symptoms`. "Unclassified" entries mean that the doctor has to look in the record. It \
is a basis for the doctor's judgement, not a diagnosis.

The doctor approves each call on the clinic's PC, so it can take a minute or be refused. A refusal \
is a code: denied_by_user, approval_timeout, denied_by_rule, gate_blocked, no_case_open, \
case_expired and so on. Do not repeat a refused call; go on without the background and say so.
"""

INPUT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "symptoms": {
            "type": "string",
            "description": "Present symptoms in Japanese or English, without anything identifying.",
            "maxLength": MAX_SYMPTOMS,
        },
        "case": {
            "type": "string",
            "description": "Handle of the case, such as case-7k3f9q. Leave out for the open case.",
            "maxLength": MAX_CASE,
        },
    },
    "required": ["symptoms"],
    "additionalProperties": False,
}

OUTPUT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "patient_context": {
            "type": "object",
            "properties": {
                "age_group": {"type": "string"},
                "chronic_conditions": _TEXTS,
                "allergies": _TEXTS,
                "current_medications": _TEXTS,
            },
            "required": ["age_group", "chronic_conditions", "allergies", "current_medications"],
            "additionalProperties": False,
        },
        "symptom_relevance": {
            "type": "object",
            "properties": {
                "related_history": _TEXTS,
                "potential_interactions": _TEXTS,
                "risk_factors": _TEXTS,
            },
            "required": ["related_history", "potential_interactions", "risk_factors"],
            "additionalProperties": False,
        },
        "recommendations": _TEXTS,
    },
    "required": ["patient_context", "symptom_relevance", "recommendations"],
    "additionalProperties": False,
}

TOOL = types.Tool(
    name=BACKGROUND,
    title="Patient background (de-identified)",
    description=_DESCRIPTION,
    input_schema=dict(INPUT_SCHEMA),
    output_schema=dict(OUTPUT_SCHEMA),
    annotations=types.ToolAnnotations(
        title="Patient background (de-identified)",
        read_only_hint=True,
        destructive_hint=False,
        idempotent_hint=True,
        open_world_hint=False,
    ),
)


@dataclass(frozen=True, slots=True, repr=False)
class Arguments:
    """The checked arguments of a call; they come from the far side."""

    symptoms: str
    case: str | None


def parse(arguments: Mapping[str, Any] | None) -> Arguments:
    """Check the arguments without ever repeating them.

    Raises:
        ToolsError: BAD_ARGUMENTS.
    """
    given = dict(arguments or {})
    symptoms, case = given.pop("symptoms", None), given.pop("case", None)
    fine = (
        not given
        and isinstance(symptoms, str)
        and len(symptoms) <= MAX_SYMPTOMS
        and (case is None or (isinstance(case, str) and len(case) <= MAX_CASE))
    )
    if not fine:
        raise ToolsError(Code.BAD_ARGUMENTS)
    return Arguments(symptoms, case)


async def call(pipeline: Pipeline, arguments: Mapping[str, Any] | None) -> types.CallToolResult:
    """Run the tool. Raises ToolsError."""
    checked = parse(arguments)
    release = await pipeline.background(checked.symptoms, checked.case)
    text = release.body.decode()
    return types.CallToolResult(
        content=[types.TextContent(text=text)], structured_content=json.loads(text)
    )
