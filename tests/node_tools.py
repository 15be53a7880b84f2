"""Servers from npm that the tests start on loopback; installed once, from the lock file."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

HERE = Path(__file__).parent / "node"
AZURITE = HERE / "node_modules" / "azurite" / "dist" / "src" / "queue" / "main.js"


def installed() -> Path:
    """Path of Azurite's queue server, after `npm ci` if it was not there."""
    with (HERE / ".install-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not AZURITE.exists():
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=HERE,
                check=True,
                timeout=600,
            )
    return AZURITE
