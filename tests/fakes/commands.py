"""The commands of the bridge as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S = 20.0


def environment(**extra: str) -> dict[str, str]:
    """This environment, with the checkout importable from anywhere."""
    return {**os.environ, "PYTHONPATH": str(Path.cwd()), **extra}


def mcp_bridge(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mcp_bridge", *arguments],
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(
    folder: Path,
    queue: str,
    *,
    name: str,
    lease_s: int = 30,
    command: Sequence[str] = (),
    url: str | None = None,
    options: Sequence[str] = (),
    **extra: str,
) -> Iterator[subprocess.Popen[str]]:
    """`mcp-bridge serve`, ready when this yields; serves the test server, `command` or `url`."""
    served = command or (
        *(sys.executable, "-m", "tests.fakes.served"),
        *(str(folder / "effects"), str(folder / "gate")),
    )
    bridge = [
        *(sys.executable, "-m", "mcp_bridge", "serve"),
        *("--queue", queue, "--name", name, "--key-file", str(folder / "key")),
        *("--journal", str(folder / "journal"), "--lease", str(lease_s), "--allow-all"),
        *options,
        *(("--url", url) if url else ("--", *served)),
    ]
    with subprocess.Popen(
        bridge,
        env=environment(**extra),
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:  # ends with the process, so it cannot wait for ever
                if line.strip() == "mcp-bridge: ready":
                    break
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=START_S)
