"""Failures of the app itself; those of the bridge, the tools and the agent have their own trees.

AppError
├── SettingsError    a settings file or variable that cannot be used; names the field only
├── NoKeyring        this PC has no safe place for a secret, and we do not make an unsafe one
├── NotConfigured    the chosen agent lacks a setting or a secret
├── MessageBlocked   the doctor's message holds identifiers (desktop.core.consultation)
└── BridgeStopped    the bridge on this PC does not come up

The text of an error is its code.
"""

from __future__ import annotations

from enum import StrEnum


class AppCode(StrEnum):
    """Stable names; each has a sentence in both languages."""

    BAD_SETTINGS = "app_bad_settings"
    NO_KEYRING = "app_no_keyring"
    NOT_CONFIGURED = "app_not_configured"
    MESSAGE_BLOCKED = "app_message_blocked"
    BAD_PAIR = "app_bad_pair"
    NO_DISPLAY = "app_no_display"
    BRIDGE_STOPPED = "app_bridge_stopped"
    NOT_APPROVED = "app_not_approved"


class AppError(Exception):
    """Base of all; `str()` of one is its code and nothing else."""

    def __init__(self, code: AppCode) -> None:
        super().__init__(code.value)
        self.code = code


class SettingsError(AppError):
    """`places` are "settings.toml: base_url" and the like."""

    def __init__(self, *places: str) -> None:
        super().__init__(AppCode.BAD_SETTINGS)
        self.places = places


class NoKeyring(AppError):
    """The operating system offers no keyring."""

    def __init__(self) -> None:
        super().__init__(AppCode.NO_KEYRING)


class NotConfigured(AppError):
    """`missing` names settings, or "api_key"."""

    def __init__(self, *missing: str) -> None:
        super().__init__(AppCode.NOT_CONFIGURED)
        self.missing = missing


class BridgeStopped(AppError):
    """No connected client within the time that a call may wait for one."""

    def __init__(self) -> None:
        super().__init__(AppCode.BRIDGE_STOPPED)
