"""The summary: only what the record says, generalised, in the published schema, by rules alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from local_tools.model import (
    Condition,
    Entry,
    Lab,
    Lang,
    PatientRecord,
    Statement,
    Summary,
    Trend,
    WithheldReason as Reason,
)
from local_tools.records.karte_json import KarteFolder
from local_tools.resources import resource
from local_tools.summary.rules import MAX_ITEMS, summarise
from local_tools.vocabulary import Kind, Vocabulary

TODAY = date(2026, 11, 21)
Said = Callable[..., Summary]
NOT_A_DIAGNOSIS = "これは診断ではありません。最終判断は担当医が行ってください。"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


def record(
    *,
    conditions: tuple[tuple[str, str, str], ...] = (),
    allergies: tuple[str, ...] = (),
    medications: tuple[str, ...] = (),
    birth: date | None = date(1991, 4, 12),
    labs: tuple[Lab, ...] = (),
    trends: tuple[Trend, ...] = (),
) -> PatientRecord:
    """A record of (name, status, ISO date of diagnosis), allergies and medicines."""
    return PatientRecord(
        patient_id="T-1",
        display_name="",
        kana="",
        birth_date=birth,
        age=None,
        gender="",
        identifiers=(),
        conditions=tuple(
            Condition(f"h[{i}]", name, date.fromisoformat(when) if when else None, status)
            for i, (name, status, when) in enumerate(conditions)
        ),
        allergies=tuple(Entry(f"a[{i}]", text) for i, text in enumerate(allergies)),
        medications=tuple(Entry(f"m[{i}]", text) for i, text in enumerate(medications)),
        labs=labs,
        trends=trends,
    )


def texts(statements: Sequence[Statement]) -> list[str]:
    return [statement.text for statement in statements]


@pytest.fixture
def said(vocabulary: Vocabulary) -> Said:
    def summary(r: PatientRecord, symptoms: str = "", lang: Lang = "ja") -> Summary:
        return summarise(r, symptoms, vocabulary, lang=lang, today=TODAY)

    return summary


@pytest.mark.parametrize(
    ("birth", "band"),
    [
        (date(2025, 11, 22), "乳児"),
        (date(2025, 11, 21), "10歳未満"),
        (date(2016, 11, 22), "10歳未満"),
        (date(2016, 11, 21), "10代"),
        (date(1991, 4, 12), "30代"),
        (date(1936, 11, 22), "80代"),
        (date(1936, 11, 21), "90歳以上"),
        (date(1910, 1, 1), "90歳以上"),
        (date(2030, 1, 1), "年齢の記載なし"),
        (None, "年齢の記載なし"),
    ],
)
def test_ages_are_bands(said: Said, birth: date | None, band: str) -> None:
    assert said(record(birth=birth)).age_group.text == band


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("バセドウ病", "治療中", "2022-06-15"), "バセドウ病(治療中、1-5年前に診断)"),
        (("バセドウ病", "治療中", "2026-01-01"), "バセドウ病(治療中、1年以内に診断)"),
        (("バセドウ病", "寛解", "2010-01-01"), "バセドウ病(寛解、5年以上前に診断)"),
        (("バセドウ病", "", ""), "バセドウ病"),
        (("バセドウ病", "", "2010-01-01"), "バセドウ病(5年以上前に診断)"),
        (("バセドウ病", "", "2030-01-01"), "バセドウ病"),
        (("バセドウ病", "主治医に聞く", ""), "バセドウ病(状態未分類)"),
        (("急性心筋梗塞", "治癒", "2010-01-01"), "急性心筋梗塞(治癒、5年以上前に診断)"),
    ],
)
def test_conditions_carry_status_and_time_band(
    said: Said,
    condition: tuple[str, str, str],
    expected: str,
) -> None:
    assert texts(said(record(conditions=(condition,))).chronic_conditions) == [expected]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        (("感冒", "治癒", "2010-01-01"), Reason.NOT_ACTIVE),
        (("胃癌", "否定", ""), Reason.NOT_ACTIVE),
        (("原因のわからない症状", "治療中", ""), Reason.NOT_IN_VOCABULARY),
        (("試野さんの持病", "", ""), Reason.NOT_IN_VOCABULARY),
    ],
)
def test_what_is_over_or_unknown_is_withheld_by_place(
    said: Said,
    condition: tuple[str, str, str],
    reason: Reason,
) -> None:
    summary = said(record(conditions=(condition,)))
    assert summary.chronic_conditions == ()
    assert [(w.path, w.reason) for w in summary.withheld] == [("h[0]", reason)]


def test_a_past_disease_that_fits_the_symptoms_is_related_history(said: Said) -> None:
    summary = said(record(conditions=(("肺炎", "治癒", "2024-01-01"),)), "咳が出る")
    assert texts(summary.related_history) == ["肺炎(治癒、1-5年前に診断)"]
    assert summary.withheld == ()


def test_an_allergy_that_is_not_understood_is_never_lost(said: Said) -> None:
    summary = said(record(allergies=("ペニシリン", "謎の草", "")))
    assert texts(summary.allergies) == ["ペニシリン系抗菌薬", "未分類のアレルギーあり・要確認"]
    assert summary.allergies[1].sources == ("a[1]", "a[2]")
    assert {w.path for w in summary.withheld} == {"a[1]", "a[2]"}
    assert "未分類のアレルギーの内容を診療録で確認してください。" in texts(summary.recommendations)


@pytest.mark.parametrize("word", ["なし", "NKDA", "no known allergies"])
def test_no_known_allergy_is_not_an_allergen(said: Said, word: str) -> None:
    summary = said(record(allergies=(word,)))
    assert summary.allergies == ()
    assert "アレルギー歴を確認してください。" not in texts(summary.recommendations)
    assert "アレルギー歴を確認してください。" in texts(said(record()).recommendations)


def test_medicines_are_names_only_and_stopped_ones_are_withheld(said: Said) -> None:
    medicines = ("ワーファリン錠1mg 2錠 分1 夕食後", "ファモチジン 中止", "謎の薬", "なし")
    summary = said(record(medications=medicines))
    assert texts(summary.current_medications) == ["ワルファリン"]
    assert [(w.path, w.reason) for w in summary.withheld] == [
        ("m[1]", Reason.NOT_ACTIVE),
        ("m[2]", Reason.NOT_IN_VOCABULARY),
    ]


@pytest.mark.parametrize(
    ("medications", "conditions", "allergies", "expected"),
    [
        (
            ("ワルファリン", "ロキソニン"),
            (),
            (),
            "ワルファリンとロキソプロフェンの併用: 出血リスク増加",
        ),
        (("プロプラノロール",), ("喘息",), (), "プロプラノロールと気管支喘息: 気管支攣縮のおそれ"),
        (
            ("サワシリン",),
            (),
            ("ペニシリン",),
            "アモキシシリンとペニシリン系抗菌薬アレルギー: アレルギーのため投与前に確認",
        ),
        (
            ("ロセフィン",),
            (),
            ("ペニシリン",),
            "セフトリアキソンとペニシリン系抗菌薬アレルギー: 交差反応に注意",
        ),
        (
            ("クラビット",),
            ("重症筋無力症",),
            (),
            "レボフロキサシンと重症筋無力症: 筋力低下の悪化のおそれ",
        ),
        (("レボフロキサシン",), ("気管支喘息",), (), None),
        (("ワルファリン",), (), (), None),
        (("プロプラノロール",), ("喘息疑い",), (), None),  # nobody has confirmed it
    ],
)
def test_interactions_hold_on_the_facts(
    said: Said,
    medications: tuple[str, ...],
    conditions: tuple[str, ...],
    allergies: tuple[str, ...],
    expected: str | None,
) -> None:
    history = tuple((name, "治療中", "") for name in conditions)
    found = said(record(medications=medications, conditions=history, allergies=allergies))
    assert texts(found.potential_interactions) == ([expected] if expected else [])
    places = {f"m[{i}]" for i in range(2)} | {"h[0]", "a[0]"}
    for statement in found.potential_interactions:
        assert len(statement.sources) == 2
        assert set(statement.sources) <= places


def test_a_disease_that_is_over_makes_no_interaction(said: Said) -> None:
    history = (("気管支喘息", "治癒", ""),)
    found = said(record(medications=("プロプラノロール",), conditions=history))
    assert found.potential_interactions == ()


def test_emergency_advice_comes_first_and_the_disclaimer_last(said: Said) -> None:
    found = texts(
        said(record(), "胸が痛い、片方の手足が動かない、ろれつが回らない").recommendations
    )
    assert found[0].startswith("緊急性の高い症状の可能性があります")
    assert found[-1] == NOT_A_DIAGNOSIS
    assert "脳卒中の可能性を考慮し、発症時刻の確認と緊急の頭部画像検査を検討してください。" in found


def test_recommendations_follow_from_facts(said: Said) -> None:
    graves = record(conditions=(("バセドウ病", "治療中", ""),), medications=("メルカゾール",))
    fever = texts(said(graves, "発熱とのどの痛み").recommendations)
    assert "無顆粒球症の可能性を考慮し、白血球分画の速やかな確認を検討してください。" in fever
    assert "無顆粒球症の可能性を考慮し、白血球分画の速やかな確認を検討してください。" not in texts(
        said(graves, "めまい").recommendations
    )


def test_labs_are_flags_and_trends_without_figures(said: Said) -> None:
    labs = (
        Lab("l.TSH", "thyroid_function", "TSH", "0.02", "μIU/mL", "low"),
        Lab("l.X", "", "謎の検査", "7", "", "high"),
        Lab("l.K", "bmp", "K", "4.0", "", ""),
    )
    trends = (Trend("t.w", "weight", {2020: "60", 2021: "58", 2022: "55"}),)
    found = said(record(labs=labs, trends=trends))
    assert texts(found.related_history) == ["TSHが低値", "体重は低下傾向"]
    assert found.related_history[1].sources == ("t.w",)
    assert [(w.path, w.reason) for w in found.withheld] == [("l.X", Reason.NOT_IN_VOCABULARY)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((60, 61), None),
        ((60, 60.5, 61), "横ばい"),
        ((60, 62, 64), "上昇傾向"),
        ((60, 58, 56), "低下傾向"),
        ((60, 70, 60.5), "変動あり"),
        ((60, 50, 64), "変動あり"),
        (("６０", "61", "測定せず", "64"), "上昇傾向"),
        (("-", "?", "x"), None),
        ((0, 1, 2), None),
    ],
)
def test_trends(said: Said, values: tuple[object, ...], expected: str | None) -> None:
    years = {2020 + i: str(value) for i, value in enumerate(values)}
    found = texts(said(record(trends=(Trend("t", "weight", years),))).related_history)
    assert found == ([f"体重は{expected}"] if expected else [])


def test_lists_are_capped_in_canonical_order_and_the_rest_is_named(
    said: Said,
    vocabulary: Vocabulary,
) -> None:
    names = [term.ja for term in vocabulary.terms(Kind.DRUG)[:20]]
    forwards = said(record(medications=tuple(names)))
    backwards = said(record(medications=tuple(reversed(names))))
    assert texts(forwards.current_medications) == names[:MAX_ITEMS]
    assert texts(backwards.current_medications) == names[:MAX_ITEMS]
    over = [w.path for w in forwards.withheld if w.reason is Reason.OVER_LIMIT]
    assert {f"m[{i}]" for i in range(MAX_ITEMS, 20)} <= set(over)


def test_a_cap_never_drops_the_disclaimer(said: Said) -> None:
    symptoms = "胸が痛い 息苦しい ろれつが回らない 血を吐いた 意識がもうろう 唇が腫れた 激しい腹痛 突然の頭痛 めまい 片足が腫れた 首が硬い 発熱 死にたい 乳房のしこり"  # noqa: E501
    found = texts(said(record(), symptoms).recommendations)
    assert len(found) == MAX_ITEMS
    assert found[-1] == NOT_A_DIAGNOSIS


@pytest.mark.parametrize("unknown", [(), ("謎の粉",)])
def test_allergies_beyond_the_cap_are_still_warned_of(
    said: Said, vocabulary: Vocabulary, unknown: tuple[str, ...]
) -> None:
    names = tuple(term.ja for term in vocabulary.terms(Kind.ALLERGEN)[: MAX_ITEMS + 3])
    found = said(record(allergies=(*names, *unknown))).allergies
    assert texts(found[:-1]) == list(names[: MAX_ITEMS - 1])
    assert found[-1].text == "未分類のアレルギーあり・要確認"
    assert {f"a[{i}]" for i in range(MAX_ITEMS - 1, len(names))} <= set(found[-1].sources)


def test_the_same_fact_twice_is_said_once_with_both_places(said: Said) -> None:
    found = said(record(allergies=("ペニシリン", "penicillin allergy")))
    assert [(s.text, s.sources) for s in found.allergies] == [
        ("ペニシリン系抗菌薬", ("a[0]", "a[1]"))
    ]


SYMPTOMS = (
    "",
    "めまいと動悸",
    "chest pain",
    "氏名を教えて、髙橋美咲",
    "胸が痛い" * 500,
    "\u200b\ud7ff",
)


@pytest.mark.parametrize("symptoms", SYMPTOMS)
def test_every_shipped_patient_gives_grammatical_statements_with_sources(
    vocabulary: Vocabulary, symptoms: str
) -> None:
    source = KarteFolder(resource("patients"))
    langs: tuple[Lang, ...] = ("ja", "en")
    for row in source.patients():
        loaded = source.load(row.patient_id)
        known = {field.path for field in loaded.fields}
        for lang in langs:
            summary = summarise(loaded, symptoms, vocabulary, lang=lang, today=TODAY)
            again = summarise(loaded, symptoms, vocabulary, lang=lang, today=TODAY)
            assert summary.document() == again.document()
            for _, statement in summary.statements():
                assert vocabulary.is_grammatical(statement.text, lang), statement.text
                for path in statement.sources:
                    assert any(p == path or p.startswith(f"{path}.") for p in known), path


def test_the_35_year_old_with_graves_disease(vocabulary: Vocabulary) -> None:
    loaded = KarteFolder(resource("patients")).load("K-100231")
    found = summarise(loaded, "めまいと動悸", vocabulary, lang="ja", today=TODAY).document()
    assert found["patient_context"] == {
        "age_group": "30代",
        "chronic_conditions": ["バセドウ病(治療中、1-5年前に診断)"],
        "allergies": ["ペニシリン系抗菌薬"],
        "current_medications": ["プロプラノロール", "チアマゾール"],
    }
    relevance = found["symptom_relevance"]
    assert isinstance(relevance, dict)
    assert "TSHが低値" in relevance["related_history"]
    assert "甲状腺機能亢進が症状の原因となりうる" in relevance["risk_factors"]


def test_words_are_recognised_in_both_languages_and_written_in_the_one_asked_for(
    said: Said,
) -> None:
    english = record(conditions=(("Graves' disease", "under treatment", "2022-06-15"),))
    assert texts(said(english).chronic_conditions) == ["バセドウ病(治療中、1-5年前に診断)"]
    assert texts(said(english, lang="en").chronic_conditions) == [
        "Graves' disease (under treatment, diagnosed 1-5 years ago)"
    ]


def test_age_of_the_record_is_used_without_a_birth_date(said: Said) -> None:
    assert said(replace(record(birth=None), age=72)).age_group.text == "70代"
