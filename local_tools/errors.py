"""Every failure of the local tools, as one tree.

ToolsError
├── RecordError       a record file that cannot be read; names file and field, never the value
├── VocabularyError   a shipped table is missing or altered: nothing may leave
├── CaseError         the case handle is unknown or has expired
├── Refused           the summary may not leave, and why
└── LedgerError       the ledger cannot be written or does not verify: nothing may leave

The text of an error is its code (and for RecordError the place), so it may be logged.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Stable names; the only thing that a peer ever learns of a failure."""

    RECORD_UNREADABLE = "record_unreadable"
    RECORD_NOT_FOUND = "record_not_found"
    NO_IDENTIFIERS = "no_identifiers"
    VOCABULARY_ALTERED = "vocabulary_altered"
    CASE_UNKNOWN = "case_unknown"
    CASE_EXPIRED = "case_expired"
    NO_CASE_OPEN = "no_case_open"
    BAD_ARGUMENTS = "bad_arguments"
    UNKNOWN_TOOL = "unknown_tool"
    UNKNOWN_METHOD = "unknown_method"
    GATE_BLOCKED = "gate_blocked"
    GUARD_BLOCKED = "guard_blocked"
    DENIED_BY_USER = "denied_by_user"
    DENIED_BY_RULE = "denied_by_rule"
    APPROVAL_TIMEOUT = "approval_timeout"
    LEDGER_UNUSABLE = "ledger_unusable"
    INTERNAL = "internal"


class ToolsError(Exception):
    """Base of all; `str()` of one is its code and nothing else."""

    def __init__(self, code: Code) -> None:
        self.code = code
        super().__init__(code.value)


class RecordError(ToolsError):
    """A file of the record folder that cannot be read.

    `place` is "file.json: patient.date_of_birth": names of files and fields of the format, which
    the format defines. A key that the format does not define is named by its position only.
    """

    def __init__(self, place: str, problem: str, code: Code = Code.RECORD_UNREADABLE) -> None:
        super().__init__(code)
        self.place = place
        self.problem = problem


class VocabularyError(ToolsError):
    """A shipped table is missing or not the one that was reviewed."""

    def __init__(self) -> None:
        super().__init__(Code.VOCABULARY_ALTERED)


class CaseError(ToolsError):
    """No such case."""


class Refused(ToolsError):
    """Nothing left. `reasons` are rule codes of the gate, for this PC only."""

    def __init__(self, code: Code, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.reasons = reasons


class LedgerError(ToolsError):
    """The ledger cannot vouch for what leaves."""

    def __init__(self) -> None:
        super().__init__(Code.LEDGER_UNUSABLE)
