"""`python -m local_tools.privacy.repin`: after a table was changed *and reviewed*, pin it anew."""

from __future__ import annotations

from pathlib import Path

from local_tools.privacy.tables import digest
from local_tools.resources import resource

_HEAD = '''"""The hash of each reviewed table. Written by `python -m local_tools.privacy.repin`."""

from __future__ import annotations

PINS = {
'''


def render() -> str:
    """Return the source of pins.py for the tables as they are now."""
    tables = sorted(resource("privacy").glob("*.toml"))
    rows = (f'    "{table.name}": "{digest(table.read_bytes())}",\n' for table in tables)
    return _HEAD + "".join(rows) + "}\n"


if __name__ == "__main__":
    Path(__file__).with_name("pins.py").write_text(render(), encoding="utf-8")
