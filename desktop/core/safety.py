"""What every answer carries: emergency signs first, and that it is no diagnosis."""

from __future__ import annotations

from desktop.core.texts import Texts
from local_tools.model import Lang
from local_tools.summary.red_flags import red_flags
from local_tools.vocabulary import Vocabulary


class Safety:
    """Opening and closing of an answer, by rules; no agent can leave them out."""

    def __init__(self, vocabulary: Vocabulary, texts: Texts) -> None:
        self._vocabulary = vocabulary
        self._texts = texts

    @property
    def lang(self) -> Lang:
        """Language of the answers."""
        return self._texts.lang

    def opening(self, symptoms: str) -> str:
        """Emergency advice if the message names a red flag, else which signs would be one."""
        flags = red_flags(symptoms, self._vocabulary)
        if not flags:
            return self._texts("guidance.no_red_flags") + "\n\n"
        signs = self._texts("guidance.list_mark").join(flag.text(self.lang) for flag in flags)
        return self._texts("guidance.emergency", signs=signs) + "\n\n"

    def closing(self) -> str:
        """The not-a-diagnosis line."""
        return "\n\n" + self._texts("guidance.not_a_diagnosis")
