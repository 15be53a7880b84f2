"""The program itself, in a process of its own: it opens, and Ctrl+C closes it in order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRIVER = """
import os, signal, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from desktop.core.settings import Settings
from desktop.gui.app import run
from desktop.gui.main_window import MainWindow

def look():
    window = next((w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)), None)
    if window and window.main and window.main.status.is_ready:
        assert "mcp" in sys.modules
        print("up", flush=True)
        os.kill(os.getpid(), signal.SIGINT)
    else:
        QTimer.singleShot(50, look)

QTimer.singleShot(0, lambda: print("early", "mcp" in sys.modules))
QTimer.singleShot(0, look)
sys.exit(run(Settings()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process there")
def test_the_window_comes_before_the_heavy_imports_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", DRIVER],
        cwd=ROOT,
        env={**os.environ, "KARTE_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["early", "False", "up"], done.stdout
    assert "Traceback" not in done.stderr
    assert (tmp_path / "window.json").exists()
