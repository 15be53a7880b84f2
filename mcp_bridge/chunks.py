"""Cuts a message that one frame cannot hold and puts it together again. Pure.

Each piece of a cut message is `SHA-256 of the whole (32) | slice`; a message in one piece is
itself. Pieces are sealed one by one, with `i` and `n` under the seal, and may come in any order and
more than once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from mcp_bridge.errors import Code, PeerFault
from mcp_bridge.frames import MAX_PARTS

MAX_CHUNKS = MAX_PARTS
MAX_OPEN = 1024  # messages of which pieces are missing; one byte of each costs far more than that
_DIGEST_BYTES = 32


def split(message: bytes, limit: int) -> list[bytes]:
    """`message` in pieces of at most `limit` bytes, in order.

    Raises:
        PeerFault: TOO_LARGE, it would take more than MAX_CHUNKS.
    """
    if len(message) <= limit:
        return [message]
    step = limit - _DIGEST_BYTES
    if len(message) > MAX_CHUNKS * step:
        raise PeerFault(Code.TOO_LARGE)
    digest = sha256(message).digest()
    return [digest + message[at : at + step] for at in range(0, len(message), step)]


@dataclass(slots=True)
class _Open:
    """A message of which some pieces are here."""

    parts: int
    digest: bytes
    expires_at: float
    slices: dict[int, bytes] = field(default_factory=dict[int, bytes])

    def size(self) -> int:
        return sum(map(len, self.slices.values()))


class Assembler:
    """Puts pieces together, in bounded memory and time. For one thread."""

    def __init__(
        self, *, clock: Callable[[], float], ttl_s: float = 60.0, max_bytes: int = 8 * 2**20
    ) -> None:
        """Forget a message `ttl_s` after its first piece; hold no more than `max_bytes` in all."""
        self._clock = clock
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._open: dict[str, _Open] = {}
        self._held = 0  # bytes

    def add(self, mid: str, i: int, n: int, piece: bytes) -> bytes | None:
        """Take piece `i` of `n`; the whole message when this was the last one missing.

        Raises:
            PeerFault: NOT_A_FRAME, it does not belong to the pieces before or the digest is wrong
                (the message is forgotten); TOO_LARGE, there is no room for it now.
        """
        if not 0 <= i < n <= MAX_CHUNKS:
            raise PeerFault
        if n == 1:
            return piece
        self._forget_expired()
        digest, content = piece[:_DIGEST_BYTES], piece[_DIGEST_BYTES:]
        message = self._open.get(mid) or _Open(n, digest, self._clock() + self._ttl_s)
        if (message.parts, message.digest) != (n, digest) or not content:
            self._drop(mid)
            raise PeerFault
        if i not in message.slices:
            self._require_room(mid, len(content))
            message.slices[i] = content
            self._open[mid] = message
            self._held += len(content)
        return self._whole(mid) if len(message.slices) == n else None

    def _whole(self, mid: str) -> bytes:
        message = self._open[mid]
        self._drop(mid)
        whole = b"".join(message.slices[i] for i in range(message.parts))
        if sha256(whole).digest() != message.digest:
            raise PeerFault
        return whole

    def _require_room(self, mid: str, size: int) -> None:
        is_one_too_many = mid not in self._open and len(self._open) >= MAX_OPEN
        if is_one_too_many or self._held + size > self._max_bytes:
            raise PeerFault(Code.TOO_LARGE)

    def _drop(self, mid: str) -> None:
        message = self._open.pop(mid, None)
        if message is not None:
            self._held -= message.size()

    def _forget_expired(self) -> None:
        """The oldest come first: all live equally long."""
        now = self._clock()
        while self._open:
            mid, oldest = next(iter(self._open.items()))
            if oldest.expires_at > now:
                return
            self._drop(mid)
