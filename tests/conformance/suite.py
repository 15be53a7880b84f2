"""Runs one leg of the official conformance suite and counts every single check.

Its exit code is not enough: a lost resumption turns a SUCCESS into an INFO, a lost reply turns one
into a WARNING, and both exit with 0. So legs are compared as multisets.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import anyio

from tests.node_tools import CONFORMANCE, NODE, installed

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
CHECKS = {HANDSHAKE: 94, MODERN: 153}  # of alpha.12, INFO included
LEG_S = 90.0

Check = tuple[str, str, str]  # scenario, id, status
_RESULT = re.compile(r"server-(.+?)-\d{4}-\d{2}-\d{2}T.*")


async def run_leg(url: str, version: str, folder: Path) -> Counter[Check]:
    """Run all scenarios of `version` against `url`; what they found is kept in `folder`."""
    installed()
    options = ["--suite", "all", "--spec-version", version, "--output-dir", str(folder)]
    with anyio.fail_after(LEG_S):
        await anyio.run_process(
            [str(NODE), str(CONFORMANCE), "server", "--url", url, *options],
            check=False,  # a failed check is ours to compare
            stdin=None,
        )
    return Counter(_checks(folder))


def difference(direct: Counter[Check], bridged: Counter[Check]) -> list[str]:
    """What only one of two runs found, as lines for a test's message."""
    gone = [f"direct only: {check} x{n}" for check, n in (direct - bridged).items()]
    new = [f"bridged only: {check} x{n}" for check, n in (bridged - direct).items()]
    return sorted(gone + new)


def _checks(folder: Path) -> Iterator[Check]:
    for found in folder.iterdir():
        match = _RESULT.fullmatch(found.name)
        assert match is not None, found.name
        for check in json.loads((found / "checks.json").read_text(encoding="utf-8")):
            yield match[1], check["id"], check["status"]
