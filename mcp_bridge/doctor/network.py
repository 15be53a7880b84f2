"""Under the queue service: name, proxy, connection, certificate, clock."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import aiohttp
import anyio
from anyio import to_thread
from anyio.streams.tls import TLSAttribute
from cryptography import x509

from mcp_bridge.carriers.proxies import system_proxy
from mcp_bridge.doctor.report import Check, Layer, Mark
from mcp_bridge.errors import Code

WAIT_S = 8.0
OFF_S: Final = 60  # seconds that a clock may be off without a word
REFUSED_OFF_S: Final = 900  # the service refuses what was signed earlier or later than this
_AZURE: Final = ".queue.core.windows.net"
_ITS_ISSUERS: Final = ("microsoft", "digicert")


async def look_at_network(endpoint: str) -> Sequence[Check]:
    """From the name up to the clock; stops at the first that fails."""
    parts = urlsplit(endpoint)
    proxy = system_proxy(endpoint)
    checks = [_proxy(proxy)]
    hop = urlsplit(proxy) if proxy else parts
    checks.append(await _name(hop))
    if checks[-1].mark is Mark.FINE:
        checks.append(await _connection(hop))
    if checks[-1].mark is Mark.FINE and parts.scheme == "https" and proxy is None:
        checks.append(await _certificate(parts))
    if checks[-1].mark is not Mark.FAILS:
        checks.append(await _clock(endpoint, proxy))
    return checks


def _proxy(proxy: str | None) -> Check:
    if proxy is None:
        return Check(Layer.PROXY, "none is set", Mark.FINE)
    parts = urlsplit(proxy)
    return Check(Layer.PROXY, f"{parts.hostname}:{_port(parts)}", Mark.NOTE)


async def _name(hop: SplitResult) -> Check:
    host = hop.hostname or ""
    try:
        with anyio.fail_after(WAIT_S):
            found = await anyio.getaddrinfo(host, _port(hop))
    except TimeoutError:
        return Check(Layer.DNS, host, Mark.FAILS, Code.TIMED_OUT)
    except (OSError, UnicodeError):
        return Check(Layer.DNS, host, Mark.FAILS, Code.UNREACHABLE)
    return Check(Layer.DNS, host, Mark.FINE, details={"addresses": len({one[4] for one in found})})


async def _connection(hop: SplitResult) -> Check:
    where = f"{hop.hostname}:{_port(hop)}"
    try:
        with anyio.fail_after(WAIT_S):
            await (await anyio.connect_tcp(hop.hostname or "", _port(hop))).aclose()
    except TimeoutError:
        return Check(Layer.CONNECTION, where, Mark.FAILS, Code.TIMED_OUT)
    except OSError:
        return Check(Layer.CONNECTION, where, Mark.FAILS, Code.UNREACHABLE)
    return Check(Layer.CONNECTION, where, Mark.FINE)


async def _certificate(parts: SplitResult) -> Check:
    """Whether this PC believes it, and who signed it: a company's proxy is known by its name."""
    host = parts.hostname or ""
    try:
        issuer = await _issuer(parts, ssl.create_default_context())
    except ssl.SSLCertVerificationError:
        return Check(
            Layer.TLS, host, Mark.FAILS, Code.UNREACHABLE, {"issuer": await _any_issuer(parts)}
        )
    except TimeoutError:
        return Check(Layer.TLS, host, Mark.FAILS, Code.TIMED_OUT)
    except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
        return Check(Layer.TLS, host, Mark.FAILS, Code.UNREACHABLE)
    expected = any(name in issuer.lower() for name in _ITS_ISSUERS) or not host.endswith(_AZURE)
    return Check(Layer.TLS, host, Mark.FINE if expected else Mark.NOTE, details={"issuer": issuer})


async def _any_issuer(parts: SplitResult) -> str:
    unbelieved = ssl.create_default_context()
    unbelieved.check_hostname = False
    unbelieved.verify_mode = ssl.CERT_NONE  # only to name who is in the way; nothing is sent
    try:
        return await _issuer(parts, unbelieved)
    except (OSError, TimeoutError, anyio.BrokenResourceError, anyio.EndOfStream):
        return "unknown"


async def _issuer(parts: SplitResult, context: ssl.SSLContext) -> str:
    host = parts.hostname or ""
    with anyio.fail_after(WAIT_S):
        stream = await anyio.connect_tcp(
            host, _port(parts), tls=True, ssl_context=context, tls_standard_compatible=False
        )
    async with stream:
        raw = stream.extra(TLSAttribute.peer_certificate_binary, b"")  # noqa: S610 - no Django
    certificate = await to_thread.run_sync(x509.load_der_x509_certificate, raw or b"")
    return certificate.issuer.rfc4514_string()[:200]


async def _clock(endpoint: str, proxy: str | None) -> Check:
    """By the `Date` of any answer, refusals included."""
    timeout = aiohttp.ClientTimeout(total=WAIT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{endpoint.rstrip('/')}?comp=list", proxy=proxy) as answer,
        ):
            told = answer.headers.get("Date", "")
    except TimeoutError:
        return Check(Layer.CONNECTION, "an answer", Mark.FAILS, Code.TIMED_OUT)
    except aiohttp.ClientError:
        return Check(Layer.CONNECTION, "an answer", Mark.FAILS, Code.UNREACHABLE)
    try:
        off_s = round((datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds())
    except (TypeError, ValueError):
        return Check(Layer.CLOCK, "the service tells no time", Mark.SKIPPED)
    mark = Mark.FINE if abs(off_s) <= OFF_S else Mark.NOTE
    if abs(off_s) > REFUSED_OFF_S:
        mark = Mark.FAILS
    code = Code.DENIED if mark is Mark.FAILS else None
    return Check(Layer.CLOCK, "this PC beside the service", mark, code, {"ahead_s": off_s})


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
