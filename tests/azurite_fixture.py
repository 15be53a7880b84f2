"""One real Azurite a test session (and an xdist worker), for whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mcp_bridge.azurite import running_azurite
from mcp_bridge.carriers.opening import DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY
from tests.node_tools import installed


@pytest.fixture(scope="session")
def azurite_url() -> Iterator[str]:
    """Its queue service URL, as `open_carrier` and `--queue` take it."""
    with running_azurite(installed()) as url:
        yield url


@pytest.fixture(scope="session")
def azurite_connection(azurite_url: str) -> str:
    """Its connection string, as it would stand behind `env:VARIABLE`."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={DEVELOPMENT_ACCOUNT};"
        f"AccountKey={DEVELOPMENT_KEY};QueueEndpoint={azurite_url};"
    )
