"""Rules for every test: asyncio under anyio, and no log line that nobody expected."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.azurite_fixture"]


@pytest.fixture
def anyio_backend() -> str:
    """The app runs on asyncio (qasync), so the tests do too."""
    return "asyncio"


@pytest.fixture(autouse=True)
def fail_on_stray_logs(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """A record at WARNING or above fails the test, unless it is marked `expects_log`."""
    yield
    if request.node.get_closest_marker("expects_log"):
        return
    stray = [
        f"{record.name} {record.levelname}: {record.getMessage()}"
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
    ]
    assert not stray, stray
