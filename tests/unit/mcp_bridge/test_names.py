"""Names of bridges, callers and queues."""

from __future__ import annotations

import pytest

from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.names import MAX_CALLER, MAX_NAME, is_queue_name, queue_names


def test_a_bridge_has_three_kinds_of_queues() -> None:
    names = queue_names("clinic-1")
    assert names.requests == "clinic-1-req"
    assert names.quarantine == "clinic-1-quarantine"
    assert names.responses("app") == "clinic-1-res-app"


def test_the_longest_names_still_make_queue_names() -> None:
    names = queue_names("n" * MAX_NAME)
    longest = (names.requests, names.quarantine, names.responses("c" * MAX_CALLER))
    assert all(is_queue_name(name) for name in longest)
    assert max(map(len, longest)) == 63


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a--b", "a\n", "あ", "n" * 33])
def test_another_bridge_name_is_refused(name: str) -> None:
    with pytest.raises(LocalFault) as caught:
        queue_names(name)
    assert caught.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize("caller", ["", "A", "a/b", "..", "-a", "a\n", "c" * 27])
def test_another_caller_name_is_refused(caller: str) -> None:
    with pytest.raises(LocalFault):
        queue_names("clinic").responses(caller)
