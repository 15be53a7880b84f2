"""Collects the window's strings into resources/translations and compiles them.

Run it after a string changed, translate what is new in the .ts file, and run it again. A test
compares the compiled file with its source and fails on anything unfinished.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "translations"


def tool(name: str) -> str:
    """A program of the PySide6 that this Python has."""
    return str(Path(sys.executable).parent / name)


def collect(target: Path) -> None:
    """Bring a .ts file in line with the sources."""
    sources = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "desktop" / "gui").rglob("*.py"))
    options = ["-locations", "none", "-no-obsolete", "-silent", "-source-language", "en"]
    subprocess.run(
        [tool("pyside6-lupdate"), *options, *sources, "-ts", str(target)], cwd=ROOT, check=True
    )


def compile_to(source: Path, target: Path) -> None:
    """Compile a .ts file."""
    subprocess.run(
        [tool("pyside6-lrelease"), "-silent", str(source), "-qm", str(target)], check=True
    )


if __name__ == "__main__":
    collect(FOLDER / "karte_ja.ts")
    compile_to(FOLDER / "karte_ja.ts", FOLDER / "karte_ja.qm")
