"""From what stands on a command line or in settings to a carrier. No secret stands in either.

sqlite:PATH                               the embedded carrier
https://ACCOUNT.queue.core.windows.net    Azure, signed in by azure-identity
http://127.0.0.1:10001/devstoreaccount1   Azurite on this PC
grant:PATH                                the tokens in a file of `mcp-bridge grant`
env:VARIABLE                              a connection string or a URL with its SAS, in VARIABLE
memory:                                   this process only (tests)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp_bridge.carriers.grant_file import Grant
from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.port import Carrier, OnOperation
from mcp_bridge.carriers.sqlite import SqliteCarrier
from mcp_bridge.errors import Code, LocalFault

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from mcp_bridge.carriers.azure_sdk import SdkCarrier

# The development account that every Azurite has, key included; the vendor publishes it. It opens
# nothing but an emulator, and is used for a loopback address only.
DEVELOPMENT_ACCOUNT = "devstoreaccount1"
DEVELOPMENT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


def open_carrier(
    spec: str, *, on_operation: OnOperation | None = None, bare: bool = False
) -> Carrier:
    """The carrier that `spec` names; nothing is connected yet.

    Args:
        spec: as above.
        on_operation: told of every request to the service.
        bare: on Azure, with the SDK as it comes: what the bench compares with.

    Raises:
        LocalFault: BAD_SETTINGS, no carrier is called that.
    """
    scheme, colon, rest = spec.partition(":")
    match scheme:
        case "sqlite" if rest:
            return SqliteCarrier(Path(rest), on_operation=on_operation)
        case "memory" if colon and not rest:
            return MemoryCarrier(on_operation=on_operation)
        case "http" | "https" if _is_bare_url(spec):
            return _by_url(spec, on_operation, bare=bare)
        case "grant" if rest:
            return _by_grant(Path(rest), on_operation)
        case "env" if os.environ.get(rest):
            return _by_secret(os.environ[rest].strip(), on_operation, bare=bare)
        case _:
            raise LocalFault(Code.BAD_SETTINGS)


async def grant_tokens(spec: str, rights: Mapping[str, str], hours: float) -> Grant:
    """Tokens for the other side by what `spec` signs in with: a role, or the account's key.

    Raises:
        LocalFault: BAD_SETTINGS, `spec` is no Azure carrier or only a token itself; or `hours` is
            more than a week.
        CarrierFault: the service gives no key to sign with.
    """
    from mcp_bridge.carriers.azure import AzureCarrier  # noqa: PLC0415 - heavy, see below

    carrier = open_carrier(spec)
    if not isinstance(carrier, AzureCarrier):
        raise LocalFault(Code.BAD_SETTINGS)
    async with carrier:
        return await carrier.grant(rights, hours)


def _is_bare_url(url: str) -> bool:
    """Whether there is a host and no place where a secret could stand."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and not (parts.query or parts.username or parts.fragment)


def _by_url(url: str, on_operation: OnOperation | None, *, bare: bool) -> Carrier:
    credential: AsyncTokenCredential | dict[str, str]
    if url.startswith("http:"):
        if urlsplit(url).path.strip("/") != DEVELOPMENT_ACCOUNT:
            raise LocalFault(Code.BAD_SETTINGS)
        credential = {"account_name": DEVELOPMENT_ACCOUNT, "account_key": DEVELOPMENT_KEY}
    else:
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - heavy

        credential = DefaultAzureCredential()
    return _azure(bare=bare).from_url(url, credential, on_operation=on_operation)


def _by_grant(path: Path, on_operation: OnOperation | None) -> Carrier:
    from mcp_bridge.carriers.granted import GrantedCarrier  # noqa: PLC0415 - heavy, see above

    return GrantedCarrier(path, on_operation=on_operation)


def _by_secret(secret: str, on_operation: OnOperation | None, *, bare: bool) -> Carrier:
    kind = _azure(bare=bare)
    if secret.startswith("https://"):
        return kind.from_url(secret, None, on_operation=on_operation)
    return kind.from_connection_string(secret, on_operation=on_operation)


def _azure(*, bare: bool) -> type[SdkCarrier]:
    from mcp_bridge.carriers import azure, azure_sdk  # noqa: PLC0415 - heavy, and SQLite users need none

    return azure_sdk.SdkCarrier if bare else azure.AzureCarrier
