"""One running child on its stdio streams: ids and progress tokens of many callers kept apart."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import jsonrpc_message_adapter
from pydantic import ValidationError

from mcp_bridge.errors import Executed, UpstreamGone
from mcp_bridge.rpc import (
    Message,
    Notify,
    RequestId,
    as_object,
    invalid_request,
    is_response,
    meta_of,
    method_not_found,
    params_of,
    without_text,
)

LISTEN = "subscriptions/listen"
CANCEL_S = 1.0  # to tell the child that nobody waits for a request any more


@dataclass(slots=True)
class _Waiting:
    """A request that the child has, and what its caller called it."""

    request: Message
    notify: Notify
    token: Any
    settled: anyio.Event = field(default_factory=anyio.Event)
    response: Message | None = None


class Child:
    """The child writes what it likes: every message from it is matched by our own ids only."""

    def __init__(self, write: Callable[[SessionMessage], Awaitable[None]]) -> None:
        self._write = write
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._ended = False

    async def exchange(self, request: Message, notify: Notify) -> Message:
        """One request and its response. Raises UpstreamGone when the child ends before it."""
        child_id = next(self._ids)
        waiting = _Waiting(request, notify, token_of(request))
        self._waiting[child_id] = waiting
        try:
            return await self._answer(request, child_id, waiting)
        except ValidationError:
            return invalid_request(request["id"])
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(CANCEL_S, shield=True):
                await self.tell(cancelled(child_id))
            raise
        finally:
            del self._waiting[child_id]

    async def listen(self, read: AsyncIterable[SessionMessage | Exception]) -> None:
        """Take messages until the child ends; then whoever waits is told."""
        try:
            async for item in read:
                if isinstance(item, SessionMessage):  # else a line that was no message
                    message = item.message.model_dump(
                        mode="json", by_alias=True, exclude_unset=True
                    )
                    await self._take(message)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass  # the same end, seen by a writer first
        finally:
            self._ended = True
            for waiting in self._waiting.values():
                waiting.settled.set()

    async def tell(self, message: Message) -> bool:
        """Hand a message to the child; False if it has ended. Raises ValidationError."""
        parsed = jsonrpc_message_adapter.validate_python(message, by_name=False)
        try:
            await self._write(SessionMessage(parsed))
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            return False
        return True

    async def _answer(self, request: Message, child_id: int, waiting: _Waiting) -> Message:
        if self._ended or not await self.tell(remapped(request, child_id, waiting.token)):
            raise UpstreamGone(Executed.NO)
        await waiting.settled.wait()
        if waiting.response is None:
            raise UpstreamGone(Executed.UNKNOWN)
        response = without_text({**waiting.response, "id": request["id"]})
        return _renamed(response, "result", request["id"])

    async def _take(self, message: Message) -> None:
        if is_response(message):
            waiting = self._waiting.get(message.get("id", 0))
            if waiting is not None:
                waiting.response = message
                waiting.settled.set()
        elif "id" in message:
            await self.tell(method_not_found(message["id"]))
        elif message.get("method") == "notifications/progress":
            await self._report(message)
        else:
            await self._tell_whom_it_concerns(message)

    async def _tell_whom_it_concerns(self, message: Message) -> None:
        """A subscription's event says whose it is; a log line does not: it goes to who is alone."""
        subscription = meta_of(message).get(SUBSCRIPTION_ID_META_KEY)
        if subscription is not None:
            waiting = self._waiting.get(subscription)
            if waiting is not None:
                await waiting.notify(_renamed(message, "params", waiting.request["id"]))
        elif message.get("method") == "notifications/message":
            calls = [each for each in self._waiting.values() if each.request["method"] != LISTEN]
            if len(calls) == 1:
                await calls[0].notify(message)

    async def _report(self, message: Message) -> None:
        params = params_of(message)
        waiting = self._waiting.get(params.get("progressToken", 0))
        if waiting is not None and waiting.token is not None:
            await waiting.notify(
                {**message, "params": {**params, "progressToken": waiting.token}},
            )


def token_of(request: Message) -> Any:  # noqa: ANN401 - whatever the caller chose
    """The progress token of a request, None without one."""
    return meta_of(request).get("progressToken")


def _renamed(message: Message, part: str, request_id: RequestId) -> Message:
    """The message with the caller's own id of the subscription that it belongs to, if to any."""
    body = as_object(message.get(part))
    meta = as_object(body.get("_meta"))
    if SUBSCRIPTION_ID_META_KEY not in meta:
        return message
    own = {**meta, SUBSCRIPTION_ID_META_KEY: request_id}
    return {**message, part: {**body, "_meta": own}}


def remapped(request: Message, child_id: int, token: Any) -> Message:  # noqa: ANN401
    """The request by our own id, which is its progress token too if it has one."""
    if token is None:
        return {**request, "id": child_id}
    meta = {**meta_of(request), "progressToken": child_id}
    return {**request, "id": child_id, "params": {**params_of(request), "_meta": meta}}


def cancelled(child_id: int) -> Message:
    """That nobody waits for this request any more."""
    return {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": child_id},
    }
