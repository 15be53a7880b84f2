"""Standard input and output that survive any locale and a reader that goes away."""

from __future__ import annotations

import io
import os
import sys
import threading
from dataclasses import dataclass
from typing import TextIO

import anyio
import anyio.from_thread
import anyio.lowlevel

MAX_LINE = 4096  # bytes
# Records and agents are not trusted with the screen: an escape sequence can hide what is asked, or
# make the terminal type an answer. Tab and line end stay; what turns the direction does not.
_CONTROLS = dict.fromkeys((*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0)))
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
YES = frozenset({"y", "yes", "ｙ", "ｙｅｓ"})


@dataclass(frozen=True, slots=True)
class Terminal:
    """`out` is the result, `err` is for people."""

    input: TextIO
    out: TextIO
    err: TextIO

    @classmethod
    def of_process(cls) -> Terminal:
        """This process's streams, switched to UTF-8 whatever the locale says."""
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="replace")
        return cls(sys.stdin, sys.stdout, sys.stderr)

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can answer a question."""
        return self.input.isatty()

    def say(self, text: str, *, end: str = "\n") -> None:
        """Write to the result."""
        self.out.write(_visible(text) + end)
        self.out.flush()

    def note(self, text: str, *, end: str = "\n") -> None:
        """Write to people."""
        self.err.write(_visible(text) + end)
        self.err.flush()

    async def asks(self, question: str) -> bool:
        """Put a yes-or-no question; anything but yes is no. Cancelling leaves the question.

        A thread of our own, because a pool's thread that waits for a key would hold up the exit.
        """
        self.note(question, end=" ")
        answered = anyio.Event()
        answer: list[str] = []
        token = anyio.lowlevel.current_token()

        def read() -> None:
            # Not through the buffered stream: its lock, held at exit, would abort the interpreter.
            answer.append(os.read(self.input.fileno(), MAX_LINE).decode(errors="replace"))
            anyio.from_thread.run_sync(answered.set, token=token)

        threading.Thread(target=read, daemon=True).start()
        await answered.wait()
        return answer[0].strip().casefold() in YES


def _visible(text: str) -> str:
    return text.translate(_CONTROLS | _TURNS)
