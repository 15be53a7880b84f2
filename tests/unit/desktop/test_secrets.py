"""Secrets are in a safe keyring or nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from desktop.core.errors import NoKeyring
from desktop.core.secrets import agent_key_name, is_available, read_secret, store_secret


class InMemory(KeyringBackend):
    """Stands in for the operating system's keyring, which a test machine lacks."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Locked(InMemory):
    def get_password(self, *_entry: str) -> str | None:
        raise KeyringLocked

    def set_password(self, *_entry: str) -> None:
        raise KeyringLocked


class PlainText(InMemory):
    """As the package keyrings.alt has it."""

    __module__ = "keyrings.alt.file"


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_secret_is_kept_per_host() -> None:
    keyring.set_keyring(InMemory())
    store_secret(agent_key_name("a.example"), "s")
    assert read_secret(agent_key_name("a.example")) == "s"
    assert read_secret(agent_key_name("b.example")) is None


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, PlainText])
def test_an_unsafe_keyring_is_none(backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    assert not is_available()
    with pytest.raises(NoKeyring):
        read_secret("x")
    with pytest.raises(NoKeyring):
        store_secret("x", "s")


def test_a_locked_keyring_is_none() -> None:
    keyring.set_keyring(Locked())
    assert is_available()
    with pytest.raises(NoKeyring):
        read_secret("x")
    with pytest.raises(NoKeyring):
        store_secret("x", "s")
