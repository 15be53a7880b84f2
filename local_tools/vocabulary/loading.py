"""From table rows to terms, templates, rules and patterns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from local_tools.vocabulary.folding import fold, key
from local_tools.vocabulary.mentions import Negations, Pattern
from local_tools.vocabulary.tables import Row, cells, read_table
from local_tools.vocabulary.terms import Interaction, Kind, Rule, Template, Term

# The body system that a chapter of ICD-10 is about (WHO, ICD-10 version 2019, list of chapters).
_CHAPTERS: Sequence[tuple[str, str, str]] = (
    ("A00", "B99", "infection"),
    ("C00", "D48", "neoplasm"),
    ("D50", "D89", "blood"),
    ("E00", "E90", "endocrine"),
    ("F00", "F99", "mental"),
    ("G00", "G99", "neuro"),
    ("H00", "H59", "eye"),
    ("H60", "H95", "ear"),
    ("I00", "I99", "cardiovascular"),
    ("J00", "J99", "respiratory"),
    ("K00", "K93", "digestive"),
    ("L00", "L99", "skin"),
    ("M00", "M99", "musculoskeletal"),
    ("N00", "N99", "urogenital"),
    ("O00", "O99", "pregnancy"),
)
_TABLES: Mapping[str, Kind] = {
    "conditions.csv": Kind.CONDITION,
    "drugs.csv": Kind.DRUG,
    "allergens.csv": Kind.ALLERGEN,
    "symptoms.csv": Kind.SYMPTOM,
    "labs.csv": Kind.LAB,
}
Names = dict[Kind, dict[str, Term]]


def load_terms(folder: Path) -> tuple[list[Term], Names]:
    """Return all terms, and the key of each of their names by kind."""
    terms: list[Term] = []
    names: Names = {kind: {} for kind in Kind}
    for kind, row in _term_rows(folder):
        term = _term(kind, row, len(terms))
        terms.append(term)
        for name in (term.ja, term.en, *cells(row["aliases"])):
            names[kind].setdefault(key(name), term)
    return terms, names


def _term_rows(folder: Path) -> Iterator[tuple[Kind, Row]]:
    for table, kind in _TABLES.items():
        for row in read_table(folder, table):
            yield kind, row
    for row in read_table(folder, "words.csv"):
        yield Kind(row["kind"]), row


def _term(kind: Kind, row: Row, order: int) -> Term:
    codes = cells(row.get("codes", ""))
    systems = set(cells(row.get("systems", "")))
    if kind is Kind.CONDITION:
        systems |= {s for first, last, s in _CHAPTERS for c in codes if first <= c[:3] <= last}
    marks = frozenset(cells(row["marks"]))
    return Term(row["id"], kind, row["ja"], row["en"], codes, frozenset(systems), marks, order)


def load_templates(folder: Path) -> dict[str, Template]:
    """Return the sentences with slots, by id."""
    rows = read_table(folder, "templates.csv")
    return {row["id"]: Template(row["id"], row["ja"], row["en"]) for row in rows}


def load_rules(folder: Path, table: str, kind: Kind, first: int) -> tuple[Rule, ...]:
    """Return risk factors or recommendations; their terms are numbered from `first`."""
    return tuple(
        Rule(
            Term(row["id"], kind, row["ja"], row["en"], order=first + i),
            row["when"],
            int(row["rank"]),
            row["source"],
        )
        for i, row in enumerate(read_table(folder, table))
    )


def load_interactions(folder: Path, effects: Mapping[str, Term]) -> tuple[Interaction, ...]:
    """Return the pairs that matter together; an effect without a term is a KeyError."""
    return tuple(
        Interaction(
            row["id"],
            row["left"],
            row["right"],
            effects[row["effect"]],
            int(row["rank"]),
            row["source"],
        )
        for row in read_table(folder, "interactions.csv")
    )


def load_tails(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the small word lists of records, by role."""
    tails: dict[str, list[str]] = defaultdict(list)
    for row in read_table(folder, "tails.csv"):
        tails[row["role"]].append(row["text"])
    return {role: tuple(words) for role, words in tails.items()}


def load_symptom_patterns(folder: Path, names: Mapping[str, Term]) -> list[Pattern]:
    """Return one pattern for every symptom: any of its names."""
    spoken: dict[str, list[str]] = defaultdict(list)
    for row in read_table(folder, "symptoms.csv"):
        spoken[row["id"]] += [row["ja"], row["en"], *cells(row["aliases"])]
    terms = {term.id: term for term in names.values()}
    return [_pattern(terms[id_], words) for id_, words in spoken.items()]


def _pattern(term: Term, words: Iterable[str]) -> Pattern:
    folded = sorted({fold(word) for word in words}, key=len, reverse=True)
    ja = "|".join(re.escape(word.replace(" ", "")) for word in folded if not word.isascii())
    en = "|".join(re.escape(word) for word in folded if word.isascii())
    return Pattern(
        term,
        re.compile(ja) if ja else None,
        re.compile(rf"(?<![a-z])(?:{en})(?![a-z])") if en else None,
    )


def load_red_flag_patterns(folder: Path, names: Mapping[str, Term]) -> list[Pattern]:
    """Return the expressions for red-flag symptoms; each is for one language."""
    terms = {term.id: term for term in names.values()}
    return [
        Pattern(
            terms[row["symptom"]],
            re.compile(_katakana(row["ja"])) if row["ja"] else None,
            re.compile(row["en"]) if row["en"] else None,
        )
        for row in read_table(folder, "red_flags.csv")
    ]


def load_negations(folder: Path) -> Negations:
    """Return what takes a mention back."""
    rows = {row["role"]: row["pattern"] for row in read_table(folder, "negations.csv")}
    return Negations(
        ja_behind=re.compile(_katakana(rows["ja_behind"])),
        en_before=re.compile(rows["en_before"]),
        en_unless=re.compile(rows["en_unless"]),
    )


def _katakana(pattern: str) -> str:
    """Fold the kana of an expression and leave its operators alone."""
    return "".join(fold(c) if ord(c) > 0x7F else c for c in pattern)
