"""House rules that a look at the tree can check."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import packaging.version
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("desktop", "mcp_bridge", "local_tools")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
TOP = {"desktop", "mcp_bridge", "local_tools", "resources", "packaging", "tests"}
TOP_FILES = {
    *("pyproject.toml", "README.md", "README.ja.md", "LICENSE"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
}


def tracked() -> list[Path]:
    """Files that git tracks or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [p for line in listing.stdout.splitlines() if (p := ROOT / line).is_file()]


def text_of(path: Path) -> str:
    """The file's text; nothing for binary files."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_top_level_is_the_agreed_one() -> None:
    names = {p.relative_to(ROOT).parts[0] for p in tracked()}
    assert {n for n in names if not n.startswith(".")} <= TOP | TOP_FILES


def test_packaging_is_no_package() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()
    assert "packaging" not in built_packages()
    assert ROOT / "packaging" not in Path(packaging.version.__file__).parents


def built_packages() -> list[str]:
    """Packages of the wheel, listed by name."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages: list[str] = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"][
            "packages"
        ]
    return packages


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_values_reach_a_log_through_a_traceback() -> None:
    """BLE001 excuses a broad except that logs; a traceback carries the exception's text."""
    culprits = [
        str(p.relative_to(ROOT))
        for p in SOURCES
        if p != ROOT / "desktop" / "core" / "logs.py"
        and re.search(r"\blog(?:ger|ging)?\.exception\(|exc_info=", text_of(p))
    ]
    assert not culprits


def test_no_registry_address_and_no_machine_path() -> None:
    registry = re.compile(r'"resolved": *"http|registry *= *"?http|' + "index" + "-url")
    machine = re.compile(
        r"(^|[^A-Za-z0-9_.])/(wor" + r"k|tm" + r"p|roo" + r"t|far" + r"m)/[A-Za-z]"
    )
    kinds = {".py", ".md", ".toml", ".sh", ".json", ".yml"}
    found = [
        str(p.relative_to(ROOT))
        for p in tracked()
        if (registry.search(text_of(p)))
        or (p.suffix in kinds - {".json"} and machine.search(text_of(p)))
    ]
    assert not found


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = "python3 packaging/bootstrap.py test"
    assert command in text_of(ROOT / "README.md")
    assert text_of(ROOT / ".ci" / "run").splitlines()[-1] == f"exec {command}"


def test_bridge_and_tools_start_without_qt() -> None:
    """A clinic's server or an MCP host has no display libraries."""
    blocked = "import sys; sys.modules.update({'PySide6': None, 'qasync': None, 'shiboken6': None})"
    code = f"{blocked}; import mcp_bridge.cli, local_tools.cli, desktop.cli"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_only_the_gate_makes_a_release() -> None:
    users = [
        str(p.relative_to(ROOT)) for p in SOURCES if re.search(r"\b_GATE\b|made_by=", text_of(p))
    ]
    assert set(users) <= {"local_tools/model.py", "local_tools/privacy/gate.py"}
