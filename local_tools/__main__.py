"""`python -m local_tools` is karte-tools."""

from __future__ import annotations

import sys

from local_tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
