"""The doctor's own message."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from local_tools.model import Identifier, IdentifierKind as Kind
from local_tools.privacy.message_check import check_message
from local_tools.vocabulary import Vocabulary

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

IDENTIFIERS = (
    Identifier(Kind.NAME, "橋本 美咲"),
    Identifier(Kind.KANA, "ハシモト ミサキ"),
    Identifier(Kind.BIRTH_DATE, "1985-03-01"),
    Identifier(Kind.PHONE, "090-1234-5678"),
    Identifier(Kind.PATIENT_ID, "P-20417"),
    Identifier(Kind.CONTACT_NAME, "橋本 健一"),
    Identifier(Kind.FACILITY, "山田内科クリニック"),
    Identifier(Kind.DOCTOR, "鷺沼 慎一郎"),
    Identifier(Kind.NAME, "バセドウ 太郎"),
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.mark.parametrize(
    "text",
    [
        "めまいと動悸があります。バセドウ病の治療中です。",
        "3日前からふらつく。TSH低値。血圧 120/80、脈 110。",
        "30代女性、5年以上前に診断。",
        "She has had palpitations for 3 days, TSH low.",
        "",
    ],
)
def test_a_clinical_message_may_go(text: str, vocabulary: Vocabulary) -> None:
    found = check_message(text, IDENTIFIERS, vocabulary=vocabulary)
    assert found.findings == ()
    assert found.cleaned == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("橋本美咲さんの動悸について", "患者さんの動悸について"),
        ("橋本 美咲、動悸", "患者、動悸"),
        ("はしもとみさき様", "患者"),
        ("Hashimoto さんは", "患者 さんは"),
        ("35歳の女性", "30代の女性"),
        ("93歳の女性", "90歳以上の女性"),
        ("7歳の男児", "10歳未満の男児"),
        ("電話は090-1234-5678です", "電話は（電話番号）です"),
        ("1985年3月1日生まれ", "（生年月日）生まれ"),
        ("2024年5月1日に受診", "（日付）に受診"),
        ("山田内科クリニックの鷺沼先生から", "当院の担当医先生から"),
        ("夫の健一さんが", "夫の家族さんが"),
        ("ID: P-20417", "（患者番号）"),
    ],
)
def test_what_identifies_gets_a_neutral_word(text: str, cleaned: str) -> None:
    found = check_message(text, IDENTIFIERS)
    assert found.findings
    assert found.cleaned == cleaned


def test_english_words_for_an_english_message() -> None:
    found = check_message("Misaki Hashimoto, 35 years old, palpitations", IDENTIFIERS, lang="en")
    assert found.cleaned == "the patient, 30s, palpitations"


def test_a_name_inside_a_disease_is_no_finding(vocabulary: Vocabulary) -> None:
    assert not check_message("バセドウ病の再燃", IDENTIFIERS, vocabulary=vocabulary).findings
    assert check_message("バセドウさん", IDENTIFIERS, vocabulary=vocabulary).findings
    assert check_message("バセドウ病院より", IDENTIFIERS, vocabulary=vocabulary).findings


def test_hashimoto_is_a_disease_a_patient_and_a_hospital(vocabulary: Vocabulary) -> None:
    def findings(text: str) -> list[str]:
        found = check_message(text, IDENTIFIERS, vocabulary=vocabulary).findings
        return [text[finding.start : finding.end] for finding in found]

    assert findings("橋本病の既往、川崎病の疑い") == []
    assert findings("橋本病院からの紹介") == ["橋本"]
    assert findings("橋本さんの橋本病") == ["橋本"]


def test_findings_are_in_order_and_do_not_overlap() -> None:
    text = "橋本美咲、1985年3月1日生まれ、P-20417、090-1234-5678、橋本健一"
    findings = check_message(text, IDENTIFIERS).findings
    assert all(a.end <= b.start for a, b in pairwise(findings))
    assert [text[f.start : f.end] for f in findings] == [
        *("橋本美咲", "1985年3月1日", "P-20417", "090-1234-5678", "橋本健一"),
    ]


def test_spans_are_of_the_original_text() -> None:
    text = "患者は「橋\u200b本　美 咲」です"
    (finding,) = check_message(text, IDENTIFIERS).findings
    assert text[finding.start : finding.end] == "橋\u200b本　美 咲"


PIECES = st.sampled_from(
    [
        *(
            "橋本",
            "美咲",
            "橋 本",
            "みさき",
            "Hashimoto",
            "hashi",
            "moto",
            "健一",
            "さん",
            "様",
            "病",
            "院",
        ),
        *(
            "1985",
            "年",
            "3月",
            "1日",
            "生まれ",
            "-03-01",
            "昭和",
            "60",
            "090",
            "-1234",
            "-5678",
            "35歳",
        ),
        *(
            "P-",
            "20417",
            "患者",
            "番号",
            "ID",
            "（",
            "）",
            "、",
            " ",
            "\u200b",
            "動悸",
            "a",
            "@b.jp",
            "〒",
        ),
    ]
)


@PATIENTLY
@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_cleaned_text_passes_the_check_itself(text: str) -> None:
    for lang in ("ja", "en"):
        cleaned = check_message(text, IDENTIFIERS, lang=lang).cleaned
        assert check_message(cleaned, IDENTIFIERS, lang=lang).findings == ()


@PATIENTLY
@given(st.text(max_size=50))
def test_any_message_can_be_checked(text: str) -> None:
    check_message(text, IDENTIFIERS)


@pytest.mark.parametrize(
    "text",
    ["橋本さん、" * 2000, "a" * 20_000, "1-" * 10_000, "a@a." * 5000, "人" + "々" * 5000],
    ids=["names", "letters", "figures", "addresses", "repeats"],
)
def test_a_long_paste_is_checked_in_moments(text: str, vocabulary: Vocabulary) -> None:
    """Each of these would take minutes if the time grew with the square of the length."""
    check_message(text, IDENTIFIERS, vocabulary=vocabulary)
