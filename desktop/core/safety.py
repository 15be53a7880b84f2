"""What every answer carries: emergency signs first, and that it is no diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from desktop.core.texts import Texts
from local_tools.model import Lang
from local_tools.summary.red_flags import red_flags
from local_tools.vocabulary import Term, Vocabulary


class Safety:
    """Opening and closing of an answer, by rules; no agent can leave them out."""

    def __init__(self, vocabulary: Vocabulary, texts: Mapping[Lang, Texts]) -> None:
        self._vocabulary = vocabulary
        self._texts = texts

    def red_flags(self, symptoms: str) -> tuple[Term, ...]:
        """The signs of an emergency that the message names."""
        return red_flags(symptoms, self._vocabulary)

    def opening(self, flags: Sequence[Term], lang: Lang) -> str:
        """Emergency advice if there are red flags, else which signs would be one."""
        texts = self._texts[lang]
        if not flags:
            return texts("guidance.no_red_flags") + "\n\n"
        signs = texts("guidance.list_mark").join(flag.text(lang) for flag in flags)
        return texts("guidance.emergency", signs=signs) + "\n\n"

    def closing(self, lang: Lang) -> str:
        """The not-a-diagnosis line."""
        return "\n\n" + self._texts[lang]("guidance.not_a_diagnosis")
