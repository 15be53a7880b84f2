"""Authenticated encryption of frames, end to end. Called by both sides; the carrier has no key.

One pairing secret is shared beforehand. HKDF-SHA256 makes a key per direction from it, so that a
frame cannot be turned round. A body is `nonce (12) | AES-256-GCM ciphertext | tag (16)`, the header
is its associated data, and the plaintext is `length (4) | message, maybe deflated | zeros` up to a
bucket, so that the carrier sees one of seven sizes and not the length.

Nonces are random: one secret is good for 2**32 frames, far more than a clinic sends before it
rotates keys. Rotation: put the new secret first, keep the old one in the ring until its last frame
has expired.
"""

from __future__ import annotations

import os
import re
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mcp_bridge.errors import Code, LocalFault, PeerFault
from mcp_bridge.frames import Direction, Encoding, Frame, Header
from mcp_bridge.private_files import create_private, is_private

_SECRET_BYTES = 32
_NONCE_BYTES = 12
_LENGTH_BYTES = 4
_MAX_KEY_FILE_BYTES = 4096

_KIB = 1024
# 47 KiB sealed and in base64, with the longest header, is the most that 64 KiB of text hold.
BUCKETS = tuple(size * _KIB for size in (1, 2, 4, 8, 16, 32, 47))
MAX_MESSAGE_BYTES = BUCKETS[-1] - _LENGTH_BYTES  # of one frame; `chunks.split` cuts what is longer

_KEY_TEXT = re.compile(r"karte1\.([a-z0-9]{4,16})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, repr=False)
class PairingSecret:
    """What both sides must hold. Its repr is blind."""

    kid: str
    secret: bytes

    @classmethod
    def generate(cls) -> Self:
        """A new secret under a new key id."""
        return cls(secrets.token_hex(4), secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The secret in a line `karte1.<kid>.<base64url>`.

        Raises:
            LocalFault: BAD_KEY, the text has another form.
        """
        match = _KEY_TEXT.fullmatch(text)
        if match is None:
            raise LocalFault(Code.BAD_KEY)
        return cls(match[1], urlsafe_b64decode(match[2] + "="))

    def to_text(self) -> str:
        """The line for a key file."""
        encoded = urlsafe_b64encode(self.secret).decode("ascii").rstrip("=")
        return f"karte1.{self.kid}.{encoded}"


class KeyRing:
    """The first secret seals; each of them opens what bears its key id."""

    def __init__(self, *secrets_: PairingSecret) -> None:
        """Derive the keys.

        Raises:
            LocalFault: BAD_KEY, no secret, or two under one key id.
        """
        if not secrets_ or len({secret.kid for secret in secrets_}) != len(secrets_):
            raise LocalFault(Code.BAD_KEY)
        self._sealing_kid = secrets_[0].kid
        self._ciphers = {
            (secret.kid, direction): _derive(secret, direction)
            for secret in secrets_
            for direction in Direction
        }

    def seal(self, header: Header, message: bytes) -> Frame:
        """Seal `message` under `header`, whose `encoding` is set here.

        A `kid` that stands in it is kept if we have that key: who asks with an older key is
        answered with it, so that the two sides need not change keys in the same moment.

        Raises:
            PeerFault: TOO_LARGE, over MAX_MESSAGE_BYTES.
        """
        encoding, packed = _pack(message)
        known = (header.kid, header.direction) in self._ciphers
        kid = header.kid if known else self._sealing_kid
        header = replace(header, kid=kid, encoding=encoding)
        cipher = self._ciphers[header.kid, header.direction]
        nonce = os.urandom(_NONCE_BYTES)
        return Frame(header, nonce + cipher.encrypt(nonce, packed, header.associated_data()))

    def open(self, frame: Frame, expected: Direction) -> bytes:
        """The message in `frame`, proved to come from a holder of the secret, unchanged.

        Raises:
            PeerFault: WRONG_DIRECTION, UNKNOWN_KEY, DOES_NOT_OPEN or TOO_LARGE.
        """
        header = frame.header
        if header.direction is not expected:
            raise PeerFault(Code.WRONG_DIRECTION)
        cipher = self._ciphers.get((header.kid, expected))
        if cipher is None:
            raise PeerFault(Code.UNKNOWN_KEY)
        nonce, sealed = frame.body[:_NONCE_BYTES], frame.body[_NONCE_BYTES:]
        if len(nonce) < _NONCE_BYTES:
            raise PeerFault(Code.DOES_NOT_OPEN)
        try:
            packed = cipher.decrypt(nonce, sealed, header.associated_data())
        except InvalidTag:
            raise PeerFault(Code.DOES_NOT_OPEN) from None
        return _unpack(header.encoding, packed)


def read_key_file(path: Path) -> KeyRing:
    """The ring in a key file: a secret a line, the sealing one first; `#` starts a comment line.

    Raises:
        LocalFault: BAD_KEY, the file is missing, readable by others, or holds something else.
    """
    try:
        if not is_private(path) or path.stat().st_size > _MAX_KEY_FILE_BYTES:
            raise LocalFault(Code.BAD_KEY)
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise LocalFault(Code.BAD_KEY) from None
    lines = (line.strip() for line in text.splitlines())
    return KeyRing(
        *(PairingSecret.from_text(line) for line in lines if line and not line.startswith("#"))
    )


def write_key_file(path: Path, secret: PairingSecret) -> None:
    """Write a new key file, readable by its owner only.

    Raises:
        LocalFault: BAD_KEY, there is a file already (it is left alone) or it cannot be written.
    """
    try:
        create_private(path, f"{secret.to_text()}\n".encode("ascii"))
    except OSError:
        raise LocalFault(Code.BAD_KEY) from None


def _derive(secret: PairingSecret, direction: Direction) -> AESGCM:
    info = f"karte-bridge/1/{secret.kid}/{direction.value}".encode("ascii")
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=info).derive(secret.secret))


def _pack(message: bytes) -> tuple[Encoding, bytes]:
    """Length, message and zeros up to a bucket; deflated only when that reaches a smaller one."""
    if len(message) > MAX_MESSAGE_BYTES:
        raise PeerFault(Code.TOO_LARGE)
    bucket = _bucket(message)
    if bucket > BUCKETS[0]:
        deflated = zlib.compress(message)
        if len(deflated) <= MAX_MESSAGE_BYTES and _bucket(deflated) < bucket:
            return Encoding.ZLIB, _pad(deflated)
    return Encoding.PLAIN, _pad(message)


def _bucket(content: bytes) -> int:
    return next(size for size in BUCKETS if len(content) + _LENGTH_BYTES <= size)


def _pad(content: bytes) -> bytes:
    return (len(content).to_bytes(_LENGTH_BYTES, "big") + content).ljust(_bucket(content), b"\0")


def _unpack(encoding: Encoding, packed: bytes) -> bytes:
    """The reverse of `_pack`; the other side holds our secret and may still be hostile."""
    length = int.from_bytes(packed[:_LENGTH_BYTES], "big")
    content = packed[_LENGTH_BYTES : _LENGTH_BYTES + length]
    if len(packed) < _LENGTH_BYTES or len(content) != length:
        raise PeerFault(Code.DOES_NOT_OPEN)
    return _inflate(content) if encoding is Encoding.ZLIB else content


def _inflate(content: bytes) -> bytes:
    """Never more than one frame may carry, however far `content` would expand."""
    stream = zlib.decompressobj()
    try:
        message = stream.decompress(content, MAX_MESSAGE_BYTES + 1)
    except zlib.error:
        raise PeerFault(Code.DOES_NOT_OPEN) from None
    if len(message) > MAX_MESSAGE_BYTES:
        raise PeerFault(Code.TOO_LARGE)
    if not stream.eof or stream.unused_data:
        raise PeerFault(Code.DOES_NOT_OPEN)
    return message
