"""The scan for identifiers: spellings that it must see, and near misses that it must not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from local_tools.model import Identifier, IdentifierKind as Kind
from local_tools.privacy.identifiers import IdentifierIndex, index_of

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PATIENT = (
    Identifier(Kind.NAME, "髙橋 美咲"),
    Identifier(Kind.KANA, "タカハシ ミサキ"),
    Identifier(Kind.BIRTH_DATE, "1985-03-01"),
    Identifier(Kind.ADDRESS, "東京都世田谷区桜丘1-2-3"),
    Identifier(Kind.PHONE, "090-1234-5678"),
    Identifier(Kind.EMAIL, "misaki.t@example.jp"),
    Identifier(Kind.PATIENT_ID, "P-20417"),
    Identifier(Kind.CONTACT_NAME, "林 健"),
    Identifier(Kind.FACILITY, "医療法人社団 山田内科クリニック"),
    Identifier(Kind.DOCTOR, "鷺沼 慎一郎 医師"),
    Identifier(Kind.LICENCE, "第481516号"),
    Identifier(Kind.OTHER_ID, "1234 5678 9018"),
)


@pytest.fixture(scope="module")
def index() -> IdentifierIndex:
    return index_of(PATIENT)


FOUND = {
    Kind.NAME: [
        *("髙橋美咲", "高橋 美咲", "髙橋", "美咲", "美咲 髙橋", "髙・橋", "髙\n橋", "【髙】【橋】"),
        *("髙\u200b橋", "髙\u202e橋", "髙😀橋", "患者は高橋さんです", "高橋様"),
    ],
    Kind.KANA: [
        *("たかはしみさき", "ﾀｶﾊｼ ﾐｻｷ", "タカハシ", "みさきさん", "Takahashi", "TAKAHASI"),
        *(
            "Ｔａｋａｈａｓｈｉ",
            "misaki takahashi",
            "MisakiTakahashi",
            "T a k a h a s h i",
            "Tаkаhаshi",
        ),
    ],
    Kind.BIRTH_DATE: [
        *("1985-03-01", "1985/03/01は", "19850301", "1985年3月1日", "昭和60年3月1日", "S60.03.01"),
        *("昭和六十年三月一日", "㍼60年3月1日", "03/01/1985", "01.03.1985", "Ｓ６０．０３．０１"),
    ],
    Kind.ADDRESS: ["世田谷区", "世田谷に住む", "桜丘1-2-3", "世田谷区桜丘１−２−３"],
    Kind.PHONE: [
        *("090-1234-5678", "09012345678", "+81 90 1234 5678", "090の1234の5678"),
        *("〇九〇一二三四五六七八", "０９０ー１２３４ー５６７８", "⓪⑨⓪12345678"),
    ],
    Kind.EMAIL: ["misaki.t@example.jp", "MISAKI.T ＠ example.jp"],
    Kind.PATIENT_ID: ["P-20417", "p20417", "ID: P 20417"],
    Kind.CONTACT_NAME: ["林健", "林 健", "林さん", "健くん"],
    Kind.FACILITY: ["山田内科クリニック", "山田内科", "山田 内科 クリニック"],
    Kind.DOCTOR: ["鷺沼慎一郎", "鷺沼先生", "慎一郎"],
    Kind.LICENCE: ["第481516号", "第４８１５１６号"],
    Kind.OTHER_ID: ["1234-5678-9018", "123456789018"],
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts]
)
def test_a_spelling_is_found(index: IdentifierIndex, kind: Kind, text: str) -> None:
    hits = index.find(text)
    assert hits
    assert kind in {hit.kind for hit in hits} or kind in (Kind.KANA, Kind.NAME)


@pytest.mark.parametrize(
    "text", ["咲美橋髙", "ikasimisahakat", "8765-4321-090", "せいたかはしご", "ihsahakat"]
)
def test_backwards_and_inside_words_only_in_what_leaves(index: IdentifierIndex, text: str) -> None:
    assert not index.find(text)
    assert index.find(text, strict=True)


@pytest.mark.parametrize(
    "text",
    [
        "高血圧症と橋本病",
        "森林浴のあと健康になった",
        "美容",
        "takahe",
        "1985",
        "090-1234",
        "3月",
        "東京都",
        "丘疹",
        "内科",
        "医師に相談",
        "P-2041",
        "TSH低値、FT4高値、めまいと動悸。ペニシリンアレルギーあり。",
        "Graves' disease, under treatment, 30-39 years",
    ],
)
def test_a_near_miss_is_not_found(index: IdentifierIndex, text: str) -> None:
    assert not index.find(text)


def test_a_given_name_in_kana_is_no_hit_inside_a_word() -> None:
    index = index_of((Identifier(Kind.KANA, "サトウ タダシ"), Identifier(Kind.NAME, "佐藤 正")))
    assert not index.find("ただし、症状は軽い。正常。")
    assert index.find("タダシ")
    assert index.find("ただしさん")
    assert index.find("さとうただし")


def test_a_name_without_a_space_is_taken_apart() -> None:
    index = index_of((Identifier(Kind.NAME, "田中実"), Identifier(Kind.NAME, "高橋健太")))
    assert all(index.find(text) for text in ("田中", "高橋", "健太"))


def test_parts_that_come_with_the_whole_are_not_guessed_at() -> None:
    index = index_of((Identifier(Kind.NAME, "長谷川 実"), Identifier(Kind.NAME, "長谷川")))
    assert index.find("長谷川")
    assert not index.find("谷川岳")


def test_an_english_name() -> None:
    index = index_of((Identifier(Kind.NAME, "Mary Ann O'Brien"),))
    assert all(index.find(t) for t in ("Mary", "O'Brien", "OBRIEN", "maryannobrien", "ｍａｒｙ"))
    assert not index.find("primary care, summary")


@pytest.mark.parametrize("value", ["", " ", "・", "Dr.", "医師", "-", "0"])
def test_an_empty_or_odd_value_harms_nothing(value: str) -> None:
    for kind in Kind:
        assert not index_of((Identifier(kind, value),)).find("高血圧症 with TSH low 30代 1-5年前")


def test_a_field_that_nobody_filled_in_is_no_name() -> None:
    index = index_of((Identifier(Kind.NAME, "不明"), Identifier(Kind.DOCTOR, "担当医")))
    assert not index.find("原因不明の発熱、担当医に相談")


@pytest.mark.parametrize(
    "value", ["S60.3.1", "昭和60年3月1日", "1985/03/01", "19850301", "1985-03-01T00:00:00"]
)
def test_a_birth_date_is_read_in_every_form(value: str) -> None:
    index = index_of((Identifier(Kind.BIRTH_DATE, value),))
    assert index.find("1985年3月1日")
    assert index.find("S600301")


def test_a_set_is_indexed_once() -> None:
    assert index_of(PATIENT) is index_of(tuple(i for i in PATIENT))
    assert index_of(PATIENT) is not index_of(PATIENT[1:])


def test_a_hit_says_where_it_is(index: IdentifierIndex) -> None:
    text = "本日、髙 橋様が来院"
    spans = {text[hit.start : hit.end] for hit in index.find(text)}
    assert spans == {"髙 橋"}


@PATIENTLY
@given(st.text(max_size=30), st.text(max_size=30))
def test_the_name_is_found_in_any_surroundings(before: str, after: str) -> None:
    assert index_of(PATIENT).find(f"{before}髙橋美咲{after}")


@PATIENTLY
@given(st.text(min_size=1, max_size=20), st.sampled_from(list(Kind)))
def test_any_value_can_be_indexed(value: str, kind: Kind) -> None:
    index_of((Identifier(kind, value),)).find("高血圧症", strict=True)
