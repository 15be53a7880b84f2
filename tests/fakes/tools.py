"""A ToolBox that remembers its calls; the last outcome repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from desktop.core.agent.port import ToolOutcome, ToolSpec

TOOL = "get_patient_background"


class Tools:
    def __init__(self, *outcomes: ToolOutcome) -> None:
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self._outcomes = list(outcomes)

    async def specs(self) -> Sequence[ToolSpec]:
        parameters = {
            "type": "object",
            "properties": {"symptoms": {"type": "string"}, "case": {"type": "string"}},
            "required": ["symptoms"],
        }
        return [ToolSpec(TOOL, "background", parameters)]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        self.calls.append((name, arguments))
        return self._outcomes[min(len(self.calls), len(self._outcomes)) - 1]
