"""Where the app and karte-tools keep their files: one folder, readable by its user alone."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME = "KARTE_HOME"


def data_folder() -> Path:
    """Return the data folder, made owner-only if missing; the variable KARTE_HOME moves it."""
    override = os.environ.get(HOME)
    folder = Path(override) if override else platformdirs.user_data_path("karte-bridge")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def ledger_file() -> Path:
    """Return the path of the ledger, shared by the app and karte-tools."""
    return data_folder() / "ledger.db"
