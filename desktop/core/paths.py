"""Where the app keeps what. Nothing is written beside the program."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from local_tools.paths import data_folder

SETTINGS = "settings.toml"


@dataclass(frozen=True, slots=True)
class Paths:
    """All files of the app. `data` is owner-only; `policy` belongs to the administrator."""

    data: Path
    policy: Path

    @classmethod
    def here(cls) -> Paths:
        """The places of this PC; the variable KARTE_HOME moves `data`, never `policy`."""
        return cls(data=data_folder(), policy=_policy_file())

    @property
    def settings(self) -> Path:
        """The user's own settings."""
        return self.data / SETTINGS

    @property
    def ledger(self) -> Path:
        """The account of what left; karte-tools writes there too."""
        return self.data / "ledger.db"

    @property
    def queue(self) -> Path:
        """The embedded carrier."""
        return self.data / "queue.db"

    @property
    def journal(self) -> Path:
        """The listener's memory."""
        return self.data / "journal.db"

    @property
    def key(self) -> Path:
        """The pairing secret of this PC's two sides."""
        return self.data / "bridge.key"

    @property
    def log(self) -> Path:
        """The log of the app: codes and frames only."""
        return self.data / "karte-bridge.log"


def _policy_file() -> Path:
    """Fixed places that only an administrator may write; no variable moves them."""
    if sys.platform == "win32":
        return Path("C:/ProgramData/Karte Bridge/policy.toml")
    if sys.platform == "darwin":
        return Path("/Library/Application Support/Karte Bridge/policy.toml")
    return Path("/etc/karte-bridge/policy.toml")
