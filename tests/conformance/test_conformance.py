"""The official conformance suite: through the bridge exactly what it finds without it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mcp_bridge.carriers.port import Carrier
from tests.conformance.bridged import Wrap, bridged, direct
from tests.conformance.suite import CHECKS, HANDSHAKE, MODERN, Check, difference, run_leg
from tests.fakes.rough_carrier import RoughCarrier

pytestmark = pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")

# The suite has windows of 500 ms that it lets nobody change: on a busy PC they can be missed.
TRIES = 2


def smooth(carrier: Carrier) -> Carrier:
    return carrier


LINKS = {"smooth": smooth, "doubled and out of order": RoughCarrier}


@pytest.mark.expects_log  # the suite asks for a foreign Host, which the SDK logs
@pytest.mark.parametrize("version", [HANDSHAKE, MODERN])
async def test_the_suite_finds_the_same_behind_serve_and_gateway(
    version: str, azurite_url: str, tmp_path: Path
) -> None:
    with direct() as url:
        expected = await run_leg(url, version, tmp_path / "direct")
    assert expected.total() == CHECKS[version]
    assert not [check for check in expected if check[2] not in {"SUCCESS", "INFO"}]
    for link, wrap in LINKS.items():
        missed = await _difference(expected, version, wrap, azurite_url, tmp_path / link)
        assert not missed, (link, missed)


async def _difference(
    expected: Counter[Check], version: str, wrap: Wrap, queue: str, folder: Path
) -> list[str]:
    missed: list[str] = []
    for attempt in range(TRIES):
        name = f"suite-{version}-{attempt}"
        async with bridged(queue, name, wrap) as url:
            found = await run_leg(url, version, folder / str(attempt))
        missed = difference(expected, found)
        if not missed:
            break
    return missed
