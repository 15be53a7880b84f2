"""The gateway as its callers and its keepers meet it."""

from __future__ import annotations

import argparse
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mcp_bridge import cli
from mcp_bridge.errors import BridgeError, Code, LocalFault
from mcp_bridge.gateway import GatewayOptions, IssuerTokens, TokenFile
from mcp_bridge.gateway_options import add_gateway, gateway_of
from mcp_bridge.private_files import create_private
from mcp_bridge.rate import RateLimit
from mcp_bridge.rpc import Message
from mcp_bridge.sealing import PairingSecret, write_key_file
from tests.fakes.bridge import Bridge, bridge, failure_of
from tests.fakes.gateway import OPEN, gateway
from tests.fakes.raw_client import RawClient, call, events, modern_call, modern_headers, raw_client

ISSUER, AUDIENCE = "https://issuer.example/v2", "api://karte"
TOKENS = "# of the tests\nmorning tok-one\nevening tok-two\n"


@asynccontextmanager
async def at(options: GatewayOptions = OPEN) -> AsyncIterator[tuple[Bridge, RawClient]]:
    with anyio.fail_after(10):
        async with (
            bridge() as both,
            gateway(both.caller, options) as url,
            raw_client(f"{url}/mcp") as client,
        ):
            yield both, client


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    create_private(path, TOKENS.encode())
    return path


async def test_it_is_ready_only_when_a_round_trip_works() -> None:
    async with at() as (_, client):
        base = client.url.removesuffix("/mcp")
        assert (await client.http.get(f"{base}/readyz")).status_code == 200
        assert (await client.http.get(f"{base}/healthz")).status_code == 200
    async with gateway(_Deaf(), OPEN) as url, httpx2.AsyncClient() as http:
        assert (await http.get(f"{url}/readyz")).status_code == 503
        assert (await http.get(f"{url}/healthz")).status_code == 200


class _Deaf:
    """A far side that answers with failures of the bridge only."""

    async def exchange(self, request: Message, *_args: object, **_options: object) -> Message:
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -31000, "message": ""}}


async def test_a_lost_session_answers_its_post_and_is_gone() -> None:
    async with at() as (both, client):
        await client.initialize()
        async with client.stream(call(1, "slow_write")) as response:
            await both.served.entered.wait()
            both.listener._sessions.close()
            [lost] = [message async for message in events(response)]
        assert lost["id"] == 1
        assert failure_of(lost)["executed"] == "unknown"
        assert (await client.post(call(2, "write"))).status_code == 404


async def test_metrics_count_calls_by_outcome_and_name_nobody() -> None:
    async with at() as (_, client):
        await client.modern(modern_call(1, "echo", text="x"))
        await client.modern(modern_call(2, "crash"))
        text = (await client.http.get(client.url.removesuffix("/mcp") + "/metrics")).text
    assert 'mcp_bridge_calls_total{outcome="error"} 1' in text
    assert "echo" not in text


@pytest.mark.expects_log  # the SDK logs the foreign name
@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("host", "evil.example", 421), ("origin", "https://evil.example", 403)],
)
async def test_a_page_from_elsewhere_is_turned_away(header: str, value: str, status: int) -> None:
    async with at() as (_, client):
        ask = modern_call(1, "echo", text="x")
        response = await client.post(ask, **modern_headers(ask), **{header: value})
        assert response.status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"accept": "application/json"}, 406), ({"content-type": "text/plain"}, 400)],
)
async def test_what_is_not_acceptable_is_refused(headers: dict[str, str], status: int) -> None:
    async with at() as (_, client):
        ask = modern_call(1, "echo", text="x")
        response = await client.post(ask, **modern_headers(ask), **headers)
        assert response.status_code == status


async def test_only_posts_are_of_the_modern_era() -> None:
    async with at() as (_, client):
        response = await client.http.get(client.url, headers={"mcp-protocol-version": "2026-07-28"})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"[]", b'{"jsonrpc":"2.0","id":true}'])
async def test_what_is_no_request_is_answered(body: bytes) -> None:
    async with at() as (both, client):
        headers = client.headers | {
            "mcp-protocol-version": "2026-07-28",
            "content-type": "application/json",
        }
        response = await client.http.post(client.url, content=body, headers=headers)
        assert response.status_code == 400
        assert response.json()["error"]["code"] in {-32700, -32600}
        assert both.served.effects == []


async def test_a_body_beyond_the_limit_is_not_read() -> None:
    async with at(replace(OPEN, max_body=2000)) as (_, client):
        response = await client.modern(modern_call(1, "echo", text="x" * 3000))
        assert response.status_code == 413


async def test_who_calls_too_often_is_told_when_to_come_back() -> None:
    async with at(replace(OPEN, calls_per_s=0.5, burst=2)) as (both, client):
        codes = [(await client.modern(modern_call(n, "write"))).status_code for n in range(3)]
        assert codes == [200, 200, 429]
        assert len(both.served.effects) == 2


async def test_without_its_token_nobody_comes_in(token_file: Path) -> None:
    async with at(replace(OPEN, tokens=TokenFile(token_file))) as (both, client):
        ask = modern_call(1, "write")
        assert (await client.modern(ask)).status_code == 401
        wrong = await client.post(ask, **modern_headers(ask), authorization="Bearer tok-three")
        assert wrong.status_code == 401
        assert wrong.headers["www-authenticate"].startswith("Bearer")
        right = await client.post(ask, **modern_headers(ask), authorization="Bearer tok-one")
        assert right.status_code == 200
        assert both.served.effects == ["write"]


async def test_a_session_belongs_to_the_token_that_opened_it(token_file: Path) -> None:
    async with at(replace(OPEN, tokens=TokenFile(token_file))) as (both, client):
        client.headers["authorization"] = "Bearer tok-one"
        await client.initialize()
        stolen = await client.post(call(1, "write"), authorization="Bearer tok-two")
        assert stolen.status_code == 404
        response = await client.post(call(2, "write"))
        assert [message["id"] async for message in events(response)] == [2]
        assert both.served.effects == ["write"]


@pytest.mark.parametrize("text", ["", "one two three\n", "lonely\n"])
def test_a_file_without_tokens_lets_nobody_in(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens"
    create_private(path, text.encode())
    with pytest.raises(LocalFault):
        TokenFile(path)


def test_a_file_of_tokens_that_others_can_read_is_refused(token_file: Path) -> None:
    token_file.chmod(0o644)
    with pytest.raises(LocalFault):
        TokenFile(token_file)


Key = rsa.RSAPrivateKey | str | None
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Keys(jwt.PyJWKClient):
    """The issuer's keys, without a network."""

    def fetch_data(self) -> dict[str, object]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return {"keys": [public | {"kid": "k1", "use": "sig", "alg": "RS256"}]}


def token(key: Key = KEY, algorithm: str = "RS256", **changes: object) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "azp": "agent", "scp": "Karte.Read"}
    claims |= {"exp": now + 60, "nbf": now, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": "k1"})


@pytest.fixture
def issuer_tokens() -> IssuerTokens:
    return IssuerTokens(ISSUER, AUDIENCE, Keys("https://issuer.example/keys"))


async def test_a_token_of_the_issuer_names_its_holder(issuer_tokens: IssuerTokens) -> None:
    holder = await issuer_tokens.verify_token(token())
    assert holder is not None
    assert (holder.client_id, holder.subject, holder.scopes) == ("agent", "s", ["Karte.Read"])
    assert holder.token == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "api://other"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"nbf": 4_000_000_000},
    ],
    ids="-".join,
)
async def test_a_token_of_others_or_of_another_time_is_none(
    issuer_tokens: IssuerTokens, changes: dict[str, object]
) -> None:
    assert await issuer_tokens.verify_token(token(**changes)) is None


async def test_a_forged_token_is_none(issuer_tokens: IssuerTokens) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert await issuer_tokens.verify_token(token(stranger)) is None
    assert await issuer_tokens.verify_token(token("k" * 64, "HS256")) is None
    assert await issuer_tokens.verify_token(token(None, "none")) is None
    assert await issuer_tokens.verify_token("no token at all") is None


async def test_scopes_are_asked_for(issuer_tokens: IssuerTokens) -> None:
    options = replace(OPEN, tokens=issuer_tokens, scopes=("Karte.Write",))
    async with at(options) as (_, client):
        ask = modern_call(1, "write")
        response = await client.post(ask, **modern_headers(ask), authorization=f"Bearer {token()}")
        assert response.status_code == 403


def test_a_bucket_refills() -> None:
    now = [0.0]
    rate = RateLimit(2.0, 2, lambda: now[0])
    assert [rate.wait_s("a"), rate.wait_s("a"), rate.wait_s("a")] == [0.0, 0.0, 0.5]
    assert rate.wait_s("b") == 0.0
    now[0] = 0.5
    assert [rate.wait_s("a"), rate.wait_s("a")] == [0.0, 0.5]


@pytest.mark.parametrize(
    "line",
    [
        "--host 0.0.0.0",
        "--rate 0",
        "--issuer https://i",
        "--issuer https://i --audience a --issuer-keys https://i/k --tokens FILE",
    ],
)
def test_a_gateway_that_would_be_open_to_anybody_is_not_set_up(line: str) -> None:
    with pytest.raises(BridgeError) as refused:
        gateway_of(_options(line))
    assert refused.value.code == Code.BAD_SETTINGS


def test_with_tokens_it_may_be_reached_from_outside(token_file: Path) -> None:
    options = gateway_of(_options(f"--host 0.0.0.0 --tokens {token_file} --allow-host a.example"))
    assert isinstance(options.tokens, TokenFile)
    assert "a.example" in options.hosts


def _options(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_gateway(parser)
    return parser.parse_args(line.split())


def test_an_address_that_is_not_here_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    write_key_file(key, PairingSecret.generate())
    bridge = [
        "--queue",
        f"sqlite:{tmp_path / 'queues'}",
        "--name",
        "clinic",
        "--key-file",
        str(key),
    ]
    assert cli.run(["gateway", *bridge, "--port", "70000"]) == cli.NOT_CONFIGURED
    assert "gateway" in capsys.readouterr().err
