"""The shipped, hash-pinned clinical vocabulary in Japanese and English."""

from local_tools.vocabulary.terms import Interaction, Kind, Match, Rule, Span, Template, Term
from local_tools.vocabulary.vocabulary import Vocabulary

__all__ = ["Interaction", "Kind", "Match", "Rule", "Span", "Template", "Term", "Vocabulary"]
