"""Floods of hostile frames on both queues of a running bridge, with honest calls in between.

Whoever writes them holds the storage account and no key: they are made of frames that were really
sent (flipped, cut, spliced, replayed, reflected, under another `mid`, out of order), of frames
under the right key id and a wrong key, and of rubbish.
"""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import anyio
from typing_extensions import override

from mcp_bridge.background import background
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Receipt
from mcp_bridge.chunks import MAX_OPEN
from mcp_bridge.errors import Code
from mcp_bridge.events import FrameEvent
from mcp_bridge.frames import Direction, Header, Kind, serialize
from mcp_bridge.rpc import encode
from mcp_bridge.sealing import KeyRing, PairingSecret
from tests.fakes.bridge import Bridge, bridge, call_request, text_of
from tests.fakes.served import Served

CALL_EVERY = 100  # hostile frames
KEPT = 200  # frames that were seen, to make others of
TICK_S = 0.005


class Tapped(MemoryCarrier):
    """It keeps what passes, as the account's holder could, and throws the quarantine away."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: deque[str] = deque(maxlen=KEPT)
        self.put_aside = 0
        self.is_open = True

    @override
    async def put(self, queue: str, text: str, *, ttl_s: int) -> Receipt:
        if queue.endswith("-quarantine"):
            self.put_aside += 1
            return Receipt("away", "away")
        if self.is_open:
            self.seen.append(text)
        return await super().put(queue, text, ttl_s=ttl_s)

    async def smuggle(self, queue: str, text: str) -> None:
        """A message of the account's holder."""
        await super().put(queue, text, ttl_s=60)


@dataclass
class Forger:
    """Makes hostile frames of what it saw; `kid` is no secret."""

    seen: Sequence[str]
    kid: str
    dice: random.Random

    def __post_init__(self) -> None:
        self._wrong_key = KeyRing(PairingSecret(self.kid, self.dice.randbytes(32)))
        self._ways: list[Callable[[], str]] = [
            self._flipped,
            self._cut,
            self._spliced,
            self._changed,
            self._replayed,
            self._turned,
            self._sealed_wrongly,
            self._rubbish,
        ]

    def frame(self) -> str:
        """One more."""
        return self.dice.choice(self._ways)()

    def _genuine(self) -> dict[str, Any]:
        return json.loads(self.dice.choice(self.seen))

    def _flipped(self) -> str:
        text = bytearray(self.dice.choice(self.seen).encode())
        text[self.dice.randrange(len(text))] ^= 1 << self.dice.randrange(7)
        return text.decode("latin-1")

    def _cut(self) -> str:
        text = self.dice.choice(self.seen)
        return text[: self.dice.randrange(len(text))]

    def _spliced(self) -> str:
        """One frame's header over another one's body, or any other field of it."""
        frame, other = self._genuine(), self._genuine()
        field_ = self.dice.choice(sorted(frame))
        return _text({**frame, field_: other[field_]})

    def _changed(self) -> str:
        frame = self._genuine()
        changes: dict[str, Any] = {
            "mid": uuid4().hex,
            "reply": "thief",
            "budget_ms": self.dice.randrange(10**9),
            "seq": self.dice.randrange(2**31),
            "i": self.dice.randrange(64),
            "n": self.dice.randrange(1, 65),
            "kind": self.dice.choice([kind.value for kind in Kind]),
            "enc": self.dice.choice("pz"),
            "sid": uuid4().hex,
            "v": self.dice.randrange(3),
            "more": 1,
        }
        key = self.dice.choice(sorted(changes))
        return _text({**frame, key: changes[key]})

    def _replayed(self) -> str:
        return self.dice.choice(self.seen)

    def _turned(self) -> str:
        frame = self._genuine()
        return _text({**frame, "dir": "r" if frame["dir"] == "q" else "q"})

    def _sealed_wrongly(self) -> str:
        header = Header(
            direction=self.dice.choice(list(Direction)),
            mid=uuid4().hex,
            kind=Kind.REQUEST,
            reply="thief",
            budget_ms=60_000,
        )
        message = encode(call_request("write", number=-1))
        return serialize(self._wrong_key.seal(header, message))

    def _rubbish(self) -> str:
        return self.dice.choice(
            [
                "",
                "{}",
                "[" * 30_000,
                '{"v":' + "9" * 5000 + "}",
                '{"v":1,"v":1}',
                "\ud7ff" * 1000,
                self.dice.randbytes(200).decode("latin-1"),
            ]
        )


def _text(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"))


@dataclass
class Toll:
    """What a flood came to."""

    effects: Counter[int] = field(default_factory=Counter[int])
    calls: int = 0
    slowest_tick_s: float = 0.0
    put_aside: int = 0
    crashes: int = 0


async def flood(
    frames: int, seed: int, on_progress: Callable[[int], None] = lambda _: None
) -> Toll:
    """So many hostile frames; asserts that every honest call was answered, and answered rightly."""
    toll, carrier = Toll(), Tapped()
    secret = PairingSecret.generate()
    async with bridge(carrier, keys=KeyRing(secret), served=Counted(toll)) as both:
        await _call(both, toll)
        forger = Forger(carrier.seen, secret.kid, random.Random(seed))  # noqa: S311 - a drill
        queues = [both.names.requests, both.names.responses(both.caller._name)]
        async with background() as tasks:
            tasks.start_soon(_watch_the_loop, toll)
            for done in range(0, frames, CALL_EVERY):
                for _ in range(min(CALL_EVERY, frames - done)):
                    await carrier.smuggle(forger.dice.choice(queues), forger.frame())
                await _call(both, toll)
                on_progress(done)
            await _settle(both)
        toll.put_aside = carrier.put_aside
        toll.crashes = sum(
            isinstance(event, FrameEvent) and event.code is Code.UNKNOWN_OUTCOME
            for event in [*both.listened.events, *both.called.events]
        )
    assert toll.effects == Counter(range(toll.calls))
    return toll


class Counted(Served):
    """Its tool that writes counts by the call's number and says it."""

    def __init__(self, toll: Toll) -> None:
        super().__init__()
        self._toll = toll

    @override
    async def _text(self, ctx: Any, name: str, arguments: dict[str, Any]) -> str:
        self._toll.effects[arguments["number"]] += 1
        return str(arguments["number"])


async def _call(both: Bridge, toll: Toll) -> None:
    number = toll.calls
    toll.calls += 1
    # Sometimes longer than one frame, so that there are chunks to play with.
    padding = "x" if number % 5 else random.Random(number).randbytes(40_000).hex()  # noqa: S311
    with anyio.fail_after(30):
        response = await both.caller.exchange(call_request("write", number=number, padding=padding))
    assert text_of(response) == str(number)
    both.listened.events[:-1000] = []
    both.called.events[:-1000] = []


async def _settle(both: Bridge) -> None:
    """Until nothing is held but replayed chunks of requests that are not whole, for a minute."""
    works = both.listener._intake._works
    with anyio.fail_after(10):
        while any(work.is_whole for work in works):  # noqa: ASYNC110 - deletions take their time
            await anyio.sleep(0.01)
    assert len(list(works)) <= MAX_OPEN


async def _watch_the_loop(toll: Toll) -> None:
    while True:
        before = anyio.current_time()
        await anyio.sleep(TICK_S)
        toll.slowest_tick_s = max(toll.slowest_tick_s, anyio.current_time() - before - TICK_S)
