"""A release beside the record that it rests on, ready to be laid out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local_tools.model import Fate, FieldFate, Release, Withheld


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """One field of the record; `value` None while the record is still being read."""

    path: str
    value: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """One outgoing string, where it stands in the document, and what it came from."""

    pointer: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Payload:
    """Everything that the doctor has to see before a yes. `body` is the text that leaves."""

    rows: tuple[Outgoing, ...]
    body: str
    size: int
    sha256: str
    withheld: tuple[Withheld, ...]
    counts: Mapping[Fate, int] | None


def payload(release: Release, fields: tuple[FieldFate, ...] | None) -> Payload:
    """Lay out `release`; `fields` are the record's, None while they are not known."""
    values = {f.path: f.value for f in fields or ()}
    rows = tuple(
        Outgoing(
            pointer,
            statement.text,
            tuple(Source(path, values.get(path)) for path in statement.sources),
        )
        for pointer, statement in release.summary.statements()
    )
    return Payload(
        rows=rows,
        body=release.body.decode("utf-8"),
        size=len(release.body),
        sha256=release.sha256,
        withheld=release.summary.withheld,
        counts=None if fields is None else _counts(rows, fields),
    )


def _counts(rows: tuple[Outgoing, ...], fields: tuple[FieldFate, ...]) -> dict[Fate, int]:
    """Fields by what this very release does with them.

    A field that the release rests on leaves if one of its strings is the field's own text, and is
    generalised otherwise; all others stay.
    """
    texts: dict[str, set[str]] = {}
    for row in rows:
        for source in row.sources:
            texts.setdefault(source.path, set()).add(row.text)
    counts = dict.fromkeys(Fate, 0)
    for field in fields:
        counts[fate_in(field, texts.get(field.path))] += 1
    return counts


def fate_in(field: FieldFate, texts: set[str] | None) -> Fate:
    """What a release that holds `texts` for a field does with it."""
    if not texts:
        return Fate.STAYS
    if field.fate is not Fate.STAYS:
        return field.fate
    return Fate.LEAVES if field.value in texts else Fate.GENERALISED
