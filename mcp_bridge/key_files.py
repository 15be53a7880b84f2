"""Key files change by whole: a new secret comes first, an old one stays until it is retired.

The first secret seals, each of them opens, and an answer is sealed with the key of its question. So
the serving side changes first, its callers when they can, and the old secret is retired when the
last message under it has expired (the journal's memory, 8 days, is more than enough).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.private_files import replace_private
from mcp_bridge.sealing import PairingSecret, read_key_file, write_key_file

_COMMENT = "#"


def sealing_secret(path: Path) -> PairingSecret:
    """The first one. Raises LocalFault(BAD_KEY): there is no usable key file."""
    read_key_file(path)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        raise LocalFault(Code.BAD_KEY) from None
    return PairingSecret.from_text(next(line.strip() for line in lines if _kid(line) is not None))


def rotate(path: Path) -> PairingSecret:
    """Put a new secret first.

    Raises:
        LocalFault: BAD_KEY, there is no usable key file; it is left as it is.
    """
    secret = PairingSecret.generate()
    _change(path, lambda lines: _with_first(lines, secret))
    return secret


def retire(path: Path, kid: str) -> None:
    """Take the secret `kid` out.

    Raises:
        LocalFault: BAD_KEY, the file is not usable, has no such secret, or no other one.
    """

    def without(lines: Sequence[str]) -> Sequence[str]:
        rest = [line for line in lines if _kid(line) != kid]
        if len(rest) == len(lines):
            raise LocalFault(Code.BAD_KEY)
        return rest

    _change(path, without)


def adopt(path: Path, secret: PairingSecret) -> None:
    """Take in the other side's secret, as the sealing one; the file is made if it is missing.

    Raises:
        LocalFault: BAD_KEY, the file is not usable, or has another secret of this id.
    """
    if not path.exists():
        write_key_file(path, secret)
        return

    def with_it(lines: Sequence[str]) -> Sequence[str]:
        return _with_first([line for line in lines if line.strip() != secret.to_text()], secret)

    _change(path, with_it)


def _change(path: Path, edit: Callable[[Sequence[str]], Sequence[str]]) -> None:
    read_key_file(path)
    try:
        lines = edit(path.read_text(encoding="ascii").splitlines())
        _check(lines)
        replace_private(path, "".join(f"{line}\n" for line in lines).encode("ascii"))
    except OSError:
        raise LocalFault(Code.BAD_KEY) from None


def _check(lines: Sequence[str]) -> None:
    """Raises LocalFault(BAD_KEY) if there is no secret, or two under one id."""
    kids = [kid for line in lines if (kid := _kid(line)) is not None]
    if not kids or len(set(kids)) != len(kids):
        raise LocalFault(Code.BAD_KEY)


def _with_first(lines: Sequence[str], secret: PairingSecret) -> Sequence[str]:
    """Before the first secret, so that comments above stay above."""
    at = next((at for at, line in enumerate(lines) if _kid(line) is not None), len(lines))
    return [*lines[:at], secret.to_text(), *lines[at:]]


def _kid(line: str) -> str | None:
    stripped = line.strip()
    if not stripped or stripped.startswith(_COMMENT):
        return None
    return PairingSecret.from_text(stripped).kid
