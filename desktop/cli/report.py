"""What a consultation gave, as one JSON object for scripts. Holds nothing that identifies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from desktop.core.agent.port import Agent
from local_tools.ledger import EntryKind, LedgerEntry
from local_tools.model import Preview, Release, Withheld


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """`row` is the ledger's row of the release, or of the refusal."""

    case: str
    label: str
    is_demo: bool
    withheld: tuple[Withheld, ...] = ()
    guidance: str = ""
    release: Release | None = None
    row: LedgerEntry | None = None
    code: str | None = None

    @classmethod
    def of(cls, case: str, agent: Agent, preview: Preview) -> Self:
        """A report on what has not been sent yet."""
        withheld = preview.release.summary.withheld if preview.release else ()
        return cls(case, agent.label, agent.is_demo, withheld)

    @property
    def sent(self) -> bool:
        """Whether a release left."""
        return self.release is not None

    def failed(self, code: str) -> Self:
        """Nothing was sent at all."""
        return replace(self, code=code)

    def finished(
        self,
        guidance: str,
        release: Release | None,
        rows: Iterable[LedgerEntry],
        code: str | None,
    ) -> Self:
        """An answer came; it rests on `release` if the ledger says that it left."""
        own = [row for row in rows if row.case == self.case and row.kind is not EntryKind.MESSAGE]
        row = own[0] if own else None
        left = release if row and release and row.sha256 == release.sha256 else None
        withheld = release.summary.withheld if release else self.withheld
        return replace(self, guidance=guidance, release=left, row=row, code=code, withheld=withheld)

    def document(self) -> dict[str, object]:
        """The object that `--json` prints."""
        reasons = Counter(item.reason.value for item in self.withheld)
        found: dict[str, object] = {
            "patient": self.case,
            "release": json.loads(self.release.body) if self.release else None,
            "withheld": {"total": len(self.withheld), **reasons},
            "ledger": {"id": self.row.id, "sha256": self.row.sha256} if self.row else None,
            "guidance": self.guidance,
            "agent": {"label": self.label, "demo": self.is_demo},
            "sent": self.sent,
        }
        return found if self.code is None else {**found, "code": self.code}
