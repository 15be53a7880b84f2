"""The port that the pipeline and the app read records through."""

from __future__ import annotations

from typing import Protocol

from local_tools.model import Identifier, PatientRecord, PatientRow, RecordProblem


class RecordSource(Protocol):
    """A place where records are. Calls read files: make them off the window's thread."""

    def patients(self) -> tuple[PatientRow, ...]:
        """Return the patients that can be loaded, in a stable order."""
        ...

    def load(self, patient_id: str) -> PatientRecord:
        """Return one record.

        Raises:
            RecordError: there is no such patient, or the files cannot be read.
        """
        ...

    def problems(self) -> tuple[RecordProblem, ...]:
        """Return what was not read, by place and kind, without values."""
        ...

    def identifiers(self) -> tuple[Identifier, ...]:
        """Return the identifying values of all patients of this PC, for the scans."""
        ...
