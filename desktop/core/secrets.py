"""Secrets live in the operating system's keyring, or nowhere. The only place that knows keyring.

There is no fallback to a file: without a safe keyring the app says so and stays in demo mode.
"""

from __future__ import annotations

import keyring
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringError

from desktop.core.errors import NoKeyring

SERVICE = "karte-bridge"


def agent_key_name(host: str) -> str:
    """The entry of an agent's key: bound to its host, so that it is never sent to another one."""
    return f"agent-key@{host}"


def is_available() -> bool:
    """Whether this PC has a keyring that keeps secrets safe."""
    backend = keyring.get_keyring()
    if isinstance(backend, chainer.ChainerBackend):
        return any(_is_safe(each) for each in backend.backends)
    return _is_safe(backend)


def read_secret(name: str) -> str | None:
    """The secret, or None if there is none. May ask the user to unlock; call off the loop.

    Raises:
        NoKeyring: There is no safe keyring, or it refused.
    """
    _require()
    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError:
        raise NoKeyring from None


def store_secret(name: str, secret: str) -> None:
    """Keep the secret. Raises NoKeyring."""
    _require()
    try:
        keyring.set_password(SERVICE, name, secret)
    except KeyringError:
        raise NoKeyring from None


def _require() -> None:
    if not is_available():
        raise NoKeyring


def _is_safe(backend: object) -> bool:
    """No missing, silent or plain-text keyring (the package keyrings.alt writes files)."""
    unsafe = isinstance(backend, fail.Keyring | null.Keyring)
    return not unsafe and not type(backend).__module__.startswith("keyrings.alt")
