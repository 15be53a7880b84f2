"""Answers to server/discover and tools/list, kept: a client asks for them again and again.

`mcp.Client` asks for tools/list behind the first call of every tool, and each client for
server/discover; over a queue that is a whole round trip.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_bridge.rpc import Message, as_object, params_of, result

KEEP_S = 300.0  # a change of the far server's tools is seen after this, unless it says ttlMs itself
_METHODS = frozenset({"server/discover", "tools/list"})


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Mapping[str, Any]
    until: float


@dataclass(slots=True)
class Catalogue:
    """Results by request, for one caller; `clock` gives seconds."""

    clock: Callable[[], float]
    _entries: dict[str, _Entry] = field(default_factory=dict[str, _Entry])

    def answer(self, request: Message) -> Message | None:
        """The response, if it is known and fresh."""
        entry = self._entries.get(_key(request))
        if entry is None or entry.until <= self.clock():
            return None
        return result(request["id"], entry.value)

    def learn(self, request: Message, response: Message) -> None:
        """Keep the response, if it is one to keep."""
        if request["method"] not in _METHODS or "result" not in response:
            return
        value = as_object(response["result"])
        ttl_ms = value.get("ttlMs")
        keep_s = ttl_ms / 1000 if isinstance(ttl_ms, int) and ttl_ms > 0 else KEEP_S
        self._entries[_key(request)] = _Entry(value, self.clock() + keep_s)


def _key(request: Message) -> str:
    """Method and params; who asks (`_meta`) does not matter."""
    params = {key: value for key, value in params_of(request).items() if key != "_meta"}
    return json.dumps([request["method"], params], sort_keys=True)
