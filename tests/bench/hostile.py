"""A million hostile frames against a running bridge.

    python -m tests.bench.hostile [FRAMES [SEED]]

Ends by itself, with exit code 1 if a promise was broken. Memory is this process's resident set,
from a tenth of the way on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import anyio

from tests.faults.hostile import flood

PAGE_KIB = 4


def main(frames: int = 1_000_000, seed: int = 1) -> None:
    began = time.monotonic()
    first_kib: list[int] = []

    def look(done: int) -> None:
        if done >= frames // 10 and not first_kib:
            first_kib.append(resident_kib())

    async def run() -> None:
        toll = await flood(frames, seed, look)
        assert toll.crashes == 0
        grown_kib = resident_kib() - first_kib[0]
        sys.stdout.write(
            f"frames {frames}  quarantined {toll.put_aside}  honest calls answered {toll.calls}  "
            f"slowest tick {toll.slowest_tick_s * 1000:.0f} ms  memory {grown_kib:+} KiB  "
            f"{time.monotonic() - began:.0f} s\n"
        )
        assert grown_kib < 64 * 1024

    anyio.run(run)


def resident_kib() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * PAGE_KIB


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
