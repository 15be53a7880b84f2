"""The settings, from four layers: defaults, the user's file, the environment, IT's policy.

Later layers win; what the policy names is locked. Secrets are not settings (desktop.core.secrets).
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from desktop.core.errors import SettingsError
from desktop.core.paths import Paths
from local_tools.model import Lang


class AgentKind(StrEnum):
    """Which agent answers."""

    DEMO = "demo"
    CLOUD = "cloud"


class Auth(StrEnum):
    """How the cloud agent knows us: a key from the keyring, or a Microsoft Entra sign-in."""

    KEY = "key"
    ENTRA = "entra"


class ApprovalMode(StrEnum):
    """Who says yes before a release leaves."""

    ASK = "ask"
    AUTO = "auto"
    REFUSE = "refuse"


class Theme(StrEnum):
    """Colours of the window."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Settings(BaseSettings):
    """One frozen set. `Settings()` alone is the first run: demo, embedded queue, sample patients.

    `records_dir` None means the sample patients, `queue` None the embedded carrier in the data
    folder. `approval_timeout_s` None waits for ever. `locked` names what the policy decided.
    """

    model_config = SettingsConfigDict(
        env_prefix="KARTE_", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    lang: Lang = "ja"
    records_dir: Path | None = None
    queue: str | None = None
    bridge_name: str = Field(default="karte", pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=22)
    agent: AgentKind = AgentKind.DEMO
    base_url: str | None = None
    model: str | None = None
    auth: Auth = Auth.KEY
    approval: ApprovalMode = ApprovalMode.ASK
    approval_timeout_s: float | None = Field(default=300.0, gt=0)
    theme: Theme = Theme.SYSTEM
    locked: frozenset[str] = frozenset()

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load_settings` says which layer wins, in one line."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def load_settings(paths: Paths, **chosen: object) -> Settings:
    """Read all layers; `chosen` are options of the command line, above the environment.

    Raises:
        SettingsError: A file is not TOML, or a field is unknown or has no usable value. A policy
            that cannot be read is an error too: the app must not start without its locks.
    """
    user = _read(paths.settings)
    policy = _read(paths.policy)
    environment = EnvSettingsSource(Settings, env_ignore_empty=True)()
    for layer in (user, environment, policy):
        layer.pop("locked", None)
    values: dict[str, Any] = {**user, **environment, **chosen, **policy}
    try:
        return Settings(**values, locked=frozenset(policy))
    except ValidationError as fault:
        # Only names of settings go out; the values that pydantic saw do not.
        fields = {str(error["loc"][0]) for error in fault.errors(include_input=False)}
        raise SettingsError(*sorted(fields)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsError(path.name) from None
