"""One whole request as sealed frames: what the message says, and how its answer goes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import count

import anyio

from mcp_bridge.errors import CarrierFault, PeerFault
from mcp_bridge.frames import Direction, Header, Kind
from mcp_bridge.listener.answering import Answering, Asked, Fate
from mcp_bridge.listener.works import Work
from mcp_bridge.names import QueueNames
from mcp_bridge.posting import post, seal_texts
from mcp_bridge.rpc import Message, decode_request, encode

NOTICE_S = 5.0  # a progress frame that cannot be put within this is left out


@dataclass(frozen=True, slots=True)
class Exchange:
    """Requests by frame, answered by frame on the queue of the caller that the seal names."""

    names: QueueNames
    answering: Answering

    async def serve(self, work: Work, body: bytes) -> Fate:
        """Answer one request.

        Raises:
            PeerFault: the body is no request, or its `mid` was used for another one.
        """
        asked = Asked(
            decode_request(body),
            sha256(body).digest(),
            self.names.responses(work.caller),
            encode=lambda messages: encode(*messages),
            send_notices=partial(self._send_notices, work, count(1)),
        )
        return await self.answering.answer(work, asked)

    async def _send_notices(
        self, work: Work, numbers: Iterator[int], notices: Sequence[Message]
    ) -> None:
        header = Header(
            direction=Direction.REPLY,
            mid=work.mid,
            kind=Kind.PROGRESS,
            seq=next(numbers),
            kid=work.kid,
        )
        queue = self.names.responses(work.caller)
        try:
            texts = seal_texts(self.answering.keys, header, encode(*notices))
            until = anyio.current_time() + NOTICE_S
            await post(self.answering.carrier, queue, texts, until=until)
        except (CarrierFault, PeerFault, TypeError, ValueError):
            return  # progress is a courtesy; the reply does not depend on it
