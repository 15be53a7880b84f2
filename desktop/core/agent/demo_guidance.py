"""Guidance by rules: what the demo agent says, from the release and the symptoms alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from desktop.core.texts import Texts
from local_tools.vocabulary import Term

Document = Mapping[str, Any]


def from_release(
    document: Document, symptoms: Sequence[Term], texts: Texts, said_anyway: Collection[str] = ()
) -> str:
    """Guidance for an approved release, in the published schema, as Markdown.

    `said_anyway` are recommendations that every answer carries, so that they need no bullet.
    """
    relevance = _part(document, "symptom_relevance")
    context = _part(document, "patient_context")
    return _paragraphs(
        texts("guidance.demo"),
        _heard(symptoms, texts),
        _section("stands_out", _standing_out(relevance, texts), texts)
        or texts("guidance.nothing_stands_out"),
        _section("next", _next_steps(document, context, symptoms, texts, said_anyway), texts),
        _section("background", _background(context, texts), texts),
    )


def without_release(reason: str, symptoms: Sequence[Term], texts: Texts) -> str:
    """Guidance when nothing was sent; `reason` is a clause for the doctor."""
    general = [texts(f"guidance.general_{part}") for part in ("history", "vitals", "exam")]
    return _paragraphs(
        texts("guidance.demo"),
        texts("guidance.refused", reason=reason),
        _heard(symptoms, texts),
        _section("general", [*_checks(symptoms, texts), *general], texts),
    )


def _heard(symptoms: Sequence[Term], texts: Texts) -> str:
    if not symptoms:
        return texts("guidance.no_symptoms")
    return texts(
        "guidance.symptoms", symptoms=_joined([s.text(texts.lang) for s in symptoms], texts)
    )


def _standing_out(relevance: Document, texts: Texts) -> list[str]:
    groups = (
        ("interaction", "potential_interactions"),
        ("related_history", "related_history"),
        ("risk_factor", "risk_factors"),
    )
    return [
        texts(f"guidance.{sentence}", text=text)
        for sentence, field in groups
        for text in _strings(relevance, field)
    ]


def _next_steps(
    document: Document,
    context: Document,
    symptoms: Sequence[Term],
    texts: Texts,
    said_anyway: Collection[str],
) -> list[str]:
    allergies = _strings(context, "allergies")
    recommended = [r for r in _strings(document, "recommendations") if r not in said_anyway]
    steps = [*recommended, *_checks(symptoms, texts)]
    if allergies:
        steps.append(texts("guidance.allergy_note", text=_joined(allergies, texts)))
    return steps


def _checks(symptoms: Sequence[Term], texts: Texts) -> list[str]:
    keys = (f"check.{symptom.id}" for symptom in symptoms)
    return [texts(key) for key in keys if key in texts]


def _background(context: Document, texts: Texts) -> Iterator[str]:
    yield texts("guidance.age_group", text=context.get("age_group", ""))
    groups = (
        ("conditions", "chronic_conditions"),
        ("medications", "current_medications"),
        ("allergies", "allergies"),
    )
    for sentence, field in groups:
        if words := _strings(context, field):
            yield texts(f"guidance.{sentence}", text=_joined(words, texts))


def _section(heading: str, lines: Sequence[str] | Iterator[str], texts: Texts) -> str:
    """A heading with bullets, or nothing if there are none."""
    bullets = [texts("guidance.bullet", text=line) for line in lines]
    return "\n".join([texts(f"guidance.{heading}"), *bullets]) if bullets else ""


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _joined(words: Sequence[str], texts: Texts) -> str:
    return texts("guidance.list_mark").join(words)


def _part(document: Document, name: str) -> Document:
    """A sub-object of the tool's answer; empty if the far side sent something else."""
    value = document.get(name)
    return cast("Document", value) if isinstance(value, dict) else {}


def _strings(part: Document, name: str) -> list[str]:
    value: object = part.get(name)
    if not isinstance(value, list):
        return []
    return [item for item in cast("list[object]", value) if isinstance(item, str)]
