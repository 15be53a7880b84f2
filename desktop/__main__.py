"""`karte-bridge`, also as `python -m desktop`."""

from __future__ import annotations

import sys

from desktop.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
