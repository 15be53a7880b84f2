"""Who says yes: the port that the pipeline asks before a release leaves, and its fixed answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from typing_extensions import override

from local_tools.errors import Code
from local_tools.model import Release


class Decision(StrEnum):
    """The answer. Everything but APPROVED means: not sent."""

    APPROVED = "approved"
    DENIED_BY_USER = "denied_by_user"
    DENIED_BY_RULE = "denied_by_rule"
    APPROVAL_TIMEOUT = "approval_timeout"

    def code(self) -> Code:
        """The error code a caller gets; APPROVED has none."""
        return Code(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """A release that waits for a yes. `patient_id` stays on this PC."""

    case: str
    patient_id: str
    tool: str
    destination: str
    release: Release

    @override
    def __repr__(self) -> str:
        return f"<Proposal {self.tool}>"


class Approver(Protocol):
    """Asks a doctor, a rule, or nobody."""

    async def decide(self, proposal: Proposal) -> Decision:
        """Return the decision; an exception counts as a refusal."""
        ...


class RefuseAll:
    """`--approval refuse`."""

    async def decide(self, proposal: Proposal) -> Decision:
        """Refuse."""
        del proposal
        return Decision.DENIED_BY_RULE


class ApproveAll:
    """`--approval auto`: IT's policy or the flag said so. What is rare still needs a person."""

    async def decide(self, proposal: Proposal) -> Decision:
        """Approve what the gate did not mark as rare."""
        return Decision.DENIED_BY_RULE if proposal.release.confirm else Decision.APPROVED
