"""Secrets are in a safe keyring or nowhere."""

from __future__ import annotations

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from desktop.core.errors import NoKeyring
from desktop.core.secrets import agent_key_name, is_available, read_secret, store_secret
from tests.fakes.keyrings import InMemory, using


class Locked(InMemory):
    def get_password(self, *_entry: str) -> str | None:
        raise KeyringLocked

    def set_password(self, *_entry: str) -> None:
        raise KeyringLocked


class PlainText(InMemory):
    """As the package keyrings.alt has it."""

    __module__ = "keyrings.alt.file"


def test_a_secret_is_kept_per_host() -> None:
    with using(InMemory()):
        store_secret(agent_key_name("a.example"), "s")
        assert read_secret(agent_key_name("a.example")) == "s"
        assert read_secret(agent_key_name("b.example")) is None


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, PlainText])
def test_an_unsafe_keyring_is_none(backend: type[KeyringBackend]) -> None:
    with using(backend()):
        assert not is_available()
        assert_refused()


def test_a_locked_keyring_is_none() -> None:
    with using(Locked()):
        assert is_available()
        assert_refused()


def assert_refused() -> None:
    with pytest.raises(NoKeyring):
        read_secret("x")
    with pytest.raises(NoKeyring):
        store_secret("x", "s")
