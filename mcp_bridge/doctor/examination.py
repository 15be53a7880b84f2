"""The examination, from the wire up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex
from time import perf_counter

from mcp_bridge.caller import CallerOptions, open_caller
from mcp_bridge.carriers.azure_sdk import SdkCarrier
from mcp_bridge.carriers.port import MAX_TAKE, Carrier, Peeked
from mcp_bridge.doctor.network import look_at_network
from mcp_bridge.doctor.queues import Probe
from mcp_bridge.doctor.report import Check, Layer, Mark, Report
from mcp_bridge.errors import CarrierFault, Code, PeerFault
from mcp_bridge.frames import Direction, parse
from mcp_bridge.names import queue_names
from mcp_bridge.rpc import as_object, request
from mcp_bridge.sealing import KeyRing

ANSWER_S = 10.0


async def examine(carrier: Carrier, name: str, keys: KeyRing, caller_id: str | None) -> Report:
    """A real round trip through both queues, and what lies under it.

    `caller_id` names a response queue that was made beforehand; else one is made and removed.
    """
    checks: list[Check] = []
    if isinstance(carrier, SdkCarrier):
        checks += await look_at_network(carrier.endpoint)
    if _fails(checks):
        return Report(checks)
    names = queue_names(name)
    caller = caller_id or f"doctor-{token_hex(4)}"
    checks += await Probe(carrier, names, keys, caller).run()
    checks.append(await _key(carrier, names.presence, keys))
    if not _fails(checks):
        checks.append(await _far_side(carrier, name, keys, caller_id))
    return Report(checks)


def _fails(checks: Sequence[Check]) -> bool:
    return any(check.mark is Mark.FAILS for check in checks)


async def _key(carrier: Carrier, queue: str, keys: KeyRing) -> Check:
    """By the record that the serving side sealed: its key id stands in clear."""
    seen: Sequence[Peeked] = ()
    with suppress(CarrierFault):
        seen = await carrier.peek(queue, limit=MAX_TAKE)
    if not seen:
        return Check(Layer.KEY, "the far side left no record to try it on", Mark.SKIPPED)
    codes: list[Code] = []
    for one in seen:
        try:
            keys.open(parse(one.text), Direction.REPLY)
        except PeerFault as fault:
            codes.append(fault.code)
        else:
            return Check(Layer.KEY, "the far side's record opens", Mark.FINE)
    return Check(Layer.KEY, "the far side's record does not open", Mark.FAILS, codes[-1])


async def _far_side(carrier: Carrier, name: str, keys: KeyRing, caller_id: str | None) -> Check:
    options = CallerOptions(budget_s=ANSWER_S)
    async with open_caller(carrier, name, keys, caller_id=caller_id, options=options) as caller:
        began = perf_counter()
        response = await caller.exchange(request("server/discover", "doctor"))
        elapsed_ms = round((perf_counter() - began) * 1000)
    failure = as_object(as_object(response.get("error")).get("data"))
    if "executed" not in failure:  # an answer of the server's own, whatever it says
        return Check(Layer.FAR_SIDE, "it answers", Mark.FINE, details={"elapsed_ms": elapsed_ms})
    known = {code.value: code for code in Code}
    code = known.get(str(failure.get("code")), Code.TIMED_OUT)
    since = failure.get("last_seen_s")
    details = {"last_seen_s": since} if isinstance(since, int) else {}
    return Check(Layer.FAR_SIDE, "no answer", Mark.FAILS, code, details)
