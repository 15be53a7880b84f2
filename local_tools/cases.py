"""Case handles: what the far side knows of a consultation. Random, for one patient, expiring.

The app opens a case when the doctor picks a patient; karte-tools opens the one of `--patient`.
A handle never moves to another patient, whatever is open later.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from local_tools.errors import CaseError, Code

LIFETIME_S = 12 * 60 * 60  # a working day
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else
_LENGTH = 6


@dataclass(frozen=True, slots=True, repr=False)
class _Case:
    patient_id: str
    until: float


class CaseBook:
    """The open cases of this process. Thread-safe; `clock` counts seconds."""

    def __init__(
        self, *, lifetime_s: float = LIFETIME_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._lock = threading.Lock()
        self._cases: dict[str, _Case] = {}
        self._current: str | None = None

    def open(self, patient_id: str) -> str:
        """Mint a handle for the patient and make it the current case."""
        with self._lock:
            handle = self._unused()
            self._cases[handle] = _Case(patient_id, self._clock() + self._lifetime_s)
            self._current = handle
            return handle

    def patient(self, case: str | None = None) -> tuple[str, str]:
        """Return (handle, patient id) of a case; of the current one for None.

        Raises:
            CaseError: NO_CASE_OPEN, CASE_UNKNOWN or CASE_EXPIRED.
        """
        with self._lock:
            handle = case if case is not None else self._current
            if handle is None:
                raise CaseError(Code.NO_CASE_OPEN)
            found = self._cases.get(handle)
            if found is None:
                raise CaseError(Code.CASE_UNKNOWN)
            if self._clock() >= found.until:
                raise CaseError(Code.CASE_EXPIRED)
            return handle, found.patient_id

    def close(self, case: str) -> None:
        """End a case; its handle is unknown from now on. Closing it twice is fine."""
        with self._lock:
            self._cases.pop(case, None)
            if self._current == case:
                self._current = None

    def _unused(self) -> str:
        while True:
            handle = "case-" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
            if handle not in self._cases:
                return handle
