"""Views: what they make alike, and that they remember where everything came from."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from local_tools.privacy.normalise import (
    View,
    digits,
    fold,
    numerals,
    prose,
    romaji,
    skeleton,
    squash,
    squashed,
)

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TRICKY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "髙橋高々ﾀｶﾊｼ゛ﾞ\u3099タかーヶャッ\u200b\u200d\ufe0f\u00ad\u3164ŌōéАа"
            "①㍼½Ⅱ０٣〇十年月日 　-－−‐・"
        ),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("髙 橋", "高橋"),
        ("【髙】【橋】", "高橋"),
        ("髙\u200b橋", "高橋"),
        ("髙\ufe00橋\U000e0101", "高橋"),
        ("髙😀橋", "高橋"),
        ("⽥中", "田中"),
        ("𠮷田", "吉田"),
        ("佐々木", "佐佐木"),
        ("佐々々木々々", "佐佐佐木木木"),
        ("たかはし", "タカハシ"),
        ("ﾀﾞｲｺﾞ", "ダイゴ"),
        ("タ゛イコ゛", "ダイゴ"),
        ("た\u3099いこ\u3099", "ダイゴ"),
        ("シャッキョウ", "シヤツキヨウ"),
        ("ユーコ", "ユコ"),
        ("ヵヶ", "カケ"),
        ("Ｔａｋａ", "taka"),
        ("𝐓𝐚𝐤𝐚", "taka"),
        ("Ōno", "ono"),
        ("Ѕаtо", "sato"),
        ("㍼60", "昭和60"),
        ("\u3164", ""),
    ],
)
def test_spellings_are_squashed_alike(written: str, seen: str) -> None:
    assert squash(fold(written)).text == seen


@pytest.mark.parametrize(
    ("kana", "spellings"),
    [
        ("タカハシ", ["Takahashi", "TAKAHASI", "ｔａｋａｈａｓｈｉ", "Taka-hashi"]),
        ("オオノ", ["Ohno", "Ono", "Oono", "Ōno"]),
        ("イトウ", ["Ito", "Itoh", "Itou", "Itō"]),
        ("ジュンイチ", ["Junichi", "Jun'ichi", "Zyuniti", "Jyunichi"]),
        ("チャチャマル", ["Chachamaru", "Tyatyamaru"]),
        ("ハットリ", ["Hattori", "Hatori"]),
        ("マッチャ", ["Matcha", "Maccha"]),
        ("ナンバ", ["Namba", "Nanba"]),
        ("ユウスケ", ["Yusuke", "Yuusuke", "Yūsuke"]),
        ("ツヅキ", ["Tsuzuki", "Tuzuki"]),
        ("フジイ", ["Fujii", "Huzii", "Fuji"]),
    ],
)
def test_romaji_has_one_skeleton(kana: str, spellings: list[str]) -> None:
    assert {skeleton(fold(spelling)).text for spelling in spellings} == {romaji(kana)}


def test_kanji_numbers_before_a_counter_become_figures() -> None:
    assert prose(fold("昭和六十年三月十一日")).text == "昭和60年3月11日"
    assert prose(fold("二〇二四年 四十歳 十歳")).text == "2024年 40歳 10歳"
    assert prose(fold("一過性、三叉神経")).text == "一過性、三叉神経"


def test_digits_of_every_script_are_digits() -> None:
    assert digits(fold("０９０ー①２٣")).text == "090123"
    assert numerals(fold("〇九〇の一二三四")).text == "0901234"


def test_dashes_and_spaces_are_of_one_kind() -> None:
    assert prose(fold("090−1234‐5678　a\n b")).text == "090-1234-5678 a b"


def test_a_hit_is_found_again_in_the_original() -> None:
    text = "患者：ﾀﾞ\u200bｲ ゴ様"
    view = squash(fold(text))
    start = view.text.index("ダイゴ")
    first, last = view.origin(start, start + 3)
    assert text[first:last] == "ﾀﾞ\u200bｲ ゴ"


@PATIENTLY
@given(TRICKY)
def test_any_text_has_views_with_honest_origins(text: str) -> None:
    for view in _views(text):
        assert len(view.text) == len(view.origins)
        assert all(0 <= a < b <= len(text) for a, b in view.origins)
        assert list(view.origins) == sorted(view.origins)


@PATIENTLY
@given(st.text(alphabet="髙橋高佐々木タかーヶャッＴａ－ 　・、。0５ﾀｶ\u200b力口", max_size=30))
def test_the_fast_way_gives_the_same(text: str) -> None:
    assert squashed(text) == squash(fold(text)).text


def _views(text: str) -> tuple[View, ...]:
    folded = fold(text)
    return (
        *(folded, squash(folded), skeleton(folded)),
        *(digits(folded), numerals(folded), prose(folded)),
    )
