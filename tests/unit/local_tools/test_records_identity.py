"""Everything identifying is collected in the same pass, wherever in the record it stands."""

from __future__ import annotations

import pytest

from local_tools.model import IdentifierKind as Kind
from local_tools.records.identity import identifiers_of
from local_tools.records.leaves import leaves_of
from local_tools.records.strict_json import Json

DOCUMENT: Json = {
    "patient": {
        "full_name": "試野 花",
        "kana": "タメシノ　ハナ",
        "date_of_birth": "S60.3.1",
        "age": 41,
        "gender": "女性",
        "address": {
            "postal_code": "000-0001",
            "prefecture": "青海県",
            "city": "蛍市",
            "street": "台1-2-3",
        },
        "phone": "090-0000-0001",
        "patient_id": 12345,
        "emergency_contact": {"name": "試野 健", "relationship": "夫", "phone": "090-0000-0002"},
        "employer": {"company": "蛍印刷", "幼名": "はなこ"},
        "smoker": False,
    },
    "medical_provider": {
        "facility_name": "蛍内科",
        "doctor_name": "医野 守",
        "license_number": "第9号",
    },
    "medical_history": [
        {"condition": "喘息", "doctor": "別野 医", "notes": "妻の電話 090-0000-0003、a@b.example"}
    ],
}


def found(document: Json = DOCUMENT) -> dict[str, Kind]:
    return {i.value: i.kind for i in reversed(identifiers_of(leaves_of(document)))}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("試野 花", Kind.NAME),
        ("試野", Kind.NAME),
        ("試野花", Kind.NAME),
        ("花", Kind.NAME),
        ("タメシノ", Kind.KANA),
        ("S60.3.1", Kind.BIRTH_DATE),
        ("1985-03-01", Kind.BIRTH_DATE),
        ("000-0001", Kind.ADDRESS),
        ("蛍市", Kind.ADDRESS),
        ("青海県蛍市台1-2-3", Kind.ADDRESS),
        ("090-0000-0001", Kind.PHONE),
        ("12345", Kind.PATIENT_ID),
        ("試野 健", Kind.CONTACT_NAME),
        ("健", Kind.CONTACT_NAME),
        ("090-0000-0002", Kind.PHONE),
        ("蛍印刷", Kind.OTHER_ID),
        ("はなこ", Kind.OTHER_ID),
        ("幼名", Kind.OTHER_ID),
        ("蛍内科", Kind.FACILITY),
        ("医野 守", Kind.DOCTOR),
        ("医野", Kind.DOCTOR),
        ("第9号", Kind.LICENCE),
        ("別野 医", Kind.DOCTOR),
        ("090-0000-0003", Kind.PHONE),
        ("a@b.example", Kind.EMAIL),
    ],
)
def test_is_an_identifier(value: str, kind: Kind) -> None:
    assert found()[value] is kind


@pytest.mark.parametrize("value", ["青海県", "女性", "41", "夫", "喘息", "false"])
def test_is_common_to_many_people(value: str) -> None:
    assert value not in found()


def test_a_name_without_a_space_is_cut_in_every_way() -> None:
    assert {"試野", "花子", "試野花子"} <= found({"patient": {"full_name": "試野花子"}}).keys()


def test_without_a_name_or_an_id_nothing_counts() -> None:
    assert found({"patient": {"phone": "090-0000-0001"}, "medical_history": []}) == {}


def test_an_address_as_one_line_gives_its_parts_but_not_what_is_everywhere() -> None:
    document: Json = {"patient": {"name": "A B", "address": "〒000-0123 青海県 西灯台町 岬3-3-3"}}
    values = found(document)
    assert "西灯台町" in values
    assert "青海県" not in values
    english: Json = {"patient": {"name": "A B", "address": "9-10 Harbour Lane, Apt 305"}}
    assert {"Harbour", "9-10 Harbour Lane, Apt 305"} <= found(english).keys()
    assert not {"Apt", "305", "Lane"} & found(english).keys()


def test_titles_and_initials_are_not_names() -> None:
    document: Json = {"patient": {"name": "Rowan Q. Ash"}, "doctor": "Dr. Haruka Midori"}
    values = found(document)
    assert {"Rowan", "Ash", "Haruka"} <= values.keys()
    assert not {"Q.", "Dr."} & values.keys()


@pytest.mark.parametrize(
    "document",
    [
        {"Patient": {"FullName": "試野 花", "PatientId": "T-100"}},
        {"patient": {"fullName": "試野 花", "patientId": "T-100"}},
        {"patient_info": {"name": "試野 花", "id": "T-100"}},
        {"demographics": {"Name": {"family": "試野", "given": "花"}, "MRN": "T-100"}},
        {"患者": {"氏名": "試野 花", "診察券番号": "T-100"}},
        {"name": "試野 花", "id": "T-100"},
        {"patient": [{"name": ["試野", "花"], "id": "T-100"}]},
    ],
    ids=["capitals", "camel", "other zone", "nested name", "japanese", "flat", "list"],
)
def test_who_it_is_is_found_however_the_keys_are_written(document: Json) -> None:
    values = found(document)
    assert values["試野"] is Kind.NAME
    assert values["T-100"] is Kind.PATIENT_ID


def test_staff_and_family_outside_the_patient_are_found() -> None:
    document: Json = {
        "patient": {"name": "試野 花", "spouse": "試野 健"},
        "family": [{"name": "試野 望"}],
        "medical_history": [{"condition": "喘息", "referred_by": "医野 守"}],
    }
    values = found(document)
    assert [values[name] for name in ("健", "望")] == [Kind.CONTACT_NAME] * 2
    assert values["医野"] is Kind.DOCTOR


def test_prose_under_a_name_gives_no_words_and_nothing_endless() -> None:
    values = found(
        {"patient": {"id": "T-100", "name": "安定 して います " * 9, "note": "長" * 999}}
    )
    assert "安定" not in values
    assert max(map(len, values)) < 200


def test_a_name_of_a_medicine_or_a_test_is_no_persons() -> None:
    document: Json = {
        "patient": {"name": "試野 花"},
        "current_medications": [{"name": "アムロジピン"}],
        "family_history": {"father": "高血圧"},
    }
    assert "アムロジピン" not in found(document)


def test_a_megabyte_of_an_encoded_image_is_searched_at_once() -> None:
    document: Json = {"patient": {"name": "試野 花"}, "image": "QUJD" * 250_000 + " a@b.example"}
    assert found(document)["a@b.example"] is Kind.EMAIL
