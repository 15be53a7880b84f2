"""Sends the items of one session one way: in order, and what is ready together in one frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import uuid4

import anyio
from anyio import to_thread

from mcp_bridge.chunks import MAX_CHUNKS
from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.frames import Header
from mcp_bridge.posting import Posted, seal_texts
from mcp_bridge.sealing import MAX_MESSAGE_BYTES, KeyRing
from mcp_bridge.sessions.items import MAX_ITEMS, Item, encode_item
from mcp_bridge.sessions.order import FIRST

SESSION_IDLE_S = 900.0  # a session of which the serving side hears nothing for so long is over
PUT_S = 60.0  # a frame that could not be put for so long ends its session
MAX_WAITING_BYTES = 16 * 2**20  # that were said and are not on the queue
MAX_ITEM_BYTES = MAX_CHUNKS * (MAX_MESSAGE_BYTES - 32) - 2  # each chunk bears a digest
LARGE = 64 * 1024  # bytes; from here on sealing moves to a worker thread

Put = Callable[[Sequence[str], float], Awaitable[Posted]]  # queue texts, and until when to try


class Sender:
    """`header` holds what all frames of this direction have in common."""

    def __init__(self, put: Put, keys: KeyRing, header: Header) -> None:
        self._put = put
        self._keys = keys
        self._header = header
        self._seq = FIRST
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._frame: Sequence[str] = ()  # that is being put
        self._some = anyio.Event()
        self._turn = anyio.Lock()

    def send(self, item: Item) -> None:
        """Send this after all that was sent before.

        Raises:
            PeerFault: TOO_LARGE, no number of chunks holds it, or the queue does not keep up.
        """
        encoded = encode_item(item)
        if len(encoded) > MAX_ITEM_BYTES or self._size + len(encoded) > MAX_WAITING_BYTES:
            raise PeerFault(Code.TOO_LARGE)
        self._waiting.append(encoded)
        self._size += len(encoded)
        self._some.set()

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            CarrierFault: a frame could not be put; what follows would never be read.
        """
        while True:
            await self._some.wait()
            self._some = anyio.Event()
            await self.flush()

    async def flush(self) -> None:
        """Send what waits, also after `run` was cancelled. Raises CarrierFault.

        A frame whose put was cut off is put again: whoever reads it twice knows it by its number.
        """
        async with self._turn:
            while self._frame or self._waiting:
                self._frame = self._frame or await self._next_frame()
                await self._put(self._frame, anyio.current_time() + PUT_S)
                self._frame = ()

    def _packed(self) -> bytes:
        """As many items as fit into one frame, at least one."""
        packed = [self._waiting.popleft()]
        size = len(packed[0]) + 2
        while self._waiting and len(packed) < MAX_ITEMS:
            size += len(self._waiting[0]) + 1
            if size > MAX_MESSAGE_BYTES:
                break
            packed.append(self._waiting.popleft())
        self._size -= sum(map(len, packed))
        return b"[" + b",".join(packed) + b"]"

    async def _next_frame(self) -> Sequence[str]:
        body = self._packed()
        header = replace(self._header, mid=uuid4().hex, seq=self._seq)
        self._seq += 1
        seal = partial(seal_texts, self._keys, header, body)
        if len(body) < LARGE:
            return seal()
        return await to_thread.run_sync(seal)  # not to be cancelled: its items are nowhere else
