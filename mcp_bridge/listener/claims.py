"""What to do with a request that is here, by what the journal knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from mcp_bridge.journal import Journal, State

MAX_ATTEMPTS = 3  # a request that took the process down this often is not run again


class Verdict(Enum):
    """The four ways on."""

    RUN = auto()  # journalled as STARTED: run it now
    RESEND = auto()  # it was answered: send the stored reply again
    UNKNOWN = auto()  # it was started, and may have had its effect
    POISON = auto()  # it was started too often


@dataclass(frozen=True, slots=True)
class Claim:
    """A verdict, with RESEND the reply's queue texts, with RUN whether it was started before."""

    verdict: Verdict
    texts: Sequence[str] = ()
    again: bool = False


def claim(journal: Journal, mid: str, digest: bytes, reply_queue: str, *, read_only: bool) -> Claim:
    """Journal RECEIVED and, if it may run, STARTED. Blocks on the disk.

    Raises:
        LocalFault: the journal cannot be used; the request must not run.
        PeerFault: REPLAYED, this `mid` was another request.
    """
    while True:
        record = journal.receive(mid, digest, reply_queue)
        if record.state is State.DONE:
            return Claim(Verdict.RESEND, record.reply_texts or ())
        if record.attempts >= MAX_ATTEMPTS:
            return Claim(Verdict.POISON)
        if record.state is State.STARTED and not read_only:
            return Claim(Verdict.UNKNOWN)
        if journal.start(mid, record.attempts):
            return Claim(Verdict.RUN, again=record.attempts > 0)
