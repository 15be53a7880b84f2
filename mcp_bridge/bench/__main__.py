"""The serving side of the bench: `python -m mcp_bridge.bench CARRIER NAME DELAY_S`."""

from __future__ import annotations

import sys

import anyio

from mcp_bridge.bench.serving import serve_as_told
from mcp_bridge.console import quiet_logs

if __name__ == "__main__":
    quiet_logs()
    anyio.run(serve_as_told, sys.argv[1], sys.argv[2], float(sys.argv[3]))
