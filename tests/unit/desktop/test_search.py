"""A patient is found however the name is typed."""

from __future__ import annotations

import pytest

from desktop.core.search import matching
from local_tools.model import PatientRow

ROWS = (
    PatientRow("P-1001", "試験 花子", "シケン ハナコ", None, "F"),
    PatientRow("P-1002", "John Doe", "ジョン ドウ", None, "M"),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["P-1001", "P-1002"]),
        ("花子", ["P-1001"]),
        ("しけん", ["P-1001"]),
        ("ｼｹﾝ", ["P-1001"]),
        ("試験花子", ["P-1001"]),
        ("花子 シケン", ["P-1001"]),
        ("ＪＯＨＮ", ["P-1002"]),
        ("p-1002", ["P-1002"]),
        ("P-100", ["P-1001", "P-1002"]),
        ("nobody", []),
    ],
)
def test_matching(query: str, found: list[str]) -> None:
    assert [row.patient_id for row in matching(ROWS, query)] == found
