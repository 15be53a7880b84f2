"""Holds the agent to one case: whatever case it names, the call is for this consultation's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from desktop.core.agent.port import ToolBox, ToolOutcome, ToolSpec

CASE = "case"


class CaseTools:
    """A ToolBox whose tools lost their `case` parameter; it is filled in here."""

    def __init__(self, tools: ToolBox, case: str) -> None:
        self._tools = tools
        self._case = case

    async def specs(self) -> Sequence[ToolSpec]:
        """The tools without the parameter that is not the agent's to choose."""
        return [_without_case(spec) for spec in await self._tools.specs()]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        """Call the tool for this case."""
        return await self._tools.call(name, {**arguments, CASE: self._case})


def _without_case(spec: ToolSpec) -> ToolSpec:
    parameters = dict(spec.parameters)
    parameters["properties"] = {
        name: schema for name, schema in parameters.get("properties", {}).items() if name != CASE
    }
    return ToolSpec(spec.name, spec.description, parameters)
