"""The doctor names the layer that fails, on a real Azurite and on services that misbehave."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from secrets import token_hex

import anyio
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mcp_bridge.carriers.memory import MemoryCarrier
from mcp_bridge.carriers.opening import DEVELOPMENT_ACCOUNT, open_carrier
from mcp_bridge.carriers.port import Carrier
from mcp_bridge.cli import run
from mcp_bridge.doctor import Layer, Mark, Report, examine
from mcp_bridge.errors import Code
from mcp_bridge.names import queue_names
from mcp_bridge.presence import Record, State
from mcp_bridge.rights import caller_rights
from tests.fakes.bridge import bridge, new_keys
from tests.fakes.limited_carrier import LimitedCarrier

NAMES = queue_names("test")


def found(report: Report) -> tuple[Layer, Code | None] | None:
    failing = report.failing
    return None if failing is None else (failing.layer, failing.code)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_bridge.doctor.network.WAIT_S", 0.3)
    monkeypatch.setattr("mcp_bridge.doctor.examination.ANSWER_S", 0.5)


async def test_all_is_well_on_azurite(azurite_url: str) -> None:
    name = f"doc-{token_hex(4)}"
    async with open_carrier(azurite_url) as carrier, bridge(carrier, name=name) as both:
        with anyio.fail_after(20):
            report = await examine(carrier, name, both.keys, None)
        assert found(report) is None
        fine = {check.layer for check in report.checks if check.mark is Mark.FINE}
        wanted = {Layer.DNS, Layer.CONNECTION, Layer.CLOCK, Layer.CREDENTIALS, Layer.ROLE}
        assert fine >= wanted | {Layer.ENCODING, Layer.SIZE, Layer.FAR_SIDE}
        assert await carrier.queues(f"{name}-res-doctor") == []
        both.listener.wake()
        await both.empty(f"{name}-req")
        assert await carrier.length(f"{name}-quarantine") == 0


@pytest.mark.usefixtures("impatient")
async def test_nobody_answers() -> None:
    carrier = MemoryCarrier()
    await carrier.create(NAMES.requests)
    report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.FAR_SIDE, Code.TIMED_OUT)


async def test_nobody_is_there_and_it_says_since_when() -> None:
    carrier, keys = MemoryCarrier(), new_keys()
    await carrier.create(NAMES.requests)
    await carrier.create(NAMES.presence)
    await carrier.put(NAMES.presence, Record("x", State.STOPPED).sealed(keys), ttl_s=60)
    with anyio.fail_after(5):
        report = await examine(carrier, "test", keys, None)
    assert found(report) == (Layer.FAR_SIDE, Code.ASLEEP)
    assert report.failing is not None
    assert "last_seen_s" in report.failing.details


async def test_another_key() -> None:
    carrier = MemoryCarrier()
    await carrier.create(NAMES.requests)
    await carrier.create(NAMES.presence)
    await carrier.put(NAMES.presence, Record("x", State.OPEN).sealed(new_keys()), ttl_s=60)
    report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.KEY, Code.UNKNOWN_KEY)


async def provisioned() -> MemoryCarrier:
    carrier = MemoryCarrier()
    for queue in (NAMES.requests, NAMES.presence, NAMES.responses("cloud")):
        await carrier.create(queue)
    return carrier


async def test_least_rights_are_enough() -> None:
    async with bridge(await provisioned(), caller_id="other") as both:
        limited = LimitedCarrier(both.carrier, caller_rights(NAMES, "cloud"))
        report = await examine(limited, "test", both.keys, "cloud")
    assert found(report) is None


@pytest.mark.parametrize(
    ("queue", "verb"),
    [(NAMES.requests, "put"), (NAMES.responses("cloud"), "take and delete")],
)
async def test_one_verb_is_refused(queue: str, verb: str) -> None:
    rights = {**caller_rights(NAMES, "cloud"), NAMES.responses("cloud"): "ap"}
    rights[queue] = rights[queue].replace("a" if verb == "put" else "p", "")
    report = await examine(LimitedCarrier(await provisioned(), rights), "test", new_keys(), "cloud")
    assert found(report) == (Layer.ROLE, Code.DENIED)
    assert report.failing is not None
    assert report.failing.what == f"{verb} {queue}"


async def test_every_verb_is_refused() -> None:
    limited = LimitedCarrier(await provisioned(), {})
    report = await examine(limited, "test", new_keys(), "cloud")
    assert found(report) == (Layer.CREDENTIALS, Code.DENIED)


async def test_a_queue_is_missing() -> None:
    report = await examine(MemoryCarrier(), "test", new_keys(), None)
    assert found(report) == (Layer.QUEUE, Code.QUEUE_MISSING)


@asynccontextmanager
async def service(
    *, ahead: timedelta = timedelta(), hangs: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A web server that refuses everything; yields its port."""
    released = anyio.Event()

    async def answer(_request: web.Request) -> web.Response:
        if hangs:
            await released.wait()
        date = format_datetime(datetime.now(UTC) - ahead, usegmt=True)
        return web.Response(status=403, headers={"Date": date})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        released.set()
        await runner.cleanup()


def emulator(port: int) -> Carrier:
    return open_carrier(f"http://127.0.0.1:{port}/{DEVELOPMENT_ACCOUNT}")


async def test_a_clock_that_is_off() -> None:
    async with service(ahead=timedelta(hours=1)) as port, emulator(port) as carrier:
        report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.CLOCK, Code.DENIED)
    assert report.failing is not None
    assert abs(int(report.failing.details["ahead_s"]) - 3600) < 5


async def test_nobody_listens_on_the_port() -> None:
    async with service() as port:
        pass
    async with emulator(port) as carrier:
        report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.CONNECTION, Code.UNREACHABLE)


@pytest.mark.usefixtures("impatient")
async def test_a_service_that_hangs() -> None:
    async with service(hangs=True) as port, emulator(port) as carrier:
        with anyio.fail_after(5):
            report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.CONNECTION, Code.TIMED_OUT)


async def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARTE_Q", "https://nobody.invalid/?sig=c2lnbmF0dXJl")
    async with open_carrier("env:KARTE_Q") as carrier:
        report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.DNS, Code.UNREACHABLE)
    assert "c2lnbmF0dXJl" not in json.dumps(report.as_json())


def intercepting(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody here believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Hospital Proxy CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    pem = folder / "pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


async def test_somebody_reads_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with service(tls=intercepting(tmp_path)) as port:
        monkeypatch.setenv("KARTE_Q", f"https://127.0.0.1:{port}/?sig=x")
        async with open_carrier("env:KARTE_Q") as carrier:
            report = await examine(carrier, "test", new_keys(), None)
    assert found(report) == (Layer.TLS, Code.UNREACHABLE)
    assert report.failing is not None
    assert report.failing.details == {"issuer": "CN=Hospital Proxy CA"}


def test_the_command_says_it_in_words_and_for_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = str(tmp_path / "key")
    assert run(["keygen", "--key-file", key]) == 0
    capsys.readouterr()
    bridge_ = ["--name", "clinic", "--key-file", key]
    queue = ["--queue", f"sqlite:{tmp_path / 'queues'}"]
    assert run(["doctor", *queue, *bridge_, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["failing_layer"]) == (False, "queue")
    assert run(["doctor", *queue, *bridge_, "--explain"]) == 1
    words = capsys.readouterr()
    assert "mcp-bridge provision" in words.out
    assert words.err.count("\n") == 1
    assert run(["doctor", "--queue", "nonsense", *bridge_]) == 3
