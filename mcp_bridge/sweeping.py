"""Response queues of callers that were killed, removed by age.

A queue does not say when it was used last, so a caller without a name of its own takes one that
holds the day: `c20261121-3f9a27c108de`. Such a queue is an orphan when that day is two weeks ago
and nothing is on it. Queues with given names were made by somebody, and are left to that somebody.

A caller that has been running for two weeks may lose its queue this way. It makes it anew at its
next poll; a reply that was put in between is lost, and the call ends in a typed time-out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from secrets import token_hex

import anyio

from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import CarrierDenied, CarrierFault, QueueMissing
from mcp_bridge.names import QueueNames

ORPHANED_AFTER = timedelta(days=14)
FIRST_S = 600.0  # after the start of a listener; then
PERIOD_S = 24 * 3600.0

_DATED = re.compile(r"c(\d{4})(\d{2})(\d{2})-[0-9a-f]{12}")


def dated_caller() -> str:
    """A name for a caller that was given none: today's day and 48 random bits."""
    return f"c{datetime.now(UTC):%Y%m%d}-{token_hex(6)}"


async def sweep(carrier: Carrier, names: QueueNames, today: date) -> Sequence[str]:
    """Remove the orphans of one bridge; their names.

    Raises:
        CarrierFault: not all could be looked at; CarrierDenied if this side may not.
    """
    swept: list[str] = []
    for queue in await carrier.queues(names.response_prefix):
        made_on = _day(queue.removeprefix(names.response_prefix))
        if made_on is None or today - made_on < ORPHANED_AFTER:
            continue
        try:
            if await carrier.length(queue) == 0:
                await carrier.drop(queue)
                swept.append(queue)
        except QueueMissing:
            continue  # somebody else sweeps too
    return swept


async def keep_swept(carrier: Carrier, names: QueueNames) -> None:
    """Sweep now and then, until cancelled or told that this side may not."""
    pause_s = FIRST_S
    while True:
        await anyio.sleep(pause_s)
        pause_s = PERIOD_S
        try:
            await sweep(carrier, names, datetime.now(UTC).date())
        except CarrierDenied:
            return  # whoever made the queues sweeps them: `mcp-bridge provision --sweep`
        except CarrierFault:
            continue


def _day(caller: str) -> date | None:
    match = _DATED.fullmatch(caller)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None
