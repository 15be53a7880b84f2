"""Tokens with least rights, minted by the account's key, against a real Azurite."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

import anyio
import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.queue import UserDelegationKey
from azure.storage.queue.aio import QueueServiceClient

from mcp_bridge.carriers.azure import AzureCarrier
from mcp_bridge.carriers.azure_sas import mint
from mcp_bridge.carriers.grant_file import Grant, read_grant, write_grant
from mcp_bridge.carriers.opening import grant_tokens, open_carrier
from mcp_bridge.carriers.port import Carrier, Operation, Receipt
from mcp_bridge.errors import CarrierDenied, Code, LocalFault
from mcp_bridge.names import queue_names
from mcp_bridge.rights import LETTERS, caller_rights, listener_rights
from tests.fakes.bridge import bridge, failure_of, text_of
from tests.fakes.commands import mcp_bridge


@pytest.fixture
def name() -> str:
    return f"grant-{uuid4().hex[:8]}"


def granted(folder: Path, queue: str, name: str, *more: str, **variables: str) -> str:
    """The other side's carrier, by the command; nothing secret is printed."""
    out = folder / f"grant-{len(list(folder.iterdir()))}"
    arguments = ["grant", "--queue", queue, "--name", name, "--caller", "cloud", "--out", str(out)]
    ended = mcp_bridge(*arguments, *more, **variables)
    assert ended.returncode == 0, ended.stderr
    assert "sig=" not in ended.stdout + ended.stderr
    assert out.stat().st_mode & 0o077 == 0
    return f"grant:{out}"


async def test_both_sides_work_by_tokens_alone_with_the_least_rights(
    tmp_path: Path, azurite_url: str, azurite_connection: str, name: str
) -> None:
    ended = mcp_bridge("provision", "--queue", azurite_url, "--name", name, "--caller", "cloud")
    assert ended.returncode == 0
    calling_queues = caller_rights(queue_names(name), "cloud")
    far_queues = listener_rights(queue_names(name), ["cloud"])
    near = granted(tmp_path, azurite_url, name)
    far = granted(tmp_path, "env:HOLDS_KEY", name, "--listener", HOLDS_KEY=azurite_connection)
    async with (
        open_carrier(near) as calling,
        open_carrier(far) as listening,
        bridge(
            open_carrier(azurite_url),
            calling=calling,
            listening=listening,
            name=name,
            caller_id="cloud",
        ) as both,
        both.carrier,
    ):
        assert text_of(await both.call("write")) == "write 1"
        big = await both.call("big", text="0123456789", times=20_000)
        assert len(text_of(big)) == 200_000
        await both.empty(both.names.requests)
        assert set(await both.carrier.queues(name)) == {*calling_queues, *far_queues}


VERBS: Mapping[Operation, Callable[[Carrier, str], Awaitable[object]]] = {
    Operation.PUT: lambda carrier, queue: carrier.put(queue, "x", ttl_s=60),
    Operation.TAKE: lambda carrier, queue: carrier.take(queue, limit=1, lease_s=1),
    Operation.RENEW: lambda carrier, queue: carrier.renew(queue, NONE, lease_s=1),
    Operation.DELETE: lambda carrier, queue: carrier.delete(queue, NONE),
    Operation.PEEK: lambda carrier, queue: carrier.peek(queue, limit=1),
    Operation.CREATE: lambda carrier, _queue: carrier.create("another-queue"),
    Operation.DROP: lambda carrier, queue: carrier.drop(queue),
    Operation.LIST: lambda carrier, _queue: carrier.queues(""),
}
NONE = Receipt(str(uuid4()), "AAAA")


@pytest.mark.parametrize("side", ["caller", "listener"])
async def test_the_service_refuses_every_verb_that_was_not_granted(
    azurite_url: str, name: str, side: str
) -> None:
    names = queue_names(name)
    rights = (
        caller_rights(names, "cloud") if side == "caller" else listener_rights(names, ["cloud"])
    )
    grant = await grant_tokens(azurite_url, rights, 1)
    async with open_carrier(azurite_url) as owner:
        for queue in rights:
            await owner.create(queue)
    for queue, token in grant.queues.items():
        for other in rights:  # a token opens its own queue only
            allowed = rights[queue] if other == queue else ""
            async with AzureCarrier.from_url(grant.url, token) as carrier:
                for operation, verb in VERBS.items():
                    if LETTERS.get(operation, "none") not in allowed:
                        with pytest.raises(CarrierDenied):
                            await verb(carrier, other)


async def test_what_is_not_in_a_grant_is_refused_without_a_request(
    tmp_path: Path, azurite_url: str, name: str
) -> None:
    spec = granted(tmp_path, azurite_url, name)
    asked: list[Operation] = []
    async with open_carrier(spec, on_operation=asked.append) as carrier:
        for operation, verb in VERBS.items():
            del operation
            with pytest.raises(CarrierDenied):
                await verb(carrier, f"{name}-quarantine")
    assert asked == []


async def test_an_expired_grant_says_denied_and_a_renewed_one_is_taken_up(
    tmp_path: Path, azurite_url: str, name: str
) -> None:
    names = queue_names(name)
    rights = caller_rights(names, "cloud")
    path = tmp_path / "grant"
    write_grant(path, await expired(azurite_url, rights))
    async with open_carrier(azurite_url) as owner, open_carrier(f"grant:{path}") as calling:
        for queue in (*rights, names.quarantine):
            await owner.create(queue)
        async with bridge(
            owner, calling=calling, name=name, caller_id="cloud", budget_s=5.0
        ) as both:
            failure = failure_of(await both.call("write"))
            assert (failure["code"], failure["executed"]) == (Code.DENIED, "no")
            path.unlink()
            write_grant(path, await grant_tokens(azurite_url, rights, 1))
            with anyio.fail_after(5):
                assert text_of(await both.call("write")) == "write 1"


async def expired(url: str, rights: Mapping[str, str]) -> Grant:
    carrier = open_carrier(url)
    assert isinstance(carrier, AzureCarrier)
    async with carrier:
        past = datetime.now(UTC) - timedelta(minutes=1)
        return Grant(url, past.isoformat(), await mint(carrier._service, rights, past))


async def test_entra_id_signs_without_an_account_key() -> None:
    """User delegation cannot run here: the key is made up, what it signs is the SDK's own."""
    names = queue_names("clinic")
    async with Delegating("https://account.queue.core.windows.net", NoToken()) as service:
        tokens = await mint(service, caller_rights(names, "cloud"), datetime.now(UTC))
    assert set(tokens) == set(caller_rights(names, "cloud"))
    fields = parse_qs(tokens["clinic-req"])
    assert fields["sp"] == ["a"]
    assert fields["spr"] == ["https"]
    assert fields["skoid"] == ["owner"]
    assert parse_qs(tokens["clinic-res-cloud"])["sp"] == ["p"]


class NoToken(AsyncTokenCredential):
    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        raise AssertionError("nothing is asked of Entra ID here")

    async def close(self) -> None:
        pass

    async def __aexit__(self, *_details: object) -> None:
        pass


class Delegating(QueueServiceClient):
    async def get_user_delegation_key(self, **_times: object) -> UserDelegationKey:
        key = UserDelegationKey()
        key.signed_oid, key.signed_tid = "owner", "tenant"
        key.signed_start = key.signed_expiry = "2026-01-01T00:00:00Z"
        key.signed_service, key.signed_version = "q", "2026-02-06"
        key.value = "a2V5"
        return key


@pytest.mark.parametrize("hours", [0.0, -1.0, 168.1, math.nan])
async def test_a_grant_lasts_a_week_at_most(azurite_url: str, hours: float) -> None:
    with pytest.raises(LocalFault):
        await grant_tokens(azurite_url, {"clinic-req": "a"}, hours)


@pytest.mark.parametrize("spec", ["sqlite:{folder}/q", "memory:", "env:A_TOKEN"])
async def test_only_an_account_can_grant(
    tmp_path: Path, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "https://a.queue.core.windows.net?sv=2025-11-05&ss=q&sp=rap&sig=c2ln"
    monkeypatch.setenv("A_TOKEN", token)
    with pytest.raises(LocalFault):
        await grant_tokens(spec.format(folder=tmp_path), {"clinic-req": "a"}, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({"url": 1, "expires": "", "queues": {}}),
        '{"url":"u"}',
        json.dumps({"url": "u", "expires": "", "queues": {"No": "t"}}),
        json.dumps({"url": "u", "expires": "", "queues": {"clinic-req": 1}}),
    ],
)
def test_a_file_that_is_no_grant_is_a_wrong_setting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "grant"
    path.write_text(text, encoding="ascii")
    path.chmod(0o600)
    with pytest.raises(LocalFault):
        open_carrier(f"grant:{path}")


def test_a_grant_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "grant"
    write_grant(path, Grant("https://a.queue.core.windows.net", "", {"clinic-req": "sig=secret"}))
    assert "secret" not in repr(read_grant(path))
    with pytest.raises(LocalFault):
        write_grant(path, Grant("https://b", "", {}))
    path.chmod(0o644)
    with pytest.raises(LocalFault):
        read_grant(path)
