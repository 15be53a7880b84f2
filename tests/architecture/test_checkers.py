"""The linters, type checkers and import contracts, run as tests so that one command holds all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

CHECKERS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
    "imports": ["lint-imports"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CHECKERS)
def test_checker_finds_nothing(name: str) -> None:
    program, *arguments = CHECKERS[name]
    done = subprocess.run(
        [str(BIN / program), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
