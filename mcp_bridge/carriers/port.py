"""The port that every carrier fills: at-least-once queues with leases.

The semantics are those of Azure Storage Queues, the strictest of the three (facts: 64 KiB of text,
at most 32 messages a take, a stale receipt is refused, no order promised). The contract is the test
class in tests/contract/test_carriers.py, which every carrier inherits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

MAX_TEXT_BYTES = 65_536  # UTF-8 bytes of one message text
MAX_TAKE = 32  # messages in one take


class Operation(StrEnum):
    """One request to the service. Everything that costs a transaction is counted."""

    PUT = "put"
    TAKE = "take"
    RENEW = "renew"
    DELETE = "delete"
    CREATE = "create"
    DROP = "drop"
    LIST = "list"
    PEEK = "peek"


OnOperation = Callable[[Operation], None]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The right to delete or renew one message, until somebody takes it (again)."""

    message_id: str
    token: str


@dataclass(frozen=True, slots=True, repr=False)
class Taken:
    """A leased message. `age_s` is by the service's own clock, so no clock need agree with ours."""

    receipt: Receipt
    text: str
    times_taken: int
    age_s: float


@dataclass(frozen=True, slots=True, repr=False)
class Peeked:
    """A message that was looked at and stays for whoever takes it."""

    text: str
    age_s: float


class Carrier(Protocol):
    """Queues by name. Every method may raise a `CarrierFault`; none retries for longer than 3 s.

    Names are 3-63 characters of `[a-z0-9-]`. All calls may run concurrently.
    """

    async def __aenter__(self) -> Self:
        """Open connections; no queue is touched."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; bounded in time, also under cancellation."""
        ...

    async def create(self, queue: str) -> bool:
        """Create the queue; False if it was there. Raises CarrierDenied without the right."""
        ...

    async def drop(self, queue: str) -> None:
        """Delete the queue and what is in it; fine if it does not exist."""
        ...

    async def queues(self, prefix: str) -> Sequence[str]:
        """Names of the existing queues that start with `prefix`, sorted."""
        ...

    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        """Append a message that vanishes after `ttl_s`.

        The receipt recalls it as long as nobody has taken it. Raises PeerFault(TOO_LARGE) over
        MAX_TEXT_BYTES, QueueMissing.
        """
        ...

    async def take(self, queue: str, *, limit: int, lease_s: int) -> Sequence[Taken]:
        """Lease up to `limit` (1..MAX_TAKE) visible messages; returns at once, maybe with none.

        Raises QueueMissing.
        """
        ...

    async def peek(self, queue: str, *, limit: int) -> Sequence[Peeked]:
        """Look at up to `limit` (1..MAX_TAKE) visible messages; nothing changes for anybody.

        Raises QueueMissing.
        """
        ...

    async def renew(self, queue: str, receipt: Receipt, *, lease_s: int) -> Receipt:
        """Lease for `lease_s` more from now; the old receipt is void. Raises LeaseLost."""
        ...

    async def delete(self, queue: str, receipt: Receipt) -> None:
        """Delete. Raises LeaseLost if the receipt is stale or the message is gone."""
        ...

    async def length(self, queue: str) -> int:
        """About how many messages the queue holds, leased ones included. Raises QueueMissing."""
        ...
