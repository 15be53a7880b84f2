"""Failures of azure-core in the carrier's words, and which of them may simply be tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
from aiohttp import ClientConnectorError
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
)

from mcp_bridge.errors import (
    CarrierBusy,
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    LeaseLost,
    QueueMissing,
)

T = TypeVar("T")

_RETRY_WINDOW_S = 3.0
_RETRY_GAP_S = 0.25

# The service certainly did nothing. A 500 may be "timed out" after the fact, so it counts as no
# answer: nothing is known of the outcome.
_NOT_DONE = {429, 503}


class AlreadyThere(CarrierFault):
    """A queue of this name exists."""


_BY_CODE: dict[str, type[CarrierFault]] = {
    "PopReceiptMismatch": LeaseLost,
    "MessageNotFound": LeaseLost,
    "InvalidQueryParameterValue": LeaseLost,  # a receipt that no message can have
    "InvalidResourceName": QueueMissing,
    "QueueBeingDeleted": CarrierBusy,
    "ServerBusy": CarrierBusy,
    "QueueAlreadyExists": AlreadyThere,
}
_BY_STATUS: dict[int, type[CarrierFault]] = {
    401: CarrierDenied,
    403: CarrierDenied,
    404: QueueMissing,
    429: CarrierBusy,
    503: CarrierBusy,
}


async def patiently(send: Callable[[], Awaitable[T]]) -> T:
    """Send; again while the service has certainly not acted on it, within the retry window.

    Raises:
        CarrierFault: what it came to.
    """
    deadline = anyio.current_time() + _RETRY_WINDOW_S
    while True:
        try:
            return await send()
        except AzureError as error:
            gap = _gap_before_retry(error)
            if gap is None or anyio.current_time() + gap > deadline:
                raise _fault(error) from None
        except Exception:  # noqa: BLE001 - the SDK on an answer that is not the service's own
            raise CarrierUnreachable from None
        await anyio.sleep(gap)


def _gap_before_retry(error: AzureError) -> float | None:
    """Seconds to wait before the request may be sent again; None if it may not."""
    match error:
        case HttpResponseError() if error.status_code in _NOT_DONE:
            response: Any = error.response
            after: str = response.headers.get("Retry-After", "")
            return max(_RETRY_GAP_S, float(after)) if after.isdecimal() else _RETRY_GAP_S
        case ServiceRequestTimeoutError():  # no connection in time
            return _RETRY_GAP_S
        case ServiceRequestError() if isinstance(error.inner_exception, ClientConnectorError):
            return _RETRY_GAP_S
        case _:
            return None


def _fault(error: AzureError) -> CarrierFault:
    if isinstance(error, ClientAuthenticationError):
        return CarrierDenied()
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        return CarrierUnreachable()
    raw: Any = getattr(error, "error_code", "")
    by_code = _BY_CODE.get(str(getattr(raw, "value", raw)))
    return (by_code or _BY_STATUS.get(error.status_code, CarrierUnreachable))()
