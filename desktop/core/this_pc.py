"""What this PC offers to a window. Looks, and loads nothing of Qt."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True, slots=True)
class QtPair:
    """A Python and a PySide6, by version; `pyside` None if it is not installed."""

    python: str
    pyside: str | None

    @property
    def is_sound(self) -> bool:
        """PySide6 6.12.0 drops references to None on Python before 3.12, and aborts in the end."""
        if self.pyside is None:
            return False
        return _release(self.python) >= (3, 12) or _release(self.pyside) < (6, 12)


def qt_pair() -> QtPair:
    """The pair of this process."""
    try:
        pyside = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        pyside = None
    return QtPair(platform.python_version(), pyside)


def display_is_there(
    system: str = sys.platform, environment: Mapping[str, str] = os.environ
) -> bool:
    """Whether a window can be shown. Only on Linux can a session be without a display."""
    if system in {"win32", "darwin"}:
        return True
    names = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    return any(environment.get(name) for name in names)


def _release(version: str) -> tuple[int, ...]:
    """Major and minor of a version."""
    return tuple(int(part) for part in version.split(".")[:2])
