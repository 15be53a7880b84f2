"""Tokens for single queues (SAS), signed by the account's key or by Entra ID (user delegation).

With Entra ID no account key is needed anywhere: whoever signs needs the role "Storage Queue
Delegator" on the account, and can hand out only what its own roles allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.queue import generate_queue_sas
from azure.storage.queue.aio import QueueServiceClient

from mcp_bridge.carriers.azure_errors import patiently
from mcp_bridge.errors import Code, LocalFault

MAX_HOURS: Final = 7 * 24  # a key for user delegation lives no longer
_EARLIER: Final = timedelta(minutes=15)  # this clock may be ahead of the service's


def expiry(hours: float) -> datetime:
    """When a token made now ends. Raises LocalFault(BAD_SETTINGS) over MAX_HOURS or under 0."""
    if not 0 < hours <= MAX_HOURS:
        raise LocalFault(Code.BAD_SETTINGS)
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)


async def mint(
    service: QueueServiceClient, rights: Mapping[str, str], expires: datetime
) -> Mapping[str, str]:
    """A token by queue, with these letters each. Asks the service only for user delegation.

    Raises:
        LocalFault: BAD_SETTINGS, `service` itself came in by a token, which can sign nothing.
        CarrierFault: the service gives no key for user delegation.
    """
    signer = await _signer(service, expires)
    scheme = "https" if service.url.startswith("https:") else "https,http"  # http: Azurite
    return {
        queue: generate_queue_sas(
            str(service.account_name),
            queue,
            permission=letters,
            start=datetime.now(UTC) - _EARLIER,
            expiry=expires,
            protocol=scheme,
            **signer,
        )
        for queue, letters in rights.items()
    }


async def _signer(service: QueueServiceClient, expires: datetime) -> Mapping[str, Any]:
    credential: Any = service.credential
    if isinstance(credential, AsyncTokenCredential):
        start = datetime.now(UTC) - _EARLIER
        key = await patiently(lambda: service.get_user_delegation_key(start=start, expiry=expires))
        return {"user_delegation_key": key}
    account_key = getattr(credential, "account_key", None)
    if account_key is None:
        raise LocalFault(Code.BAD_SETTINGS)
    return {"account_key": account_key}
