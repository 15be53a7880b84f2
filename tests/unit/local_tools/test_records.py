"""Records: every form is read, what is broken is named without a value, the others still load."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from local_tools.errors import Code, RecordError
from local_tools.records.dates import age_on, parse_date
from local_tools.records.karte_json import KarteFolder
from local_tools.records.strict_json import MAX_BYTES
from local_tools.resources import resource

PII = {
    "patient": {
        "full_name": "試野 花",
        "kana": "タメシノ ハナ",
        "date_of_birth": "1990-02-03",
        "gender": "女性",
        "patient_id": "T-1",
    }
}
MEDICAL = {
    "allergies": ["ペニシリン"],
    "current_medications": ["アムロジピン 5mg"],
    "medical_history": [{"condition": "高血圧", "diagnosed": "2020-01", "status": "治療中"}],
    "lab_results": {"bmp": {"K": {"value": 4.0, "unit": "mEq/L", "flag": "high"}}},
}


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(raw)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "a" / "patient_pii.json", PII)
    write(tmp_path / "a" / "patient_medical.json", MEDICAL)
    return tmp_path


def test_the_shipped_patients_all_load_without_a_problem() -> None:
    source = KarteFolder(resource("patients"))
    assert source.problems() == ()
    assert len(source.patients()) >= 7
    for row in source.patients():
        record = source.load(row.patient_id)
        assert record.identifiers
        assert record.display_name == row.display_name


def test_three_files_become_one_record(folder: Path) -> None:
    write(
        folder / "a" / "health_checkup_history.json",
        {"trend_summary": {"weight": {"2023": 50, "2024": "51.5", "trend": "横ばい"}}},
    )
    record = KarteFolder(folder).load("T-1")
    assert (record.display_name, record.kana) == ("試野 花", "タメシノ ハナ")
    assert record.birth_date == date(1990, 2, 3)
    assert record.conditions[0].path == "medical_history[0].condition"
    assert record.conditions[0].diagnosed == date(2020, 1, 1)
    assert [(e.path, e.text) for e in record.allergies] == [("allergies[0]", "ペニシリン")]
    assert record.labs[0].path == "lab_results.bmp.K"
    assert (record.labs[0].value, record.labs[0].flag) == ("4", "high")
    assert record.trends[0].years == {2023: "50", 2024: "51.5"}


def test_one_file_is_a_patient_too(tmp_path: Path) -> None:
    write(tmp_path / "somebody.json", {**PII, **MEDICAL})
    record = KarteFolder(tmp_path).load("T-1")
    assert record.medications[0].text == "アムロジピン 5mg"


def test_three_files_directly_in_the_folder_are_one_patient(tmp_path: Path) -> None:
    write(tmp_path / "patient_pii.json", PII)
    write(tmp_path / "patient_medical.json", MEDICAL)
    assert [row.patient_id for row in KarteFolder(tmp_path).patients()] == ["T-1"]


def test_the_older_flat_form_is_read(tmp_path: Path) -> None:
    flat = {
        "age_group": "30代",
        "chronic_conditions": ["喘息"],
        "medications": ["モンテルカスト"],
        "recent_labs": [{"test": "CRP", "value": 1.2, "flag": "high"}],
        "allergies": "卵、小麦",
    }
    record = KarteFolder(write(tmp_path / "flat.json", flat).parent).load("flat")
    assert record.age == 30
    assert [c.name for c in record.conditions] == ["喘息"]
    assert [e.text for e in record.allergies] == ["卵", "小麦"]
    assert (record.labs[0].test, record.labs[0].flag) == ("CRP", "high")
    assert record.identifiers == ()  # nobody knows who this is: the gate will refuse


def test_the_folder_name_stands_in_for_a_missing_patient_id(tmp_path: Path) -> None:
    write(tmp_path / "P07" / "patient_pii.json", {"patient": {"full_name": "試野 花"}})
    assert KarteFolder(tmp_path).patients()[0].patient_id == "P07"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "not_json"),
        (b"", "not_json"),
        (b"[1, 2]", "not_a_record"),
        (b'{"something": 1}', "not_a_record"),
        (b'{"patient": {}, "patient": {}}', "duplicate_key"),
        (b'{"patient": {"age": NaN}}', "not_a_number"),
        (b'{"patient": {"age": 1e999}}', "not_a_number"),
        (b'{"patient": ' + b"[" * 100 + b"]" * 100 + b"}", "nested_too_deep"),
        (b"[" * 100_000, "nested_too_deep"),
        (b'{"patient": {"full_name": "\\ud800"}}', "broken_characters"),
        ('{"patient": {"full_name": "試野"}}'.encode("cp932"), "not_utf8"),
        (b'{"patient": {"age": ' + b"9" * 5000 + b"}}", "not_json"),
    ],
)
def test_a_broken_file_is_named_and_the_others_still_load(
    folder: Path, content: bytes, problem: str
) -> None:
    write(folder / "broken.json", content)
    source = KarteFolder(folder)
    assert [(p.place, p.problem) for p in source.problems()] == [("broken.json", problem)]
    assert [row.patient_id for row in source.patients()] == ["T-1"]


def test_a_patient_with_one_broken_file_is_not_offered(folder: Path) -> None:
    write(folder / "a" / "patient_medical.json", b"{")
    source = KarteFolder(folder)
    assert source.patients() == ()
    assert source.problems()[0].place == "a/patient_medical.json"
    with pytest.raises(RecordError) as error:
        source.load("T-1")
    assert error.value.code is Code.RECORD_NOT_FOUND


def test_a_file_over_the_limit_is_not_read(folder: Path) -> None:
    path = folder / "huge.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert KarteFolder(folder).problems()[0].problem == "too_large"


def test_a_missing_folder_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    source = KarteFolder(tmp_path / "nowhere")
    assert source.patients() == ()
    assert source.problems()[0].problem == "folder_unreadable"


def test_a_bom_and_utf16_are_read(tmp_path: Path) -> None:
    text = json.dumps({**PII, **MEDICAL}, ensure_ascii=False)
    write(tmp_path / "bom.json", b"\xef\xbb\xbf" + text.encode())
    other = text.replace("T-1", "T-2")
    write(tmp_path / "wide.json", other.encode("utf-16"))
    assert {r.patient_id for r in KarteFolder(tmp_path).patients()} == {"T-1", "T-2"}


def test_a_field_that_is_not_understood_is_named_without_its_value(folder: Path) -> None:
    pii = {"patient": {**PII["patient"], "date_of_birth": "いつか春の日"}}
    write(folder / "a" / "patient_pii.json", pii)
    medical = {**MEDICAL, "medical_history": [{"condition": "喘息", "diagnosed": "子供のころ"}]}
    write(folder / "a" / "patient_medical.json", medical)
    source = KarteFolder(folder)
    assert [(p.place, p.problem) for p in source.problems()] == [
        ("a/patient_pii.json: patient.date_of_birth", "not_a_date"),
        ("a/patient_medical.json: medical_history[0].diagnosed", "not_a_date"),
    ]
    assert source.load("T-1").birth_date is None


def test_a_name_in_a_key_or_a_file_name_is_not_shown(tmp_path: Path) -> None:
    record = {**PII, "medical_history": [{"試野 花の病気": {"x": 1}, "condition": "喘息"}]}
    write(tmp_path / "試野花.json", record)
    write(tmp_path / "試野太郎.json", b"{")
    source = KarteFolder(tmp_path)
    assert [p.place for p in source.problems()] == ["#1"]
    paths = [field.path for field in source.load("T-1").fields]
    assert "medical_history[0].#1.#1" in paths
    assert not any("試野" in path for path in paths)


@pytest.mark.parametrize(
    "medical",
    [
        {"allergies": None, "medical_history": None, "lab_results": None},
        {"allergies": 7, "medical_history": "高血圧", "current_medications": {"x": 1}},
        {"allergies": [None, {}, [], True], "medical_history": [[[]], 3]},
        {"lab_results": [1, "a", None, {"test": ["x"]}], "medical_history": {"condition": "喘息"}},
        {"lab_results": {"a": {"b": {"c": {"d": {"e": {"value": 1}}}}}}},
        {"trend_summary": [1, 2], "vital_signs": "normal"},
    ],
)
def test_wrong_types_are_tolerated(folder: Path, medical: dict[str, Any]) -> None:
    write(folder / "a" / "patient_medical.json", {"patient_id": "T-1", **medical})
    assert KarteFolder(folder).load("T-1").identifiers


def test_an_allergy_in_an_unknown_shape_is_never_lost(folder: Path) -> None:
    medical = {"allergies": [{"kode": 12}, {"drug": ["ペニシリン"], "food": ["卵", "小麦"]}, 7]}
    write(folder / "a" / "patient_medical.json", medical)
    texts = [entry.text for entry in KarteFolder(folder).load("T-1").allergies]
    assert texts == ["", "ペニシリン", "卵", "小麦", "7"]


def test_a_change_on_the_disk_is_seen_and_an_unchanged_file_is_not_read_again(folder: Path) -> None:
    source = KarteFolder(folder)
    before = source.load("T-1")
    assert source.load("T-1") is before
    path = write(folder / "a" / "patient_medical.json", {**MEDICAL, "allergies": []})
    os.utime(path, ns=(1, 1))
    assert source.load("T-1").allergies == ()
    write(folder / "b.json", {"patient": {"full_name": "新野 草", "patient_id": "T-2"}})
    assert len(source.patients()) == 2


def test_the_same_id_twice_opens_no_wrong_patient(folder: Path) -> None:
    write(folder / "b" / "patient_pii.json", PII)
    source = KarteFolder(folder)
    assert len(source.patients()) == 1
    assert [(p.place, p.problem) for p in source.problems()] == [
        ("b: patient.patient_id", "used_twice")
    ]


def test_notes_are_free_text_and_words_are_not(folder: Path) -> None:
    note = "四月二日の夕方から動悸とめまいが続いている。"
    write(folder / "a" / "patient_medical.json", {**MEDICAL, "clinical_notes": note})
    assert KarteFolder(folder).load("T-1").free_texts == (note,)


def test_a_record_shows_nothing_of_itself(folder: Path) -> None:
    record = KarteFolder(folder).load("T-1")
    shown = repr(record) + repr(record.identifiers) + repr(record.fields) + repr(record.conditions)
    assert not any(i.value in shown for i in record.identifiers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1985-03-01", date(1985, 3, 1)),
        ("1985/3/1", date(1985, 3, 1)),
        ("１９８５年３月１日", date(1985, 3, 1)),
        ("19850301", date(1985, 3, 1)),
        ("昭和60年3月1日", date(1985, 3, 1)),
        ("S60.3.1", date(1985, 3, 1)),
        ("令和元年5月", date(2019, 5, 1)),
        ("R4.3", date(2022, 3, 1)),
        ("2020-07-01T09:30:00+09:00", date(2020, 7, 1)),
        ("2015", date(2015, 1, 1)),
        ("2015年", date(2015, 1, 1)),
        ("1985-02-30", None),
        ("3月1日", None),
        ("5年前", None),
        ("X60.3.1", None),
        ("昭和99年", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


def test_age_counts_full_years() -> None:
    assert age_on(date(2000, 2, 29), date(2026, 2, 28)) == 25
    assert age_on(date(2000, 2, 29), date(2026, 3, 1)) == 26


def known(folder: Path) -> set[str]:
    return {identifier.value for identifier in KarteFolder(folder).identifiers()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("patient_medical.json", b'{"allergies": ['),
        ("patient_pii.json", json.dumps(PII).encode()[:-2]),
        ("patient_pii.json", json.dumps(PII, ensure_ascii=False).encode("cp932")),
        ("patient_pii.json", json.dumps(PII).replace("{", '{"patient_id": 1, ', 1).encode()),
    ],
    ids=["other file broken", "half written", "other encoding", "twice"],
)
def test_the_scan_knows_who_is_in_a_broken_record(folder: Path, name: str, content: bytes) -> None:
    write(folder / "a" / name, content)
    assert {"試野", "試野花", "T-1"} <= known(folder)


def test_the_scan_keeps_what_it_knew_while_a_file_is_being_written(folder: Path) -> None:
    source = KarteFolder(folder)
    before = source.identifiers()
    write(folder / "a" / "patient_pii.json", b"")
    assert source.patients() == ()
    assert set(before) <= set(source.identifiers())


def test_the_scan_knows_a_patient_whose_id_is_used_twice(folder: Path) -> None:
    other = {"full_name": "別野 月", "patient_id": "T-1"}
    write(folder / "b.json", {"patient": other, "allergies": []})
    assert {"試野", "別野"} <= known(folder)


def test_the_scan_knows_what_the_gate_refuses_for_want_of_a_name(folder: Path) -> None:
    phone = {"patient": {"phone": "03-0000-0009"}, "allergies": []}
    write(folder / "b.json", phone)
    assert KarteFolder(folder).load("b").identifiers == ()
    assert "03-0000-0009" in known(folder)


def test_a_folder_name_that_is_the_number_of_a_patient_identifies(tmp_path: Path) -> None:
    write(tmp_path / "K-100999" / "patient_pii.json", {"patient": {"full_name": "試野 花"}})
    write(tmp_path / "asthma" / "patient_pii.json", {"patient": {"full_name": "別野 月"}})
    assert "K-100999" in known(tmp_path)
    assert "asthma" not in known(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_or_a_device_is_not_waited_for(folder: Path) -> None:
    (folder / "b").mkdir()
    os.mkfifo(folder / "b" / "patient_pii.json")
    (folder / "c").mkdir()
    (folder / "c" / "patient_pii.json").symlink_to("/dev/zero")
    source = KarteFolder(folder)
    assert {p.problem for p in source.problems()} == {"unreadable"}
    assert len(source.patients()) == 1
