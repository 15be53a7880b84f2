"""Symptoms that call for emergency advice before anything else."""

from __future__ import annotations

from local_tools.vocabulary import Term, Vocabulary


def red_flags(text: str, vocabulary: Vocabulary) -> tuple[Term, ...]:
    """Return the red-flag symptoms that a free text speaks of, in Japanese or English.

    Errs on the side of finding: a mention counts unless it is denied for certain.
    """
    return vocabulary.red_flags_in(text)
