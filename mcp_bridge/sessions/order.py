"""Frames of one direction, in their order and each once. Pure.

A queue promises neither: puts from several tasks overtake each other, and a put whose answer was
lost is repeated. The SDK behind it needs both, since a cancel that overtakes its request is lost,
and a request that comes twice runs twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from mcp_bridge.errors import Code, PeerFault

FIRST = 1
MAX_HELD = 256  # frames that came before one that is missing

T = TypeVar("T")


class Resequencer(Generic[T]):
    """Gives out what came, by number."""

    def __init__(self) -> None:
        self._next = FIRST
        self._held: dict[int, T] = {}

    @property
    def has_begun(self) -> bool:
        """Whether the first one was given out."""
        return self._next > FIRST

    def is_new(self, number: int) -> bool:
        """Whether this number was neither given out nor is held."""
        return number >= self._next and number not in self._held

    def add(self, number: int, value: T) -> Iterator[T]:
        """Take one; give out what can be given out now, in order.

        Raises:
            PeerFault: TOO_LARGE, too many wait for one that is missing.
        """
        if not self.is_new(number):
            return iter(())
        if number >= self._next + MAX_HELD:
            raise PeerFault(Code.TOO_LARGE)
        self._held[number] = value
        return self._ready()

    def _ready(self) -> Iterator[T]:
        while self._next in self._held:
            value = self._held.pop(self._next)
            self._next += 1
            yield value
