"""Defaults < user file < environment < command line < policy; faults name fields, never values."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.core.errors import SettingsError
from desktop.core.paths import Paths
from desktop.core.settings import AgentKind, Settings, load_settings


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"KARTE_{name.upper()}", raising=False)
    return Paths(data=tmp_path, policy=tmp_path / "policy.toml")


def test_first_run_is_the_demo(paths: Paths) -> None:
    settings = load_settings(paths)
    assert settings == Settings()
    assert settings.agent is AgentKind.DEMO
    assert settings.queue is None
    assert settings.records_dir is None


def test_each_layer_wins_over_the_one_before(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.settings.write_text('lang = "en"\nmodel = "user"\nbase_url = "user"\ntheme = "dark"')
    monkeypatch.setenv("KARTE_MODEL", "environment")
    monkeypatch.setenv("KARTE_BASE_URL", "environment")
    monkeypatch.setenv("KARTE_APPROVAL_TIMEOUT_S", "60")
    paths.policy.write_text('base_url = "policy"\napproval = "refuse"')
    settings = load_settings(paths, approval="auto", theme="light")
    assert (settings.lang, settings.model, settings.base_url) == ("en", "environment", "policy")
    assert (settings.approval.value, settings.theme.value) == ("refuse", "light")
    assert settings.approval_timeout_s == 60
    assert settings.locked == {"base_url", "approval"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("lang = 'CANARY'", "lang"),
        ("approval_timeout_s = 0", "approval_timeout_s"),
        ("bridge_name = 'CANARY'", "bridge_name"),
        ("unknown = 'CANARY'", "unknown"),
        ("not toml CANARY", "settings.toml"),
    ],
)
def test_a_fault_names_the_field_only(paths: Paths, text: str, place: str) -> None:
    paths.settings.write_text(text)
    with pytest.raises(SettingsError) as fault:
        load_settings(paths)
    assert fault.value.places == (place,)
    assert "CANARY" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_nobody_but_the_policy_locks(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.settings.write_text('locked = ["lang"]')
    monkeypatch.setenv("KARTE_LOCKED", '["theme"]')
    assert load_settings(paths).locked == frozenset()


def test_a_policy_that_cannot_be_read_stops_the_app(paths: Paths) -> None:
    paths.policy.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError):
        load_settings(paths)


def test_no_variable_moves_the_policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = Paths.here().policy
    monkeypatch.setenv("KARTE_HOME", str(tmp_path))
    assert Paths.here().data == tmp_path
    assert Paths.here().policy == before
