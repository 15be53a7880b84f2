"""`python -m mcp_bridge` and the script `mcp-bridge`."""

from __future__ import annotations

import sys

from mcp_bridge.cli import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
