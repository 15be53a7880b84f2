"""Pairing by a one-time code: shown on the side that has the secret, typed on the other.

    typed     join    {"v":1,"join":PUBLIC,"proof":HMAC}        on NAME-pair-q
    shown     answer  {"v":1,"answer":PUBLIC,"body":SEALED}     on NAME-pair-r

Both sides make an X25519 key for this once. The code, stretched by scrypt, proves who joins, and
goes into the key that seals the answer, beside what the two X25519 keys agree on. So whoever has
recorded both messages learns nothing from the code afterwards, and whoever wants to stand between
the two has to find 60 bits, at one scrypt a guess, while the offer stands. There is one try: a
wrong proof ends the offer. In the end both sides show a fingerprint of what they have seen, for two
people to compare.

Standard parts only (README, "Pairing"): X25519, HMAC- and HKDF-SHA256, scrypt, AES-256-GCM.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any

import anyio
from anyio import to_thread
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from mcp_bridge.carriers.port import MAX_TAKE, Carrier
from mcp_bridge.errors import CarrierDenied, CarrierFault, Code, LocalFault, QueueMissing
from mcp_bridge.names import QueueNames
from mcp_bridge.patience import may_pass
from mcp_bridge.sealing import PairingSecret

OFFER_S = 600.0  # how long a code is good
ANSWER_S = 60.0  # until the other side must have answered
POLL_S = 1.0
LEASE_S = 30
MAX_MESSAGE = 1024  # characters of either message

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that looks like another
_SYMBOLS = 12  # 60 bits
_CODE = re.compile(rf"[{_ALPHABET}]{{{_SYMBOLS}}}")
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_SCRYPT_N = 2**16  # 64 MiB and some tenths of a second a guess
_NONCE = 12
_LABEL = b"karte-pair/1/"


async def offer(
    carrier: Carrier,
    names: QueueNames,
    secret: PairingSecret,
    show: Callable[[str], None],
    *,
    life_s: float = OFFER_S,
) -> str:
    """Hand `secret` to whoever types the code that `show` gets; the fingerprint to compare.

    Raises:
        LocalFault: PAIRING_FAILED, nobody came in time, or somebody with another code.
        CarrierFault: the queues cannot be used.
    """
    for queue in (names.pair_requests, names.pair_replies):
        await _prepare(carrier, queue)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_SYMBOLS))
    show("-".join(code[at : at + 4] for at in range(0, _SYMBOLS, 4)))
    join = await _first(carrier, names.pair_requests, life_s)
    joiner, proof = _fields(join, "join", "proof")
    handshake = await _handshake(names, code, joiner)
    if not compare_digest(proof, handshake.proof()):
        raise LocalFault(Code.PAIRING_FAILED)
    mine = X25519PrivateKey.generate()
    public = mine.public_key().public_bytes_raw()
    sealed = handshake.seal(_agreed(mine, joiner), public, secret.to_text().encode("ascii"))
    answer = {"v": 1, "answer": _text(public), "body": _text(sealed)}
    await carrier.put(names.pair_replies, _compact(answer), ttl_s=int(ANSWER_S))
    return handshake.fingerprint(public, sealed)


async def accept(
    carrier: Carrier, names: QueueNames, typed: str, *, wait_s: float = ANSWER_S
) -> tuple[PairingSecret, str]:
    """The other side's secret by the code that a person typed; and the fingerprint to compare.

    Raises:
        LocalFault: PAIRING_FAILED, that is no code, nobody answers, or not with this code.
        CarrierFault: the queues cannot be used.
    """
    code = typed.strip().upper().translate(_LOOKS_LIKE)
    if _CODE.fullmatch(code) is None:
        raise LocalFault(Code.PAIRING_FAILED)
    await _prepare(carrier, names.pair_replies)
    mine = X25519PrivateKey.generate()
    public = mine.public_key().public_bytes_raw()
    handshake = await _handshake(names, code, public)
    join = {"v": 1, "join": _text(public), "proof": _text(handshake.proof())}
    await _put_join(carrier, names.pair_requests, _compact(join), max(1, int(wait_s)))
    answer = await _first(carrier, names.pair_replies, wait_s)
    theirs, sealed = _fields(answer, "answer", "body")
    opened = handshake.open(_agreed(mine, theirs), theirs, sealed)
    try:
        secret = PairingSecret.from_text(opened.decode("ascii"))
    except (LocalFault, UnicodeDecodeError):
        raise LocalFault(Code.PAIRING_FAILED) from None
    return secret, handshake.fingerprint(theirs, sealed)


@dataclass(frozen=True, slots=True, repr=False)
class _Handshake:
    """What both sides know once the join is there. Its repr is blind."""

    context: bytes  # of this bridge
    key: bytes  # the code, stretched
    joiner: bytes  # public key

    def proof(self) -> bytes:
        return digest(self.key, b"join" + self.context + self.joiner, "sha256")

    def seal(self, agreed: bytes, answerer: bytes, text: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher(agreed, answerer).encrypt(nonce, text, self._seen(answerer))

    def open(self, agreed: bytes, answerer: bytes, sealed: bytes) -> bytes:
        try:
            return self._cipher(agreed, answerer).decrypt(
                sealed[:_NONCE], sealed[_NONCE:], self._seen(answerer)
            )
        except (InvalidTag, ValueError):
            raise LocalFault(Code.PAIRING_FAILED) from None

    def fingerprint(self, answerer: bytes, sealed: bytes) -> str:
        """48 bits: nobody finds keys that give the same while the two wait."""
        found = sha256(b"fingerprint" + self._seen(answerer) + sealed).hexdigest()
        return " ".join(found[at : at + 4] for at in (0, 4, 8))

    def _seen(self, answerer: bytes) -> bytes:
        return self.context + self.joiner + answerer

    def _cipher(self, agreed: bytes, answerer: bytes) -> AESGCM:
        info = b"answer" + self._seen(answerer)
        return AESGCM(HKDF(SHA256(), length=32, salt=self.key, info=info).derive(agreed))


async def _handshake(names: QueueNames, code: str, joiner: bytes) -> _Handshake:
    context = _LABEL + names.requests.encode("ascii")
    stretch = Scrypt(salt=context + joiner, length=32, n=_SCRYPT_N, r=8, p=1).derive
    return _Handshake(context, await to_thread.run_sync(stretch, code.encode("ascii")), joiner)


def _agreed(mine: X25519PrivateKey, theirs: bytes) -> bytes:
    try:
        return mine.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError:  # no key, or one that agrees with everybody
        raise LocalFault(Code.PAIRING_FAILED) from None


async def _prepare(carrier: Carrier, queue: str) -> None:
    """Make the queue where that is needed and allowed; nothing of an earlier try stays on it."""
    with suppress(CarrierDenied):  # made beforehand, or the next line says that it is missing
        await carrier.create(queue)
    while taken := await carrier.take(queue, limit=MAX_TAKE, lease_s=LEASE_S):
        for one in taken:
            await carrier.delete(queue, one.receipt)


async def _put_join(carrier: Carrier, queue: str, text: str, ttl_s: int) -> None:
    try:
        await carrier.put(queue, text, ttl_s=ttl_s)
    except QueueMissing:  # nobody offers anything
        raise LocalFault(Code.PAIRING_FAILED) from None


async def _first(carrier: Carrier, queue: str, wait_s: float) -> str:
    """The first message that comes; there is one try."""
    with anyio.move_on_after(wait_s):
        while True:
            try:
                for taken in await carrier.take(queue, limit=1, lease_s=LEASE_S):
                    await carrier.delete(queue, taken.receipt)
                    return taken.text
            except CarrierFault as fault:
                if not may_pass(fault):
                    raise
            await anyio.sleep(POLL_S)
    raise LocalFault(Code.PAIRING_FAILED)


def _fields(raw: str, *wanted: str) -> tuple[bytes, ...]:
    """The fields of a message of anybody's. Raises LocalFault(PAIRING_FAILED)."""
    try:
        if len(raw) > MAX_MESSAGE:
            raise LocalFault(Code.PAIRING_FAILED)
        message: Any = json.loads(raw)
        if message.keys() != {"v", *wanted} or message["v"] != 1:
            raise LocalFault(Code.PAIRING_FAILED)
        return tuple(b64decode(message[key], validate=True) for key in wanted)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise LocalFault(Code.PAIRING_FAILED) from None


def _text(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def _compact(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))
