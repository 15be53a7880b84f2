"""From queue texts to whole, authentic requests: opened, assembled, and each worked on once."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from mcp_bridge.carriers.port import Taken
from mcp_bridge.chunks import Assembler
from mcp_bridge.errors import PeerFault
from mcp_bridge.frames import Direction, Header, Kind, parse
from mcp_bridge.listener.works import Work, Works
from mcp_bridge.sealing import KeyRing

MAX_ASSEMBLED = 64 * 2**20  # bytes of messages of which chunks are missing


@dataclass(frozen=True, slots=True, repr=False)
class Admitted:
    """What came of one message: `body` only once, when the request is whole."""

    work: Work
    is_new: bool
    body: bytes | None


class Intake:
    """Knows the requests that are being worked on. For one thread."""

    def __init__(self, keys: KeyRing, works: Works) -> None:
        self._keys = keys
        self._works = works
        self._assembler = Assembler(clock=anyio.current_time, max_bytes=MAX_ASSEMBLED)

    def open(self, taken: Taken) -> tuple[Header, bytes]:
        """The header and the opened body of one message.

        Raises:
            PeerFault: it is no frame of ours, and belongs into quarantine.
        """
        frame = parse(taken.text)
        return frame.header, self._keys.open(frame, Direction.REQUEST)

    def admit(self, taken: Taken, header: Header, body: bytes) -> Admitted | None:
        """Take one message in; None if it is done with (a cancel) and can be deleted.

        Raises:
            PeerFault: it is none that asks for something.
        """
        match header.kind:
            case Kind.REQUEST if header.reply is not None:
                return self._request(taken, header, body)
            case Kind.CANCEL:
                self._works.recall(header.mid)
                return None
            case _:
                raise PeerFault

    def renew_leases(self) -> None:
        """Now, for all that is worked on."""
        for work in self._works:
            work.hold.renew_now()

    def let_go_of_parts(self) -> None:
        """Chunks of requests that are not whole are delivered again, to whoever listens then."""
        for work in self._works:
            if not work.is_whole:
                work.hold.let_go()

    def _request(self, taken: Taken, header: Header, body: bytes) -> Admitted:
        work = self._works.get(header.mid)
        if work is not None and work.is_whole:  # it was delivered again while we work on it
            work.hold.add(taken.receipt)
            return Admitted(work, is_new=False, body=None)
        whole = self._assembler.add(header.mid, header.part, header.parts, body)
        is_new = work is None
        if work is None:
            caller, budget_s = header.reply or "", header.budget_ms / 1000
            work = self._works.begin(header.mid, caller, taken, budget_s)
            work.kid = header.kid
        work.hold.add(taken.receipt)
        work.is_whole = whole is not None
        return Admitted(work, is_new, whole)
