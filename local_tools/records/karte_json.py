"""A folder of records in the published sample's JSON: one sub-folder, or one file, a patient."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from local_tools.errors import Code, RecordError
from local_tools.model import Identifier, PatientRecord, PatientRow, RecordProblem
from local_tools.records.identity import collect
from local_tools.records.karte_parse import Object, parse_patient
from local_tools.records.leaves import Leaf, leaves_of
from local_tools.records.salvage import salvaged
from local_tools.records.strict_json import parse_json, read_file

PARTS = ("patient_pii.json", "patient_medical.json", "health_checkup_history.json")
# A one-file record has at least one of these members.
_MEMBERS = frozenset(
    ("patient", "medical_history", "chronic_conditions", "allergies", "current_medications",
     "medications")
)  # fmt: skip
Stamp = tuple[tuple[str, int, int], ...]  # name, time of change in ns, size


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What one patient's files gave at the time of their stamp; no record when they are broken.

    `identifiers` are those of the files, broken or not: the scan has to know them in any case.
    """

    stamp: Stamp
    record: PatientRecord | None
    problems: tuple[RecordProblem, ...]
    identifiers: tuple[Identifier, ...]


class KarteFolder:
    """Reads a folder, and reads again what changed on the disk.

    A patient with a file that cannot be read is not offered at all: a summary without the
    allergies of a broken file would be worse than none. The others are not affected, and what
    the broken file still tells of its patient's identity is known to the scan.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[tuple[Path, ...], _Loaded] = {}
        self._lock = threading.Lock()  # calls come from worker threads

    def patients(self) -> tuple[PatientRow, ...]:
        """Return the patients that can be loaded, by kana, name and id; without kana come last."""
        records, _ = self._scan()
        rows = (
            PatientRow(id_, r.display_name, r.kana, r.birth_date, r.gender)
            for id_, r in records.items()
        )
        return tuple(sorted(rows, key=_place))

    def load(self, patient_id: str) -> PatientRecord:
        """Return one record as it is on the disk now.

        Raises:
            RecordError: RECORD_NOT_FOUND when there is no readable record with this id.
        """
        records, _ = self._scan()
        if patient_id not in records:
            raise RecordError("records", "not_found", Code.RECORD_NOT_FOUND)
        return records[patient_id]

    def problems(self) -> tuple[RecordProblem, ...]:
        """Return what could not be read."""
        return self._scan()[1]

    def identifiers(self) -> tuple[Identifier, ...]:
        """Return the identifying values of all patients, each once; also of those not offered."""
        self._scan()
        with self._lock:
            loaded = tuple(self._loaded.values())
        found = {(i.kind, i.value): i for patient in loaded for i in patient.identifiers}
        return tuple(found.values())

    # --------------------------------------------------------------------------- the disk

    def _scan(self) -> tuple[dict[str, PatientRecord], tuple[RecordProblem, ...]]:
        records: dict[str, PatientRecord] = {}
        with self._lock:
            sources, problems = _sources(self._folder)
            labels = {files: _label(files, n) for n, files in enumerate(sources, 1)}
            self._loaded = {files: self._current(files, labels[files]) for files in sources}
            for files, loaded in self._loaded.items():
                problems.extend(loaded.problems)
                if loaded.record is not None:
                    _add(records, loaded.record, labels[files], problems)
        return records, tuple(problems)

    def _current(self, files: tuple[Path, ...], label: str) -> _Loaded:
        stamp = _stamp(files)
        known = self._loaded.get(files)
        if known is not None and known.stamp == stamp:
            return known
        loaded = _load(files, stamp, label)
        if loaded.record is None and known is not None:  # perhaps it is being written right now
            both = dict.fromkeys((*known.identifiers, *loaded.identifiers))
            loaded = replace(loaded, identifiers=tuple(both))
        return loaded


def _place(row: PatientRow) -> tuple[bool, str, str, str]:
    return not row.kana, row.kana, row.display_name, row.patient_id


def _add(
    records: dict[str, PatientRecord],
    record: PatientRecord,
    label: str,
    problems: list[RecordProblem],
) -> None:
    """Offer a record under its id; the same id twice would open the wrong patient."""
    if record.patient_id in records:
        problems.append(RecordProblem(f"{label}: patient.patient_id", "used_twice"))
        return
    records[record.patient_id] = record


def _sources(folder: Path) -> tuple[list[tuple[Path, ...]], list[RecordProblem]]:
    """Return the files of each patient, in a stable order: the folder's own, then sub-folders'."""
    problems: list[RecordProblem] = []
    inside = _visible(folder, problems)
    groups = [inside, *(_visible(path, problems) for path in inside if path.is_dir())]
    return [files for paths in groups for files in _patients_in(paths)], problems


def _visible(folder: Path, problems: list[RecordProblem]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        problems.append(RecordProblem("records", "folder_unreadable"))
        return []


def _patients_in(paths: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The known parts of a folder are one patient together; any other JSON file is one alone."""
    parts = tuple(path for path in paths if path.name in PARTS)
    if parts:
        yield parts
    for path in paths:
        if path.suffix.casefold() == ".json" and path.name not in PARTS and path.is_file():
            yield (path,)


def _stamp(files: Sequence[Path]) -> Stamp:
    stamps: list[tuple[str, int, int]] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            stamps.append((file.name, 0, -1))
        else:
            stamps.append((file.name, status.st_mtime_ns, status.st_size))
    return tuple(stamps)


def _load(files: Sequence[Path], stamp: Stamp, label: str) -> _Loaded:
    documents: dict[str, Object] = {}
    problems: list[RecordProblem] = []
    leaves: list[Leaf] = []
    for file in files:
        place = f"{label}/{file.name}" if file.name in PARTS else label
        content = b""
        try:
            content = read_file(file)
            document = parse_json(content, file.name)
        except RecordError as error:
            problems.append(RecordProblem(place, error.problem))
            leaves.extend(salvaged(content))
            continue
        leaves.extend(leaves_of(document))
        if isinstance(document, dict) and (file.name in PARTS or _MEMBERS & document.keys()):
            documents[place] = document
        else:
            problems.append(RecordProblem(place, "not_a_record"))
    if problems:
        return _Loaded(stamp, None, tuple(problems), collect(leaves))
    record, doubts = parse_patient(documents, leaves, _fallback_id(files[0]))
    return _Loaded(stamp, record, doubts, record.identifiers or collect(leaves))


def _fallback_id(file: Path) -> str:
    return file.parent.name if file.name in PARTS else file.stem


def _label(files: Sequence[Path], number: int) -> str:
    """Name a patient's folder or file in a problem; a name in Japanese may be the patient's."""
    file = files[0]
    name = file.parent.name if file.name in PARTS else file.name
    return name if re.fullmatch(r"[A-Za-z0-9._-]+", name) else f"#{number}"
