"""Shapes that identify whoever it is, each with near misses; numbers with a check digit; prose."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from local_tools.privacy.recognisers import my_number
from local_tools.privacy.recognisers.patterns import Shape, find_shapes
from local_tools.privacy.recognisers.verbatim import repeats

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SHAPES = {
    Shape.DATE: [
        *(
            "2024-05-01",
            "2024/5/1",
            "2024.5",
            "2024年5月",
            "２０２４年５月１日",
            "20240501",
            "5月1日",
        ),
        *(
            "85/3/1",
            "01-03-1985",
            "March 1, 1985",
            "1 March",
            "01-MAR-1985",
            "Sept 2024",
            "May 3, 2024",
        ),
        "二〇二四年五月一日",
    ],
    Shape.ERA: [
        "昭和60年",
        "S60.3.1",
        "S60年",
        "令和元年",
        "㍻3年5月",
        "S600301",
        "Ｓ６０．３．１",
    ],
    Shape.BIRTH: ["1985年生まれ", "1985生", "born in 1985"],
    Shape.AGE: ["40歳", "４０才", "四十歳", "40-year-old", "aged 40", "40 y/o", "40 years old"],
    Shape.PHONE: [
        "090-1234-5678",
        "03-1234-5678",
        "+81 90 1234 5678",
        "(03)1234-5678",
        "09012345678",
    ],
    Shape.POSTAL_CODE: ["〒154-0021", "154-0021", "１５４－００２１"],
    Shape.EMAIL: ["a.b@clinic.example.jp", "a@b.jp", "a＠b.jp"],
    Shape.URL: ["https://example.jp/x", "www.example.jp"],
    Shape.UUID: ["123e4567-e89b-12d3-a456-426614174000"],
    Shape.MY_NUMBER: ["1234 5678 9018", "123456789018"],
    Shape.INSURANCE: ["記号12 番号345", "被保険者証 1234・56", "保険者番号06123456"],
    Shape.PATIENT_ID: ["患者番号 1234", "ID: 20417", "カルテNo.123", "MRN 55555"],
    Shape.LICENCE: ["第481516号"],
    Shape.LONG_NUMBER: ["1234567", "12 34 56 78"],
}


@pytest.mark.parametrize(
    ("shape", "text"), [(shape, text) for shape, texts in SHAPES.items() for text in texts]
)
def test_a_shape_is_recognised(shape: Shape, text: str) -> None:
    assert shape in {hit.kind for hit in find_shapes(f"あ {text} ん")}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "30代",
            "90歳以上",
            "10歳未満",
            "1-5年前",
            "5年以上前",
            "30-39 years",
            "90 years and over",
        ),
        *("血圧 120/80", "TSH 0.01", "FT4 3.2 ng/dL", "1日3回", "5mg", "2型糖尿病", "WBC 12000"),
        *(
            "H2受容体",
            "T4高値",
            "S1-S2",
            "3日前から",
            "昨日",
            "may have 2 tablets",
            "1-5 years ago",
        ),
        *("第2度房室ブロック", "保険診療", "患者さん", "marked in 3 weeks", "18歳未満は慎重投与"),
    ],
)
def test_a_near_miss_is_not(text: str) -> None:
    assert not find_shapes(text)


def test_an_age_tells_its_number() -> None:
    (hit,) = find_shapes("４２歳の女性")
    assert (hit.start, hit.end, hit.number) == (0, 3, 42)


@PATIENTLY
@given(st.text(max_size=60))
def test_any_text_can_be_searched(text: str) -> None:
    for hit in find_shapes(text):
        assert 0 <= hit.start < hit.end <= len(text)


def test_the_check_digit_of_an_individual_number() -> None:
    assert my_number.is_valid("1234-5678-9018")
    assert not my_number.is_valid("1234-5678-9019")
    assert not my_number.is_valid("123456789")
    body = "12345678901"
    assert sum(my_number.is_valid(f"{body}{digit}") for digit in range(10)) == 1


NOTE = ("娘の結婚式のあと、動悸が続くとのこと。ワルファリンとロキソプロフェンの併用を確認。",)


@pytest.mark.parametrize(
    "text",
    [
        "娘の結婚式のあと動悸が続くとのこと",
        "娘 の 結婚式 の あと、動悸が 続くと",
        "あいう娘の結婚式のあと、動悸が続くとのえお",
    ],
)
def test_a_run_of_the_note_is_seen(text: str) -> None:
    assert repeats(text, (), NOTE)


def test_a_short_or_different_run_is_not() -> None:
    assert not repeats("動悸が続くとのこと", (), NOTE)
    assert not repeats("息子の結婚式のまえ動悸が続かないとのこと", (), NOTE)
    assert not repeats("娘の結婚式のあと動悸が続くとのこと", (), ())


def test_terms_do_not_count() -> None:
    text = "ワルファリンとロキソプロフェンの併用"
    assert repeats(text, (), NOTE)
    assert not repeats(text, ((0, 6), (7, 15)), NOTE)


def test_latin_prose_needs_a_longer_run() -> None:
    note = ("She plays the violin in the town orchestra and travels a lot.",)
    assert repeats("plays the violin in the town orchestra and travels", (), note)
    assert not repeats("the violin in the town", (), note)
