"""The fault suite at its full size: 2,000 calls for each kind of bad day.

    python -m tests.bench.faults [CALLS [SEED]]

Prints a line a day and ends by itself, with exit code 1 at the first broken promise.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from tests.fakes.virtual_time import VirtualLoop
from tests.faults.days import DAYS
from tests.faults.harness import Harness


def main(calls: int = 2000, seed: int = 1) -> None:
    for name, case in DAYS.items():
        began = time.monotonic()
        with TemporaryDirectory() as folder:
            harness = Harness(case.day, seed, Path(folder) / "journal")
            kinds = anyio.run(harness.run, calls, backend_options={"loop_factory": VirtualLoop})
        assert kinds["result"] >= case.results * calls, (name, kinds)
        took_s = time.monotonic() - began
        sys.stdout.write(f"{name:16} {took_s:6.1f} s  {dict(sorted(kinds.items()))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
