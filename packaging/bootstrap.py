"""Sets up everything on a fresh machine, then opens the app or runs the tests.

    python3 packaging/bootstrap.py app [ARGS…]     karte-bridge, demo mode without settings
    python3 packaging/bootstrap.py test [ARGS…]    linters, type checkers, import rules, all tests

Needs Python 3.11 to 3.13 and nothing else. What it makes stands in `.venv/` of this folder. Qt
needs a few system libraries that a bare Debian lacks; they are installed where we may (root), and
named with the exact command where we may not.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"

# What Qt loads at run time, and the Debian package that holds it (facts of the wheels, Debian 12).
QT_OFFSCREEN = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
QT_X11 = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
JAPANESE_FONTS = ("*CJK*", "*ipa*", "*takao*", "*vlgothic*")


def main(arguments: list[str]) -> int:
    """Dispatch; returns the exit code (2: wrong usage, 3: something has to be installed first)."""
    if not arguments or arguments[0] not in {"app", "test"}:
        print(__doc__, file=sys.stderr)
        return 2
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        print("Karte Bridge needs Python 3.11, 3.12 or 3.13.", file=sys.stderr)
        return 3
    what, *rest = arguments
    try:
        return set_up(what) or (run_tests(rest) if what == "test" else run_app(rest))
    except subprocess.CalledProcessError as error:
        print(f"Setting up failed at: {Path(error.cmd[0]).name} (see above).", file=sys.stderr)
        return 1


def set_up(what: str) -> int:
    """Install what is missing; 0, or the exit code that says why it cannot be done."""
    missing = missing_packages(for_tests=what == "test")
    if missing and not apt_install(missing):
        print(
            "These system packages are missing. Install them, then run this again:\n"
            f"  sudo apt-get install --no-install-recommends {' '.join(missing)}",
            file=sys.stderr,
        )
        return 3
    set_up_venv(extra="dev" if what == "test" else "")
    return 0


def missing_packages(*, for_tests: bool) -> list[str]:
    """Debian packages that this machine lacks; empty on other systems, whose Qt wheels suffice."""
    if not sys.platform.startswith("linux") or not shutil.which("apt-get"):
        return []
    wanted = dict(QT_OFFSCREEN)
    if os.environ.get("DISPLAY"):
        wanted |= QT_X11
    packages = [package for library, package in wanted.items() if not loads(library)]
    if for_tests and not has_japanese_font():
        packages.append("fonts-noto-cjk")
    if not VENV.exists() and not find_spec("ensurepip"):
        packages.append("python3-venv")
    return packages


def loads(library: str) -> bool:
    """Whether the dynamic loader finds the library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_japanese_font() -> bool:
    """Whether a font with Japanese glyphs stands in the usual places."""
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts"]
    return any(next(f.rglob(p), None) for f in folders if f.is_dir() for p in JAPANESE_FONTS)


def apt_install(packages: list[str]) -> bool:
    """Install as root; False where we are not root."""
    if os.geteuid() != 0:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)
    return True


def set_up_venv(extra: str) -> None:
    """Make `.venv/` and install the project with its tested versions, once per change of either."""
    stamp = VENV / f".installed-{extra or 'app'}"
    pyproject = ROOT / "pyproject.toml"
    state = hashlib.sha256(pyproject.read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    print("Setting up .venv/ (once; a minute or two)…", file=sys.stderr)
    if not venv_program("python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    pip = [str(venv_program("python")), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "-c", str(CONSTRAINTS), "-e", target], check=True)
    stamp.write_text(state)


def venv_program(name: str) -> Path:
    """Path of an installed program."""
    return (
        VENV
        / ("Scripts" if os.name == "nt" else "bin")
        / (f"{name}.exe" if os.name == "nt" else name)
    )


def run_app(arguments: list[str]) -> int:
    """Start karte-bridge."""
    return subprocess.run([str(venv_program("karte-bridge")), *arguments], check=False).returncode


def run_tests(arguments: list[str]) -> int:
    """Run everything that has to hold, on all cores."""
    path = f"{venv_program('python').parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(venv_program("python")), "-m", "pytest", "-n", "auto", *arguments]
    environment = os.environ | {"PATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
