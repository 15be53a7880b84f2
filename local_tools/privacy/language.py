"""What the gate asks of the vocabulary."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from local_tools.model import Lang
from local_tools.vocabulary import Kind, Span, Term


class Language(Protocol):
    """The words that may leave. `Vocabulary` is it; the self-test has one that allows anything."""

    def is_grammatical(self, text: str, lang: Lang) -> bool:
        """Whether the whole text is a term or a template filled with terms."""
        ...

    def terms_in(self, text: str, lang: Lang | None = None) -> tuple[Span, ...]:
        """Where the whole terms of a grammatical text are."""
        ...

    def charset(self, lang: Lang) -> Container[int]:
        """The code points that may leave."""
        ...

    def find(self, kind: Kind, text: str) -> Term | None:
        """The term of this name."""
        ...
