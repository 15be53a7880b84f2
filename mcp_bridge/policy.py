"""What the serving side lets in, before the upstream is asked. It denies what nobody allowed.

A `Policy` says which tools and methods may be used, and how often and how many at a time, by each
caller and for each tool. An `Admission` keeps the counts for one listener. Whatever goes wrong in
here is a refusal: nothing gets in by an exception.

Callers name themselves, so a limit per caller keeps honest ones apart; the limit per tool counts
all of them and is the one that a hostile caller cannot get round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from mcp_bridge.errors import BridgeError, Code, NotAdmitted
from mcp_bridge.rate import RateLimit
from mcp_bridge.rpc import Message, as_object, params_of

# What a client needs to find and call tools, in both eras of the protocol. What reads resources or
# prompts, or subscribes to them, is allowed by name.
TOOL_METHODS: Final = frozenset(
    {"initialize", "ping", "server/discover", "tools/call", "tools/list"}
)

# Notifications of a client; they ask for nothing, and a session cannot do without.
CLIENT_NOTIFICATIONS: Final = frozenset(
    {
        "notifications/cancelled",
        "notifications/initialized",
        "notifications/progress",
        "notifications/roots/list_changed",
    }
)

_CALL, _LIST = "tools/call", "tools/list"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of something is let in; None is no limit. A minute's calls may come at once."""

    per_minute: int | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What is let in. `Policy()` lets nothing in; None for `tools` or `methods` means all."""

    tools: frozenset[str] | None = frozenset()
    methods: frozenset[str] | None = TOOL_METHODS
    caller: Limit = Limit()  # each caller
    tool: Limit = Limit()  # each tool, and each other method, whoever calls

    @classmethod
    def everything(cls) -> Policy:
        """All that the served server has, without a limit; for a server that guards itself."""
        return cls(tools=None, methods=None)


@dataclass(slots=True)
class Ticket:
    """A request that was let in; `close` when it has ended. More than once is fine."""

    _leave: Callable[[], None]
    _is_open: bool = True

    def close(self) -> None:
        """Make room for the next."""
        if self._is_open:
            self._is_open = False
            self._leave()


@dataclass(slots=True)
class Admission:
    """The policy at work in one listener. For one thread; `clock` gives seconds."""

    policy: Policy
    clock: Callable[[], float]
    _callers: _Count = field(init=False)
    _tools: _Count = field(init=False)

    def __post_init__(self) -> None:
        self._callers = _Count(self.policy.caller, self.clock)
        self._tools = _Count(self.policy.tool, self.clock)

    def admit(self, caller: str, request: Message) -> Ticket:
        """Let one request in.

        Raises:
            NotAdmitted: TOOL_NOT_ALLOWED, METHOD_NOT_ALLOWED, RATE_LIMITED or OVERLOADED (too many
                at a time); the upstream must not be asked.
        """
        try:
            return self._admit(caller, request)
        except BridgeError:
            raise
        except Exception:  # noqa: BLE001 - what cannot be judged is not let in
            raise NotAdmitted(Code.METHOD_NOT_ALLOWED) from None

    def only(self, tools: frozenset[str]) -> Admission:
        """The same, counts included, for calls of some of the tools and nothing else."""
        allowed = self.policy.tools
        narrowed = copy(self)
        narrowed.policy = replace(
            self.policy,
            tools=tools if allowed is None else tools & allowed,
            methods=frozenset({_CALL}),
        )
        return narrowed

    def hears(self, notification: Message) -> bool:
        """Whether a client's notification may reach the server; a call without an id may not."""
        method = notification.get("method")
        return self.policy.methods is None or method in CLIENT_NOTIFICATIONS

    def visible(self, request: Message, response: Message) -> Message:
        """The response with the allowed tools only, where it lists tools."""
        tools = self.policy.tools
        if tools is None or request.get("method") != _LIST or "result" not in response:
            return response
        result = as_object(response["result"])
        listed: object = result.get("tools")
        entries = cast("list[object]", listed) if isinstance(listed, list) else []
        shown = [entry for entry in entries if _name(as_object(entry)) in tools]
        return {**response, "result": {**result, "tools": shown}}

    def _admit(self, caller: str, request: Message) -> Ticket:
        method: str = request["method"]
        tool = self._allowed(method, request)
        for count, key in ((self._callers, caller), (self._tools, tool)):
            if count.is_full(key):
                raise NotAdmitted(Code.OVERLOADED)
        for count, key in ((self._callers, caller), (self._tools, tool)):
            if not count.may_go_on(key):
                raise NotAdmitted(Code.RATE_LIMITED)
        self._callers.enter(caller)
        self._tools.enter(tool)

        def leave() -> None:
            self._callers.leave(caller)
            self._tools.leave(tool)

        return Ticket(leave)

    def _allowed(self, method: str, request: Message) -> str:
        """What is counted: a tool's name, or another method's. Raises NotAdmitted."""
        methods, tools = self.policy.methods, self.policy.tools
        if methods is not None and method not in methods:
            raise NotAdmitted(Code.METHOD_NOT_ALLOWED)
        if method != _CALL:
            return method
        name = _name(params_of(request))
        if tools is not None and name not in tools:
            raise NotAdmitted(Code.TOOL_NOT_ALLOWED)
        return f"{_CALL} {name}"


class _Count:
    """How often, and how many at a time, by key."""

    def __init__(self, limit: Limit, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._running: Counter[str] = Counter()
        self._rate: RateLimit | None = None
        if limit.per_minute is not None:
            self._rate = RateLimit(limit.per_minute / 60, limit.per_minute, clock)

    def is_full(self, key: str) -> bool:
        """Whether as many run as may."""
        at_once = self._limit.at_once
        return at_once is not None and self._running[key] >= at_once

    def may_go_on(self, key: str) -> bool:
        """Whether there was not too much of it of late; this one is counted."""
        return self._rate is None or self._rate.wait_s(key) == 0

    def enter(self, key: str) -> None:
        """One more runs."""
        self._running[key] += 1

    def leave(self, key: str) -> None:
        """One has ended."""
        self._running[key] -= 1
        if self._running[key] <= 0:
            del self._running[key]


def _name(holder: Mapping[str, Any]) -> str | None:
    name = holder.get("name")
    return name if isinstance(name, str) else None
