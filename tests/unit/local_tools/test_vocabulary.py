"""Recognising a record's words, and judging an outgoing text: whole strings, nothing similar."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local_tools.errors import VocabularyError
from local_tools.model import Lang
from local_tools.resources import resource
from local_tools.vocabulary import Kind, Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("アムロジピン 5mg 1日1回", "amlodipine"),
        ("ﾉﾙﾊﾞｽｸOD錠５ｍｇ", "amlodipine"),
        ("アムロジピンベシル酸塩", "amlodipine"),
        ("amlodipine 5 mg tablets", "amlodipine"),
        ("ロキソニン錠60mg「第一三共」 1日3回 毎食後", "loxoprofen"),
        ("マグミット錠330mg 3T3x", "magnesium_oxide"),
        ("アドエア250ディスカス", "fluticasone_salmeterol"),
        ("warfarin (Coumadin) 5mg daily", "warfarin"),
        ("ホクナリンテープ1mg", "tulobuterol"),
        ("キサラタン点眼液0.005% 両眼", "latanoprost"),
        ("ロキソニンテープ100mg", None),  # a tape does not interact like a tablet
        ("タクロリムス軟膏", None),
        ("フロリードゲル経口用2%", "miconazole"),  # taken by mouth, and stronger with warfarin
        ("ミケランLA点眼液2%", "carteolol_eye"),
        ("アムロジピン(ワーファリン)", None),  # two names that mean different things
        ("アムロジピ", None),
        ("アムロジピンX", None),
        ("アムロジピンとワルファリン", None),
        ("5mg", None),
        ("", None),
    ],
)
def test_medicines(vocabulary: Vocabulary, text: str, expected: str | None) -> None:
    term = vocabulary.drug(text)
    assert (term.id if term else None) == expected


@pytest.mark.parametrize(
    ("text", "ja", "en"),
    [
        ("高血圧", "高血圧症", "hypertension"),
        ("Graves’ disease", "バセドウ病", "Graves' disease"),
        ("2型糖尿病", "2型糖尿病", "type 2 diabetes mellitus"),
        ("Ⅱ型糖尿病", "2型糖尿病", "type 2 diabetes mellitus"),
        ("胃がん", "胃癌", "gastric cancer"),
        ("気管支喘息の疑い", "気管支喘息疑い", "suspected bronchial asthma"),
        ("左鼠径ヘルニア術後", "左側鼠径ヘルニア術後", None),
        ("急性腎盂腎炎", "急性腎盂腎炎", "acute pyelonephritis"),
        ("脊柱管狭窄症", None, None),  # of the neck or the back: not said, so not guessed
        ("肝癌", "肝癌", "liver cancer"),  # of which kind is not said
        ("糖尿病なし", None, None),
        ("高血圧の家族歴", None, None),
        ("橋本病院", None, None),
        ("大橋", None, None),
    ],
)
def test_diseases(vocabulary: Vocabulary, text: str, ja: str | None, en: str | None) -> None:
    match = vocabulary.condition(text)
    assert (match.text("ja") if match else None) == ja
    if match and en:
        assert match.text("en") == en


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ペニシリン(蕁麻疹)", "penicillins"),
        ("ペニシリン（じんましん、呼吸困難）", "penicillins"),
        ("penicillin allergy", "penicillins"),
        ("allergic to peanuts", "peanut"),
        ("鯖", "mackerel"),
        ("さばアレルギー", "mackerel"),
        ("造影剤", "contrast"),  # which kind is not said, so it is not guessed
        ("アモキシシリン", "amoxicillin"),
        ("インスリン", "insulin_allergy"),  # covers every insulin
        ("ナッツ", "nuts"),  # a peanut is one to many
        ("ペニシリン(否定)", None),
        ("ペニシリン(田中先生より)", None),
        ("キク科植物", None),
    ],
)
def test_allergens(vocabulary: Vocabulary, text: str, expected: str | None) -> None:
    term = vocabulary.allergen(text)
    assert (term.id if term else None) == expected


@pytest.mark.parametrize("text", ["なし", "特になし", "None", "NKDA", "no known allergies"])
def test_words_for_nothing(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.is_absence(text)


def test_a_stopped_medicine_is_told_apart(vocabulary: Vocabulary) -> None:
    assert vocabulary.is_stopped("ワルファリン 中止(2023年)")
    assert vocabulary.is_stopped("warfarin, discontinued")
    assert not vocabulary.is_stopped("ワルファリン 2mg")


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("バセドウ病", "ja"),
        ("バセドウ病(治療中、1-5年前に診断)", "ja"),
        ("急性心筋炎(既往)", "ja"),
        ("胃癌術後疑い", "ja"),
        ("ワルファリンとロキソプロフェンの併用: 出血リスク増加", "ja"),
        ("90歳以上", "ja"),
        ("1-5年前", "ja"),
        ("TSHは低下傾向", "ja"),
        ("Graves' disease (under treatment, diagnosed 1-5 years ago)", "en"),
        ("warfarin with loxoprofen: increased bleeding risk", "en"),
        ("amoxicillin and allergy to penicillins: allergy on record, check before use", "en"),
    ],
)
def test_grammatical(vocabulary: Vocabulary, text: str, lang: Lang) -> None:
    assert vocabulary.is_grammatical(text, lang)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("", "ja"),
        (" バセドウ病", "ja"),
        ("バセドウ病。", "ja"),
        ("バセドウ病(試野)", "ja"),
        ("バセドウ病(治療中、1985年に診断)", "ja"),
        ("ばせどう病", "ja"),
        ("高血圧", "ja"),  # an alias is recognised, never sent
        ("橋本病院", "ja"),
        ("急性急性胃炎", "ja"),
        ("バセドウ病と高血圧症の併用: 出血リスク増加", "ja"),  # the slots are for medicines
        ("バセドウ病", "en"),
        ("Graves' disease", "ja"),
        ("graves' disease", "en"),
        ("warfarin with Tanaka: increased bleeding risk", "en"),
        ("{condition}({status})", "ja"),
    ],
)
def test_not_grammatical(vocabulary: Vocabulary, text: str, lang: Lang) -> None:
    assert not vocabulary.is_grammatical(text, lang)
    assert vocabulary.terms_in(text, lang) == ()


def test_the_terms_of_a_text_are_found_with_their_places(vocabulary: Vocabulary) -> None:
    text = "橋本病疑い(経過観察中、1年以内に診断)"
    spans = vocabulary.terms_in(text)
    assert [(text[s.start : s.end], s.kind) for s in spans] == [
        ("橋本病", Kind.CONDITION),
        ("疑い", Kind.MODIFIER),
        ("経過観察中", Kind.STATUS),
        ("1年以内", Kind.WHEN),
    ]


def test_every_term_of_both_languages_is_grammatical_and_in_the_charset(
    vocabulary: Vocabulary,
) -> None:
    langs: tuple[Lang, ...] = ("ja", "en")
    for kind in Kind:
        for term in vocabulary.terms(kind) if kind is not Kind.MODIFIER else ():
            for lang in langs:
                assert vocabulary.is_grammatical(term.text(lang), lang), term.id
                assert set(map(ord, term.text(lang))) <= vocabulary.charset(lang)


@pytest.mark.parametrize("change", ["altered", "missing", "one more row"])
@pytest.mark.parametrize("table", sorted(p.name for p in resource("terms").glob("*.csv")))
def test_a_table_that_is_not_the_reviewed_one_does_not_load(
    tmp_path: Path, table: str, change: str
) -> None:
    folder = Path(shutil.copytree(resource("terms"), tmp_path / "terms"))
    path = folder / table
    if change == "missing":
        path.unlink()
    elif change == "altered":
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(path.read_bytes() + b"x,y,z\n")
    with pytest.raises(VocabularyError):
        Vocabulary.load(folder)


def test_line_ends_of_windows_do_not_alter_a_table(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(resource("terms"), tmp_path / "terms"))
    for table in folder.glob("*.csv"):
        table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    assert Vocabulary.load(folder).drug("warfarin") is not None


def test_a_match_shows_nothing_of_the_record(vocabulary: Vocabulary) -> None:
    match = vocabulary.condition("バセドウ病")
    assert repr(match) == "<Match condition>"
    assert repr(vocabulary.drug("warfarin")) == "<Term drug>"


@pytest.mark.parametrize("text", ["x" + ",.:;" * 50_000, "x" + " 10mg" * 50_000, "慢性" * 50_000])
def test_a_text_too_long_for_a_term_is_none_at_once(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.drug(text) is None
    assert vocabulary.allergen(text) is None
    assert vocabulary.condition(text) is None
    assert vocabulary.find(Kind.LAB, text) is None
