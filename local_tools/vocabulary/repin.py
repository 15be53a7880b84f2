"""`python -m local_tools.vocabulary.repin`: pins the tables anew, after a review."""

from __future__ import annotations

from pathlib import Path

from local_tools.resources import resource
from local_tools.vocabulary.tables import digest

_HEAD = '''"""The sha256 of every table; `python -m local_tools.vocabulary.repin` writes it."""

from __future__ import annotations

PINS = {
'''


def render() -> str:
    """Return the source of pins.py for the tables as they are now."""
    tables = sorted(resource("terms").glob("*.csv"))
    rows = (f'    "{table.name}": "{digest(table.read_bytes())}",\n' for table in tables)
    return _HEAD + "".join(rows) + "}\n"


if __name__ == "__main__":
    Path(__file__).with_name("pins.py").write_text(render(), encoding="utf-8")
