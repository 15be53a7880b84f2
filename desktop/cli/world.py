"""What every command works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from desktop.cli.terminal import Terminal
from desktop.core.paths import Paths
from desktop.core.settings import Settings, load_settings
from desktop.core.texts import Texts


@dataclass(frozen=True, slots=True)
class World:
    """`chosen` are the settings that stand on the command line."""

    paths: Paths
    chosen: Mapping[str, object]
    terminal: Terminal
    texts: Texts

    def settings(self) -> Settings:
        """All layers read. Raises SettingsError."""
        return load_settings(self.paths, **self.chosen)
