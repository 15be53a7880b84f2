"""A release beside the record that it rests on, ready to be laid out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local_tools.model import Fate, FieldFate, Release, Withheld, covers


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
    rows = tuple(
        Outgoing(
            pointer,
            statement.text,
            tuple(Source(path, _value(path, fields)) for path in statement.sources),
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


def _value(source: str, fields: tuple[FieldFate, ...] | None) -> str | None:
    """What stands in the record there: a leaf's text, or all leaves below a group."""
    if fields is None:
        return None
    return ", ".join(f.value for f in fields if covers(source, f.path))


def _counts(rows: tuple[Outgoing, ...], fields: tuple[FieldFate, ...]) -> dict[Fate, int]:
    """Fields by what this very release does with them.

    A field that the release rests on leaves if one of its strings is the field's own text, and is
    generalised otherwise; all others stay.
    """
    counts = dict.fromkeys(Fate, 0)
    for field in fields:
        counts[_fate_in(rows, field)] += 1
    return counts


def _fate_in(rows: tuple[Outgoing, ...], field: FieldFate) -> Fate:
    texts = {
        row.text for row in rows if any(covers(source.path, field.path) for source in row.sources)
    }
    if not texts:
        return Fate.STAYS
    return Fate.LEAVES if field.value in texts else Fate.GENERALISED
