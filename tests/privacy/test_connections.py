"""README, "What leaves this computer": demo mode opens no connection at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDITED = Path(__file__).with_name("audited.py")


def run_audited(notes: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m ARGUMENTS` with a home of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KARTE_")}
    environment |= {"KARTE_HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "HOME": str(home)}
    return subprocess.run(
        [sys.executable, str(AUDITED), str(notes), *arguments],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_hook_sees_a_connection(tmp_path: Path) -> None:
    """A check that cannot fail would prove nothing."""
    script = tmp_path / "probe.py"
    script.write_text("import socket; socket.socket().connect_ex(('127.0.0.1', 9))")
    notes = tmp_path / "notes"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, str(AUDITED), str(notes), "probe"], env=environment, check=True, timeout=30
    )
    assert "127.0.0.1" in notes.read_text()


@pytest.mark.timeout(90)
def test_consult_in_demo_mode_connects_to_nothing(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    listing = run_audited(notes, tmp_path / "home", "desktop", "consult", "--list")
    assert listing.returncode == 0, listing.stderr
    patient = listing.stdout.split()[0]
    symptoms = ["--symptoms", "めまいと動悸", "--yes", "--json"]
    done = run_audited(
        notes, tmp_path / "home", "desktop", "consult", "--patient", patient, *symptoms
    )
    assert done.returncode == 0, done.stderr
    assert not notes.exists(), notes.read_text()
