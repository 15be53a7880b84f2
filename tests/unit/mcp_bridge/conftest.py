"""What several tests of the bridge need."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for its process; here that is the tests'."""
    root, azure = logging.getLogger(), logging.getLogger("azure")
    before = root.handlers[:], root.level, azure.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    azure.setLevel(before[2])
