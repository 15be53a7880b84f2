"""Runs a module as `python -m` would, and notes every look-up and connection that it tries.

    python tests/privacy/audited.py NOTES MODULE ARGS…

Python's audit hooks see every socket call of the interpreter, whoever makes it (PEP 578).
"""

from __future__ import annotations

import runpy
import socket
import sys
from pathlib import Path

WATCHED = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}


def main() -> None:
    """Install the hook, then become the module."""
    notes = Path(sys.argv[1])

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event not in WATCHED:
            return
        first = arguments[0]
        if isinstance(first, socket.socket) and first.family == getattr(socket, "AF_UNIX", None):
            return
        with notes.open("a") as file:
            file.write(f"{event} {arguments[1:] if event == 'socket.connect' else arguments}\n")

    sys.addaudithook(note)
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
