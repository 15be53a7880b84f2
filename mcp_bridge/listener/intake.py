"""From queue texts to whole, authentic requests: opened, assembled, and each worked on once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import anyio

from mcp_bridge.carriers.port import Carrier, Taken
from mcp_bridge.chunks import Assembler
from mcp_bridge.errors import PeerFault
from mcp_bridge.frames import Direction, Header, Kind, parse
from mcp_bridge.listener.hold import Hold
from mcp_bridge.sealing import KeyRing

MAX_ASSEMBLED = 64 * 2**20  # bytes of messages of which chunks are missing
MAX_RECALLED = 1024  # cancels remembered whose requests have not come yet


@dataclass(slots=True, eq=False)
class Work:
    """One request on its way through the listener. Times are on the loop's clock."""

    mid: str  # its identity
    caller: str  # whose response queue gets the answer; from the authenticated header
    hold: Hold
    taken_at: float
    deadline: float  # nobody waits for the answer after this
    came_before: bool  # it was delivered already, perhaps to a listener that crashed
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)  # around the upstream
    is_whole: bool = False  # all chunks are here
    recalled: bool = False  # by a cancel frame

    def recall(self) -> None:
        """The caller does not want it any more."""
        self.recalled = True
        self.scope.cancel()


@dataclass(frozen=True, slots=True, repr=False)
class Admitted:
    """What came of one message: `body` only once, when the request is whole."""

    work: Work
    is_new: bool
    body: bytes | None


class Intake:
    """Knows the requests that are being worked on. For one thread."""

    def __init__(self, carrier: Carrier, queue: str, keys: KeyRing, lease_s: int) -> None:
        self._carrier = carrier
        self._queue = queue
        self._keys = keys
        self._lease_s = lease_s
        self._works: dict[str, Work] = {}
        self._recalled: OrderedDict[str, None] = OrderedDict()
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
                self._recall(header.mid)
                return None
            case _:
                raise PeerFault

    def forget(self, work: Work, *, never_again: bool) -> None:
        """It is done with; or refused, and a double that still comes must not run either."""
        if self._works.get(work.mid) is work:
            del self._works[work.mid]
        if never_again:
            self._recall(work.mid)

    def let_go_of_parts(self) -> None:
        """Chunks of requests that are not whole are delivered again, to whoever listens then."""
        for work in self._works.values():
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
            work = self._works[header.mid] = self._new_work(header, taken)
        work.hold.add(taken.receipt)
        work.is_whole = whole is not None
        return Admitted(work, is_new, whole)

    def _new_work(self, header: Header, taken: Taken) -> Work:
        now = anyio.current_time()
        work = Work(
            header.mid,
            header.reply or "",
            Hold(self._carrier, self._queue, self._lease_s),
            taken_at=now,
            deadline=now + header.budget_ms / 1000 - taken.age_s,
            came_before=taken.times_taken > 1,
        )
        if header.mid in self._recalled:
            del self._recalled[header.mid]
            work.recall()
        return work

    def _recall(self, mid: str) -> None:
        work = self._works.get(mid)
        if work is not None:
            work.recall()
            return
        self._recalled[mid] = None
        if len(self._recalled) > MAX_RECALLED:
            self._recalled.popitem(last=False)
