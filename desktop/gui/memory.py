"""What the window remembers between two starts: language, theme, and where it stood.

A small file of its own beside the ledger; nothing of a patient is in it.
"""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray

from desktop.core.settings import Settings, Theme
from local_tools.model import Lang

_log = logging.getLogger(__name__)

NAME = "window.json"


class Memory:
    """Reads once, writes on close. A file that is missing or broken counts as empty."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        self._values: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            read = json.loads(self._file.read_text(encoding="utf-8"))
            if isinstance(read, dict):
                self._values = read

    def apply_to(self, settings: Settings) -> Settings:
        """The settings with what the doctor chose last, where no setting or policy says more."""
        chosen = {
            "lang": self._one_of("lang", ("ja", "en")),
            "theme": self._one_of("theme", tuple(Theme)),
        }
        update = {
            name: Theme(value) if name == "theme" else value
            for name, value in chosen.items()
            if value is not None and name not in settings.locked | settings.model_fields_set
        }
        return settings.model_copy(update=update)

    def geometry(self) -> QByteArray:
        """Where the window stood; empty if that is not known."""
        text = self._values.get("geometry")
        return QByteArray.fromBase64(text.encode()) if isinstance(text, str) else QByteArray()

    def save(self, *, lang: Lang, theme: Theme, geometry: QByteArray) -> None:
        """Write it down; a disk that is full costs no more than the memory."""
        values = {
            "lang": lang,
            "theme": theme.value,
            "geometry": bytes(geometry.toBase64().data()).decode("ascii"),
        }
        try:
            self._file.touch(0o600)
            self._file.chmod(0o600)  # it may be from before it was owner-only
            self._file.write_text(json.dumps(values), encoding="utf-8")
        except OSError:
            _log.info("The window's place was not saved")

    def _one_of(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self._values.get(name)
        return value if value in allowed else None
