"""Where the shipped data is: beside the packages in a checkout, inside this one when installed."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_INSTALLED = _HERE / "_resources"


def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder, such as `resource("terms", "drugs.csv")`."""
    root = _INSTALLED if _INSTALLED.is_dir() else _HERE.parent / "resources"
    return root.joinpath(*parts)
