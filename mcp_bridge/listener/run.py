"""Runs one request on the upstream: policy, deadline, cancel, guard, notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import anyio

from mcp_bridge.errors import Code, Executed, Layer, NotAdmitted, UpstreamGone
from mcp_bridge.incidents import Incidents, executed_by
from mcp_bridge.listener.notices import Notices
from mcp_bridge.listener.works import Work
from mcp_bridge.policy import Admission
from mcp_bridge.rpc import Message, Notify, method_not_found
from mcp_bridge.upstream.port import Upstream

# Returns the message as it may leave, or raises to refuse. Runs on the loop: it must be quick.
Guard = Callable[[Message], Message]

# Its response is a stream that stays open; an exchange cannot carry that.
_STREAMING = frozenset({"subscriptions/listen"})


@dataclass(frozen=True, slots=True)
class Runner:
    """The only place where messages of the upstream come in; none gets past the guard."""

    upstream: Upstream
    guard: Guard
    incidents: Incidents
    admission: Admission

    async def run(
        self,
        work: Work,
        request: Message,
        send_notices: Callable[[Sequence[Message]], Awaitable[None]],
    ) -> Sequence[Message]:
        """What may leave: the notifications that were not sent on the way, then the response."""
        notices = Notices(send_notices)

        async def notify(message: Message) -> None:
            try:
                notices.add(self.guard(message))
            except Exception:  # noqa: BLE001 - refused: it does not leave, the request goes on
                return

        responses: list[Message] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(notices.run)
            responses.append(await self._respond(work, request, notify))
            tasks.cancel_scope.cancel()
        return [*notices.rest(), *responses]

    async def _respond(self, work: Work, request: Message, notify: Notify) -> Message:
        if request["method"] in _STREAMING:
            return method_not_found(request["id"])
        try:
            with closing(self.admission.admit(work.caller, request)):
                return await self._ask(work, request, notify)
        except NotAdmitted as refused:
            executed = _now_and_before(Executed.NO, work)
            return self.incidents.failed(work.mid, request, refused.code, Layer.POLICY, executed)

    async def _ask(self, work: Work, request: Message, notify: Notify) -> Message:
        work.scope.deadline = work.deadline
        try:
            with work.scope:
                response = await self.upstream.exchange(request, notify)
                return self._guarded(work, request, self.admission.visible(request, response))
        except UpstreamGone as gone:
            return self._failed(work, request, gone.code, _now_and_before(gone.executed, work))
        except Exception:  # noqa: BLE001 - whatever it was, its text stays here
            return self._failed(work, request, Code.UPSTREAM_GONE, Executed.UNKNOWN)
        code = Code.CANCELLED if work.recalled else Code.TIMED_OUT
        return self._failed(work, request, code, Executed.UNKNOWN)

    def _guarded(self, work: Work, request: Message, response: Message) -> Message:
        try:
            return self.guard(response)
        except Exception:  # noqa: BLE001 - a guard that raises, however, has refused
            return self.incidents.failed(
                work.mid, request, Code.GUARD_REFUSED, Layer.GUARD, executed_by(response)
            )

    def _failed(self, work: Work, request: Message, code: Code, executed: Executed) -> Message:
        return self.incidents.failed(work.mid, request, code, Layer.UPSTREAM, executed)


def _now_and_before(executed: Executed, work: Work) -> Executed:
    """What did not run now may have run in an earlier life."""
    return Executed.UNKNOWN if executed is Executed.NO and work.may_have_run else executed
