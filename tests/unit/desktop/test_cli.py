"""The terminal: what is shown, what is asked, which exit code; without a process of its own."""

from __future__ import annotations

import io
import json
import os
import pty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop import cli
from desktop.cli.terminal import Terminal
from desktop.core import this_pc
from desktop.core.texts import Texts
from local_tools.ledger import Draft, EntryKind, Ledger

EN = Texts("en")


@dataclass
class Run:
    code: int
    out: str
    err: str


RunCli = Callable[..., Run]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("KARTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KARTE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> RunCli:
    """Runs a command with streams of its own, without touching this process's logging."""
    del home
    monkeypatch.setattr(cli, "start_logging", lambda *_a, **_k: None)

    def run_cli(*arguments: str) -> Run:
        terminal = Terminal(io.StringIO(), io.StringIO(), io.StringIO())
        monkeypatch.setattr(cli.Terminal, "of_process", lambda: terminal)
        code = cli.main(arguments)
        return Run(code, str(terminal.out.getvalue()), str(terminal.err.getvalue()))  # type: ignore[attr-defined]

    return run_cli


def test_the_list_starts_each_line_with_the_id(run: RunCli) -> None:
    found = run("consult", "--list")
    assert found.code == 0
    ids = [line.split("\t")[0] for line in found.out.splitlines()]
    assert ids
    listed = json.loads(run("consult", "--list", "--json").out)
    assert [patient["id"] for patient in listed["patients"]] == ids


@pytest.mark.parametrize(
    "arguments", [["consult"], ["consult", "--patient", "x"], ["ledger"], ["nonsense"]]
)
def test_wrong_usage_is_2(run: RunCli, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(*arguments)
    assert left.value.code == 2


def test_the_language_may_stand_anywhere(run: RunCli) -> None:
    first = run("--lang", "en", "ledger", "verify")
    last = run("ledger", "verify", "--lang", "en")
    assert first.out == last.out == EN("cli.ledger_ok", entries=0) + "\n"


def test_broken_settings_are_3_and_named(run: RunCli, home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_text('agent = "CANARY"')
    found = run("--lang", "en")
    assert found.code in {1, 3}
    found = run("consult", "--list", "--lang", "en")
    assert found.code == 3
    assert EN.error("app_bad_settings") in found.err
    assert "  agent" in found.err
    assert "CANARY" not in found.err


def test_a_cloud_agent_without_its_settings_is_3(
    run: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARTE_AGENT", "cloud")
    found = run("consult", "--patient", "x", "--symptoms", "y", "--yes", "--lang", "en", "--json")
    assert found.code == 3
    assert EN.error("app_not_configured") in found.err
    assert json.loads(found.out) == {"sent": False, "code": "app_not_configured"}


def test_the_ledger_is_shown_verified_and_exported(run: RunCli, home: Path) -> None:
    home.mkdir()
    ledger = Ledger(home / "ledger.db")
    row = ledger.record(
        Draft(
            kind=EntryKind.MESSAGE,
            case="case-aaaaaa",
            tool="",
            destination="demo",
            decision="approved",
            sha256="ab" * 32,
            size=3,
        )
    )
    ledger.close()
    assert run("ledger", "verify", "--lang", "en").out.strip() == EN("cli.ledger_ok", entries=1)
    assert "abababababababab" in run("ledger", "show").out
    exported = json.loads(run("ledger", "export").out)
    assert exported["chain"] == row.chain


def test_a_broken_chain_is_1(run: RunCli, home: Path) -> None:
    test_the_ledger_is_shown_verified_and_exported(run, home)
    ledger = Ledger(home / "ledger.db")
    ledger._db.execute("DROP TRIGGER entries_stay")
    ledger._db.execute("UPDATE entries SET size = 4")
    ledger.close()
    found = run("ledger", "verify", "--lang", "en")
    assert found.code == 1
    assert found.out.strip() == EN("cli.ledger_bad", first_bad=1)


def test_doctor_tells_each_check(run: RunCli) -> None:
    found = json.loads(run("doctor", "--json", "--lang", "en").out)
    assert [check["check"] for check in found["checks"]] == [
        "settings",
        "python",
        "display",
        "vocabulary",
        "gate",
        "ledger",
        "folder",
        "keyring",
    ]
    assert {check["state"] for check in found["checks"]} <= {"ok", "warn"}
    assert "[ok]" in run("doctor", "--lang", "en").out


def test_doctor_fails_on_an_open_folder(run: RunCli, home: Path) -> None:
    home.mkdir(mode=0o755)
    found = run("doctor", "--json")
    assert found.code == 1
    states = {c["check"]: c["state"] for c in json.loads(found.out)["checks"]}
    assert states["folder"] == "fail"


@pytest.mark.parametrize(
    ("pair", "key"),
    [
        (this_pc.QtPair("3.11.2", None), "app.no_window"),
        (this_pc.QtPair("3.11.2", "6.12.0"), "app.bad_pair"),
    ],
)
def test_the_window_is_refused_on_a_bad_pair(
    run: RunCli, monkeypatch: pytest.MonkeyPatch, pair: this_pc.QtPair, key: str
) -> None:
    monkeypatch.setattr("desktop.cli.window.qt_pair", lambda: pair)
    found = run("--lang", "en")
    assert found.code == 1
    assert found.err.strip() == EN(key, python=pair.python, pyside=pair.pyside)


@pytest.mark.parametrize(
    ("python", "pyside", "sound"),
    [
        ("3.11.7", "6.11.3", True),
        ("3.11.7", "6.12.0", False),
        ("3.12.1", "6.12.0", True),
        ("3.13.0", "6.13.1", True),
        ("3.11.7", None, False),
    ],
)
def test_the_pairs(python: str, pyside: str | None, sound: bool) -> None:
    assert this_pc.QtPair(python, pyside).is_sound is sound


@pytest.mark.parametrize(
    ("system", "environment", "there"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, True),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_the_display(system: str, environment: dict[str, str], there: bool) -> None:
    assert this_pc.display_is_there(system, environment) is there


@pytest.mark.parametrize(
    ("typed", "yes"), [("y\n", True), ("Y\n", True), ("\n", False), ("n\n", False), ("", False)]
)
async def test_only_a_typed_yes_is_a_yes(typed: str, yes: bool) -> None:
    keyboard, screen = pty.openpty()
    with os.fdopen(screen, "r") as stream:
        terminal = Terminal(stream, io.StringIO(), io.StringIO())
        assert terminal.is_interactive
        os.write(keyboard, typed.encode() or b"\x04")  # Ctrl+D ends the input
        assert await terminal.asks("?") is yes
    os.close(keyboard)


def test_nobody_but_us_writes_control_sequences() -> None:
    """A record's name or an agent's answer could hide a question, or have it answered."""
    terminal = Terminal(io.StringIO(), io.StringIO(), io.StringIO())
    terminal.say("a\x1b[2J\x9b6n\r\b\u202eb\tc\n\x1b]0;title\x07d")
    terminal.note("\x1b[21t")
    assert terminal.out.getvalue() == "a[2J6nb\tc\n]0;titled\n"  # type: ignore[attr-defined]
    assert terminal.err.getvalue() == "[21t\n"  # type: ignore[attr-defined]
