"""Keys change without a gap, and without both sides changing in the same moment."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
import pytest
from mcp import Client

from mcp_bridge.caller import CallerOptions, open_caller, queue_transport
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.events import Hop
from mcp_bridge.key_files import adopt, retire, rotate
from mcp_bridge.sealing import KeyRing, PairingSecret, read_key_file, write_key_file
from tests.fakes.bridge import bridge, call_request, failure_of, text_of

OLD, NEW = PairingSecret("old0", b"o" * 32), PairingSecret("new0", b"n" * 32)


def kids(path: Path) -> list[str]:
    return [line.split(".")[1] for line in path.read_text(encoding="ascii").splitlines()]


@pytest.mark.parametrize("ring", [KeyRing(OLD), KeyRing(NEW, OLD), KeyRing(NEW)])
async def test_the_serving_side_changes_first_and_every_caller_goes_on(ring: KeyRing) -> None:
    async with (
        bridge(keys=KeyRing(NEW, OLD)) as both,
        open_caller(both.carrier, "test", ring) as caller,
    ):
        with anyio.fail_after(5):
            assert text_of(await caller.exchange(call_request("write"))) == "write 1"
            async with Client(queue_transport(caller), mode="legacy") as client:
                result = await client.call_tool("progress", {})
                assert result.content[0].text == "progressed"


async def test_a_retired_key_opens_nothing() -> None:
    async with (
        bridge(keys=KeyRing(NEW)) as both,
        open_caller(
            both.carrier, "test", KeyRing(OLD), options=CallerOptions(budget_s=0.3)
        ) as caller,
    ):
        assert failure_of(await caller.exchange(call_request("write")))["code"] == Code.TIMED_OUT
        assert (await both.listened.hop(Hop.QUARANTINED)).code is Code.UNKNOWN_KEY
        assert both.served.effects == []


def test_rotating_puts_a_new_secret_first_and_retiring_takes_the_old_one_out(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key"
    write_key_file(path, OLD)
    new = rotate(path)
    assert kids(path) == [new.kid, "old0"]
    read_key_file(path)
    retire(path, "old0")
    assert kids(path) == [new.kid]
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_person_wrote_beside_the_secrets_stays(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"# clinic A\n\n{OLD.to_text()}\n# end\n", encoding="ascii")
    path.chmod(0o600)
    new = rotate(path)
    lines = path.read_text(encoding="ascii").splitlines()
    assert lines == ["# clinic A", "", new.to_text(), OLD.to_text(), "# end"]
    retire(path, "old0")
    assert path.read_text(encoding="ascii").splitlines() == [*lines[:3], "# end"]


def test_the_last_secret_and_an_unknown_one_are_not_retired(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key_file(path, OLD)
    for kid in ("old0", "new0", ""):
        with pytest.raises(LocalFault) as caught:
            retire(path, kid)
        assert caught.value.code is Code.BAD_KEY
    assert kids(path) == ["old0"]


def test_a_secret_of_the_other_side_is_taken_in_once(tmp_path: Path) -> None:
    path = tmp_path / "key"
    adopt(path, OLD)
    assert kids(path) == ["old0"]
    adopt(path, NEW)
    adopt(path, NEW)
    assert kids(path) == ["new0", "old0"]
    adopt(path, OLD)
    assert kids(path) == ["old0", "new0"], "the one that came last seals"
    with pytest.raises(LocalFault):
        adopt(path, PairingSecret("new0", b"x" * 32))
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("what", ["missing", "of others", "nonsense"])
def test_a_file_that_cannot_be_used_is_left_alone(tmp_path: Path, what: str) -> None:
    path = tmp_path / "key"
    if what != "missing":
        path.write_text(OLD.to_text() if what == "of others" else "hello", encoding="ascii")
        path.chmod(0o644 if what == "of others" else 0o600)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(LocalFault) as caught:
        rotate(path)
    assert caught.value.code is Code.BAD_KEY
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    write_key_file(path, OLD)

    def full(_handle: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalFault):
        rotate(path)
    assert kids(path) == ["old0"]
    assert list(tmp_path.iterdir()) == [path]
