"""Red flags are found however they are said, unless they are denied for certain."""

from __future__ import annotations

import time

import pytest

from local_tools.summary.red_flags import red_flags
from local_tools.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


SAID = {
    "chest_pain": (
        "胸が痛い",
        "むねがいたい",
        "胸の痛み",
        "胸が締め付けられる感じ",
        "胸の真ん中が重苦しい",
        "胸が急に痛くなった",
        "胸に痛みがある",
        "chest pain",
        "my chest hurts",
        "crushing pain in my chest",
        "tight chest",
        "My chest feels really tight",
        "胸痛なし、と言っていたが今は胸が苦しい",
    ),
    "dyspnoea": (
        "息が苦しい",
        "息ができない",
        "息切れ",
        "呼吸しづらい",
        "息苦しい",
        "ゼーゼーしている",
        "short of breath",
        "can't breathe",
        "having trouble breathing",
        "difficulty in breathing",
        "dyspnea",
    ),
    "severe_bleeding": (
        "血が止まらない",
        "出血が止まりません",
        "大量の吐血",
        "大量に出血",
        "bleeding won't stop",
        "heavy bleeding",
        "losing a lot of blood",
    ),
    "one_sided_weakness": (
        "右手に力が入らない",
        "左半身が動かない",
        "右の手足がしびれる",
        "片方の腕が上がらない",
        "半身不随",
        "片麻痺",
        "left arm is weak",
        "weakness on the right side",
        "one side of my body feels numb",
        "can't move her left leg",
    ),
    "facial_droop": ("顔の右側が下がっている", "口がゆがむ", "face is drooping", "facial droop"),
    "speech_disturbance": (
        "ろれつが回らない",
        "呂律がまわらない",
        "言葉が出てこない",
        "うまくしゃべれない",
        "slurred speech",
        "unable to speak",
        "trouble finding words",
    ),
    "confusion": (
        "意識がもうろう",
        "意識がもうろうとしています",
        "呼びかけに反応がない",
        "意識がはっきりしない",
        "つじつまが合わない",
        "confused since this morning",
        "altered mental status",
        "unresponsive",
    ),
    "syncope": (
        "気を失った",
        "失神した",
        "意識を失って倒れた",
        "he fainted",
        "passed out",
        "collapsed",
    ),
    "thunderclap_headache": (
        "突然の激しい頭痛",
        "急に頭が痛くなった",
        "今まで経験したことのない頭痛",
        "バットで殴られたような頭痛",
        "雷鳴頭痛",
        "worst headache of my life",
        "sudden severe headache",
        "thunderclap headache",
    ),
    "anaphylaxis": ("アナフィラキシー", "anaphylaxis", "severe allergic reaction"),
    "facial_swelling": ("唇が腫れてきた", "急に顔がむくんだ", "swollen lips"),
    "generalised_urticaria": (
        "全身にじんましんが出た",
        "蕁麻疹が全身に広がった",
        "急に全身がかゆくなった",
        "hives all over",
    ),
    "stroke_signs": ("脳卒中の疑い", "having a stroke", "signs of a stroke"),
    "haematemesis": ("血を吐いた", "コーヒーのようなものを吐いた"),
    "seizure": ("けいれんしている", "全身けいれん"),
    "shock": ("冷や汗をかいている", "血圧が急に下がった", "脈が触れない", "septic shock"),
    "throat_swelling": ("喉が詰まる感じ", "のどが腫れた", "throat is closing", "tongue swelling"),
}


@pytest.mark.parametrize(("flag", "text"), [(f, t) for f, texts in SAID.items() for t in texts])
def test_found(vocabulary: Vocabulary, flag: str, text: str) -> None:
    assert flag in {term.id for term in red_flags(text, vocabulary)}


@pytest.mark.parametrize(
    "text",
    [
        "胸痛なし",
        "胸痛はありません",
        "胸の痛みはない",
        "胸が痛くない",
        "息苦しさはない",
        "息切れなし、胸痛なし",
        "no chest pain",
        "denies any chest pain",
        "without shortness of breath",
        "めまいと動悸",
        "dizziness and palpitations",
        "頭痛",
        "膝が痛い",
        "発熱 37度、咳と痰",
        "足がむくむ",
        "胸痛(-)",
        "胸痛（－）",
        "胸痛：なし",
        "胸痛は認められない",
        "呼吸困難感なし",
        "失神発作なし",
        "けいれん発作なし",
        "意識消失発作なし",
        "自殺念慮なし",
        "希死念慮は否定",
        "口唇腫脹なし",
        "脳梗塞の既往",
        "history of stroke",
        "胃けいれん",
        "まぶたがけいれんする",
        "筋けいれん",
        "ショックを受けた",
        "喉がイガイガする",
        "朝、顔がむくむ",
        "全身のかゆみ",
        "話すことができます",
        "薬で血圧が下がってきた",
        "electric shock",
        "puffy eyes in the morning",
        "itching all over",
        "",
    ],
)
def test_not_found(vocabulary: Vocabulary, text: str) -> None:
    assert red_flags(text, vocabulary) == ()


@pytest.mark.parametrize(
    "text",
    [
        "胸痛がないわけではない",
        "胸痛はなかったが今朝から出てきた",
        "胸の痛みが消えない",
        "no chest pain until this morning",
        "胸痛なしですか、いえ胸が痛いです",
        "ｃｈｅｓｔ　ｐａｉｎ",
        "ムネガイタイ",
        "胸 が 痛 い",
        "胸痛(-)から(+)へ",
        "胸痛(+)",
        "けいれんが止まらない",
    ],
)
def test_doubt_counts_as_found(vocabulary: Vocabulary, text: str) -> None:
    assert red_flags(text, vocabulary)


def test_a_hostile_text_takes_no_time(vocabulary: Vocabulary) -> None:
    started = time.perf_counter()
    for text in ("胸" * 20_000, "の" * 20_000, "chest " * 4_000, "今まで" * 6_000, "a" * 20_000):
        red_flags(text, vocabulary)
    assert time.perf_counter() - started < 5
