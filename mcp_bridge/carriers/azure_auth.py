"""Whose right a request has: a token of Entra ID, an account's key, or a SAS in the URL."""

from __future__ import annotations

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any, Protocol

from azure.core.credentials_async import AsyncTokenCredential

_SCOPE = "https://storage.azure.com/.default"
_EARLIER_S = 300.0  # a token is renewed this long before it ends


class Authority(Protocol):
    """Adds to the headers of a request what the service wants to see."""

    async def sign(
        self, method: str, path: str, query: Mapping[str, str], headers: dict[str, str], size: int
    ) -> None:
        """`path` as it stands in the URL, `query` before it is escaped, `size` of the body."""
        ...


def authority(credential: Any) -> Authority:  # noqa: ANN401 - what the SDK made of it
    """For the SDK's credential; None stands for a SAS, which is in the URL already."""
    if credential is None:
        return _InUrl()
    if isinstance(credential, AsyncTokenCredential):
        return _Token(credential)
    return _SharedKey(str(credential.account_name), str(credential.account_key))


class _InUrl:
    async def sign(
        self, method: str, path: str, query: Mapping[str, str], headers: dict[str, str], size: int
    ) -> None:
        """There is nothing to add."""


class _Token:
    def __init__(self, credential: AsyncTokenCredential) -> None:
        self._credential = credential
        self._header = ""
        self._until = 0.0

    async def sign(
        self, method: str, path: str, query: Mapping[str, str], headers: dict[str, str], size: int
    ) -> None:
        """A bearer token. Raises ClientAuthenticationError."""
        del method, path, query, size
        if time.time() >= self._until:
            token = await self._credential.get_token(_SCOPE)
            self._header, self._until = f"Bearer {token.token}", token.expires_on - _EARLIER_S
        headers["Authorization"] = self._header


class _SharedKey:
    """The service's documented scheme "Shared Key", without the headers that we never send."""

    def __init__(self, account: str, key: str) -> None:
        self._account = account
        self._key = b64decode(key)

    async def sign(
        self, method: str, path: str, query: Mapping[str, str], headers: dict[str, str], size: int
    ) -> None:
        """An HMAC of the request."""
        headers["x-ms-date"] = formatdate(usegmt=True)
        ours = sorted(name for name in headers if name.startswith("x-ms-"))
        lines = [
            method,
            "",  # Content-Encoding
            "",  # Content-Language
            str(size or ""),
            "",  # Content-MD5
            headers.get("Content-Type", ""),
            *[""] * 6,  # Date, the four conditions, Range
            *(f"{name}:{headers[name]}" for name in ours),
            f"/{self._account}{path}",
            *(f"{name}:{value}" for name, value in sorted(query.items())),
        ]
        digest = hmac.digest(self._key, "\n".join(lines).encode(), "sha256")
        signature = b64encode(digest).decode("ascii")
        headers["Authorization"] = f"SharedKey {self._account}:{signature}"
