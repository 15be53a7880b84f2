"""A code shown here and typed there brings the secret across, and nothing else does."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest

from mcp_bridge import pairing
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.errors import CarrierDenied, Code, LocalFault
from mcp_bridge.names import queue_names
from mcp_bridge.pairing import accept, offer
from mcp_bridge.sealing import PairingSecret
from tests.fakes.bridge import until_length
from tests.fakes.limited_carrier import LimitedCarrier

NAMES = queue_names("clinic")
SECRET = PairingSecret.generate()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guess costs less here, and nobody waits a second."""
    monkeypatch.setattr(pairing, "_SCRYPT_N", 2**8)
    monkeypatch.setattr(pairing, "POLL_S", 0.01)


class Offering:
    """One side with the secret; runs in the background of a test."""

    def __init__(self, carrier: Carrier, life_s: float = 5.0) -> None:
        self.carrier = carrier
        self.life_s = life_s
        self.code = ""
        self.shown = anyio.Event()
        self.ended = anyio.Event()
        self.fingerprint: str | None = None
        self.failed: Code | None = None

    async def run(self) -> None:
        try:
            self.fingerprint = await offer(
                self.carrier, NAMES, SECRET, self._show, life_s=self.life_s
            )
        except LocalFault as fault:
            self.failed = fault.code
        self.ended.set()

    def _show(self, code: str) -> None:
        self.code = code
        self.shown.set()


async def paired(
    carrier: Carrier,
    typed: Callable[[str], str] = lambda code: code,
) -> tuple[Offering, PairingSecret | None, str | None]:
    """What the offering side saw, and what the accepting side got."""
    offering = Offering(carrier)
    got: tuple[PairingSecret | None, str | None] = (None, None)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(offering.run)
            await offering.shown.wait()
            with suppress(LocalFault):
                got = await accept(carrier, NAMES, typed(offering.code), wait_s=1.0)
    return offering, *got


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code,
        lambda code: f"  {code.lower().replace('-', ' ')}\n",
        lambda code: code.replace("0", "o").replace("1", "l"),
    ],
    ids=["as shown", "small and with spaces", "what looks alike"],
)
async def test_the_code_brings_the_secret_and_both_show_one_fingerprint(
    typed: Callable[[str], str],
) -> None:
    carrier = MemoryCarrier()
    offering, secret, fingerprint = await paired(carrier, typed)
    assert secret == SECRET
    assert fingerprint == offering.fingerprint
    assert fingerprint is not None
    assert len(fingerprint.replace(" ", "")) == 12
    for queue in (NAMES.pair_requests, NAMES.pair_replies):
        assert await carrier.length(queue) == 0


async def test_codes_have_sixty_bits_and_never_come_twice() -> None:
    codes = {(await paired(MemoryCarrier()))[0].code for _ in range(4)}
    assert len(codes) == 4
    assert all(len(code.replace("-", "")) == 12 for code in codes)


async def test_a_wrong_code_gets_nothing_and_ends_the_offer() -> None:
    def another(code: str) -> str:
        return ("1" if code[0] == "0" else "0") + code[1:]

    carrier = MemoryCarrier()
    offering, secret, _ = await paired(carrier, another)
    assert secret is None
    assert offering.failed is Code.PAIRING_FAILED
    with pytest.raises(LocalFault):  # the right code is worth nothing any more
        await accept(carrier, NAMES, offering.code, wait_s=0.2)


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGH-JKM", "ABCD-EFGH-JKMU", "カルテ" * 4])
async def test_what_is_no_code_never_reaches_a_queue(typed: str) -> None:
    with pytest.raises(LocalFault) as caught:
        await accept(MemoryCarrier(), NAMES, typed)
    assert caught.value.code is Code.PAIRING_FAILED


async def test_an_offer_that_nobody_takes_ends() -> None:
    offering = Offering(MemoryCarrier(), life_s=0.05)
    with anyio.fail_after(5):
        await offering.run()
    assert offering.failed is Code.PAIRING_FAILED


async def test_the_secret_is_nowhere_on_the_queues_in_clear() -> None:
    carrier = Recording()
    offering, secret, _ = await paired(carrier)
    assert secret == SECRET
    sent = " ".join(carrier.texts)
    for hidden in (SECRET.to_text(), SECRET.kid, offering.code, offering.code.replace("-", "")):
        assert hidden not in sent
    assert SECRET.secret not in b"".join(
        b64decode(value)
        for text in carrier.texts
        for value in json.loads(text).values()
        if isinstance(value, str)
    )


JOIN = {"v": 1, "join": b64encode(b"j" * 32).decode(), "proof": b64encode(b"p" * 32).decode()}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "[" * 5000,
        "{}",
        json.dumps(JOIN),
        json.dumps({**JOIN, "v": 2}),
        json.dumps({**JOIN, "more": 1}),
        json.dumps({**JOIN, "join": 7}),
        json.dumps({**JOIN, "join": "****"}),
        json.dumps({**JOIN, "join": b64encode(bytes(32)).decode()}),
        json.dumps({**JOIN, "proof": "x" * 2000}),
    ],
)
async def test_anything_else_on_the_queue_ends_the_offer_and_leaks_nothing(text: str) -> None:
    carrier = Recording()
    offering = Offering(carrier)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(offering.run)
            await offering.shown.wait()
            await carrier.put(NAMES.pair_requests, text, ttl_s=60)
    assert offering.failed is Code.PAIRING_FAILED
    assert carrier.texts == [text]


@pytest.mark.parametrize("key", ["answer", "body"])
async def test_an_answer_that_was_touched_gives_no_secret(key: str) -> None:
    def touch(text: str) -> str:
        message = json.loads(text)
        if key not in message:
            return text
        raw = bytearray(b64decode(message[key]))
        raw[-1] ^= 1
        return json.dumps({**message, key: b64encode(raw).decode()})

    offering, secret, _ = await paired(Recording(touch))
    assert secret is None
    assert offering.fingerprint is not None


async def test_what_an_earlier_try_left_is_not_taken_for_this_one() -> None:
    carrier = MemoryCarrier()
    for queue in (NAMES.pair_requests, NAMES.pair_replies):
        await carrier.create(queue)
        await carrier.put(queue, json.dumps(JOIN), ttl_s=60)
    _, secret, _ = await paired(carrier)
    assert secret == SECRET


async def test_queues_made_beforehand_need_put_take_and_delete_only() -> None:
    inner = MemoryCarrier()
    for queue in (NAMES.pair_requests, NAMES.pair_replies):
        await inner.create(queue)
    rights = {NAMES.pair_requests: "ap", NAMES.pair_replies: "ap"}
    _, secret, _ = await paired(LimitedCarrier(inner, rights))
    assert secret == SECRET
    with pytest.raises(CarrierDenied):
        await accept(LimitedCarrier(inner, {}), NAMES, "0123-4567-89AB")


async def test_a_recording_and_the_code_together_open_nothing_later() -> None:
    """The keys of both sides are gone: the code alone proves, it does not seal."""
    carrier = Recording()
    offering, _, _ = await paired(carrier)
    join, answer = map(json.loads, carrier.texts)
    thief = MemoryCarrier()
    await thief.create(NAMES.pair_requests)

    async def replay() -> None:
        await until_length(thief, NAMES.pair_requests, 1)
        await thief.put(NAMES.pair_replies, json.dumps(answer), ttl_s=60)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(replay)
            with pytest.raises(LocalFault):
                await accept(thief, NAMES, offering.code, wait_s=1.0)
    assert set(join) == {"v", "join", "proof"}


class Recording(MemoryCarrier):
    """Keeps what is put, after `touch` had it."""

    def __init__(self, touch: Callable[[str], str] = lambda text: text) -> None:
        super().__init__()
        self.touch = touch
        self.texts: list[str] = []

    async def put(self, queue: str, text: str, *, ttl_s: int) -> Any:  # noqa: ANN401
        text = self.touch(text)
        self.texts.append(text)
        return await super().put(queue, text, ttl_s=ttl_s)
