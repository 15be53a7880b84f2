"""The Azure carrier on days that Azurite does not have: a scripted HTTP server on loopback.

What the service does on good days is in tests/contract/test_carriers.py, on a real Azurite.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
import pytest
from aiohttp import web

from mcp_bridge.carriers import azure_errors
from mcp_bridge.carriers.azure import AzureCarrier
from mcp_bridge.carriers.azure_sdk import API_VERSION
from mcp_bridge.carriers.opening import DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY
from mcp_bridge.carriers.port import Operation, Receipt
from mcp_bridge.errors import (
    CarrierBusy,
    CarrierDenied,
    CarrierFault,
    CarrierUnreachable,
    Code,
    LeaseLost,
    LocalFault,
    QueueMissing,
)

RECEIPT = Receipt("00000000-0000-4000-8000-000000000000", "AgAAAAMAAAAAAAAA")
INSERTED = "Thu, 01 Oct 2026 08:00:00 GMT"
LATER = "Thu, 01 Oct 2026 08:00:42 GMT"
MESSAGE = f"""<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage>
<MessageId>{RECEIPT.message_id}</MessageId><InsertionTime>{INSERTED}</InsertionTime>
<ExpirationTime>{LATER}</ExpirationTime><PopReceipt>{RECEIPT.token}</PopReceipt>
<TimeNextVisible>{LATER}</TimeNextVisible><DequeueCount>1</DequeueCount>
<MessageText>text</MessageText></QueueMessage></QueueMessagesList>"""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; status 0 hangs up without a word."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, code: str, **headers: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>words</Message></Error>"
    return Answer(status, body, {"x-ms-error-code": code, **headers})


BUSY = error(503, "ServerBusy")
PUT_DONE = Answer(201, MESSAGE)


@dataclass
class Service:
    """Answers from a script, the last one over and over, and keeps the requests."""

    script: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        assert self.runner is not None
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}/{DEVELOPMENT_ACCOUNT}"

    async def listen(self, host: str, port: int = 0) -> None:
        assert self.runner is not None
        await web.TCPSite(self.runner, host, port).start()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.method, str(request.rel_url.query_string), len(body)))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if not answer.status:
            assert request.transport is not None
            request.transport.abort()
        headers = {"Content-Type": "application/xml", **answer.headers}
        return web.Response(status=answer.status or 200, text=answer.body, headers=headers)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", service.answer)
    service.runner = web.AppRunner(app, handle_signals=False)
    await service.runner.setup()
    await service.listen("127.0.0.1")
    yield service
    await service.runner.cleanup()


@pytest.fixture
def operations() -> list[Operation]:
    return []


@pytest.fixture
async def carrier(service: Service, operations: list[Operation]) -> AsyncIterator[AzureCarrier]:
    key = {"account_name": DEVELOPMENT_ACCOUNT, "account_key": DEVELOPMENT_KEY}
    async with AzureCarrier.from_url(service.url, key, on_operation=operations.append) as carrier:
        yield carrier


@pytest.fixture
def short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_errors, "_RETRY_WINDOW_S", 0.4)


# -- throttled ------------------------------------------------------------------------------------


async def test_a_throttled_put_is_sent_again_soon_and_each_try_is_counted(
    carrier: AzureCarrier, service: Service, operations: list[Operation]
) -> None:
    service.script = [BUSY, error(429, "TooManyRequests"), PUT_DONE]
    with anyio.fail_after(2):
        assert await carrier.put("abc", "x", ttl_s=60) == RECEIPT
    assert operations == [Operation.PUT] * 3


@pytest.mark.usefixtures("short_window")
async def test_a_service_that_stays_busy_is_given_up_on(
    carrier: AzureCarrier, service: Service
) -> None:
    service.script = [BUSY]
    with anyio.fail_after(2), pytest.raises(CarrierBusy):
        await carrier.take("abc", limit=1, lease_s=30)
    assert len(service.requests) == 2


async def test_a_service_that_asks_for_more_time_than_we_have_is_busy_at_once(
    carrier: AzureCarrier, service: Service
) -> None:
    service.script = [error(503, "ServerBusy", **{"Retry-After": "10"}), PUT_DONE]
    with anyio.fail_after(2), pytest.raises(CarrierBusy):
        await carrier.put("abc", "x", ttl_s=60)
    assert len(service.requests) == 1


# -- unknown outcomes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "fault"),
    [(Answer(0), CarrierUnreachable), (error(500, "OperationTimedOut"), CarrierUnreachable)],
    ids=["no answer", "timed out inside"],
)
async def test_a_put_that_may_have_happened_is_never_sent_again(
    carrier: AzureCarrier, service: Service, answer: Answer, fault: type[CarrierFault]
) -> None:
    service.script = [answer, PUT_DONE]
    with pytest.raises(fault):
        await carrier.put("abc", "x", ttl_s=60)
    assert len(service.requests) == 1


@pytest.mark.usefixtures("short_window")
async def test_nobody_at_the_address_is_unreachable(service: Service) -> None:
    gone = service.url.replace("127.0.0.1", "127.0.0.2")
    key = {"account_name": DEVELOPMENT_ACCOUNT, "account_key": DEVELOPMENT_KEY}
    async with AzureCarrier.from_url(gone, key) as carrier:
        with anyio.fail_after(3), pytest.raises(CarrierUnreachable) as caught:
            await carrier.take("abc", limit=1, lease_s=30)
    assert str(caught.value) == "unreachable"


async def test_a_connection_refused_is_tried_again(
    service: Service, operations: list[Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    service.script = [PUT_DONE]
    gone = service.url.replace("127.0.0.1", "127.0.0.2")
    key = {"account_name": DEVELOPMENT_ACCOUNT, "account_key": DEVELOPMENT_KEY}
    gaps: list[float] = []

    async def wait_while_it_starts(seconds: float) -> None:
        gaps.append(seconds)
        await service.listen("127.0.0.2", int(urlsplit(service.url).port or 0))

    async with AzureCarrier.from_url(gone, key, on_operation=operations.append) as carrier:
        monkeypatch.setattr("anyio.sleep", wait_while_it_starts)
        await carrier.put("abc", "x", ttl_s=60)
    assert (gaps, operations) == ([0.25], [Operation.PUT])


# -- other answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (error(403, "AuthorizationPermissionMismatch"), CarrierDenied),
        (error(401, "NoAuthenticationInformation"), CarrierDenied),
        (error(404, "QueueNotFound"), QueueMissing),
        (error(404, "MessageNotFound"), LeaseLost),
        (error(400, "PopReceiptMismatch"), LeaseLost),
        (error(409, "QueueBeingDeleted"), CarrierBusy),
        (error(418, "Teapot"), CarrierUnreachable),
        (Answer(502, "<html>a proxy speaks</html>"), CarrierUnreachable),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value.status),
)
@pytest.mark.expects_log
async def test_each_answer_has_its_fault(
    carrier: AzureCarrier, service: Service, answer: Answer, fault: type[CarrierFault]
) -> None:
    service.script = [answer]
    with pytest.raises(fault) as caught:
        await carrier.delete("abc", RECEIPT)
    assert "words" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(201, "<html>Please sign in to this network</html>"),
        Answer(201, "not even markup"),
        Answer(201, "<QueueMessagesList><QueueMessage/></QueueMessagesList>"),
    ],
    ids=["a portal's page", "a word", "a message without a receipt"],
)
@pytest.mark.expects_log
async def test_an_answer_that_is_not_the_services_own_is_no_answer(
    carrier: AzureCarrier, service: Service, answer: Answer
) -> None:
    service.script = [answer]
    with pytest.raises(CarrierUnreachable):
        await carrier.put("abc", "x", ttl_s=60)


async def test_the_service_says_by_its_status_whether_a_queue_is_new(
    carrier: AzureCarrier, service: Service
) -> None:
    service.script = [Answer(201), Answer(204)]
    assert await carrier.create("abc")
    assert not await carrier.create("abc")


async def test_a_queue_that_is_there_with_other_metadata_is_there(
    carrier: AzureCarrier, service: Service
) -> None:
    service.script = [error(409, "QueueAlreadyExists")]
    assert not await carrier.create("abc")


async def test_creating_without_the_right_is_denied(
    carrier: AzureCarrier, service: Service
) -> None:
    service.script = [error(403, "AuthorizationPermissionMismatch")]
    with pytest.raises(CarrierDenied):
        await carrier.create("abc")


# -- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("date", "age_s"), [(LATER, 42.0), ("Thu, 01 Oct 2026 07:00:00 GMT", 0.0)])
async def test_age_is_by_the_services_own_clock(
    carrier: AzureCarrier, service: Service, date: str, age_s: float
) -> None:
    service.script = [Answer(200, MESSAGE, {"Date": date})]
    [taken] = await carrier.take("abc", limit=1, lease_s=30)
    assert (taken.age_s, taken.text, taken.receipt) == (age_s, "text", RECEIPT)


async def test_renewing_sends_a_lease_and_no_text(carrier: AzureCarrier, service: Service) -> None:
    service.script = [Answer(204, headers={"x-ms-popreceipt": "new"})]
    assert await carrier.renew("abc", RECEIPT, lease_s=30) == Receipt(RECEIPT.message_id, "new")
    [(method, query, size)] = service.requests
    assert (method, size) == ("PUT", 0)
    assert "visibilitytimeout=30" in query


async def test_every_request_names_the_pinned_service_version() -> None:
    assert API_VERSION <= "2026-06-06", "the newest that Azurite 3.37 knows"
    assert API_VERSION >= "2025-07-05", "the first with user-delegation SAS for queues"


@pytest.mark.parametrize(
    "url",
    [
        "http://account.queue.core.windows.net",
        "http://10.0.0.1/devstoreaccount1",
        "http://127.0.0.1.example/devstoreaccount1",
    ],
)
async def test_nothing_is_spoken_in_clear_over_a_network(url: str) -> None:
    key = {"account_name": DEVELOPMENT_ACCOUNT, "account_key": DEVELOPMENT_KEY}
    with pytest.raises(LocalFault) as caught:
        AzureCarrier.from_url(url, key)
    assert caught.value.code is Code.BAD_SETTINGS
    text = f"QueueEndpoint={url};AccountName={DEVELOPMENT_ACCOUNT};AccountKey={DEVELOPMENT_KEY}"
    with pytest.raises(LocalFault):
        AzureCarrier.from_connection_string(text)
