"""Case handles."""

from __future__ import annotations

import re

import pytest

from local_tools.cases import CaseBook
from local_tools.errors import CaseError, Code


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def code_of(cases: CaseBook, case: str | None) -> Code:
    with pytest.raises(CaseError) as caught:
        cases.patient(case)
    return caught.value.code


def test_a_handle_says_nothing_of_the_patient() -> None:
    cases = CaseBook()
    handles = {cases.open("p1") for _ in range(50)}
    assert len(handles) == 50
    assert all(re.fullmatch("case-[2-9a-z]{6}", handle) for handle in handles)


def test_no_case_is_open_at_first() -> None:
    assert code_of(CaseBook(), None) == Code.NO_CASE_OPEN


def test_the_current_case_is_the_one_opened_last() -> None:
    cases = CaseBook()
    first, second = cases.open("p1"), cases.open("p2")
    assert cases.patient() == (second, "p2")
    assert cases.patient(first) == (first, "p1")


def test_an_old_handle_never_moves_to_another_patient() -> None:
    cases = CaseBook()
    first = cases.open("p1")
    cases.close(first)
    cases.open("p2")
    assert code_of(cases, first) == Code.CASE_UNKNOWN


def test_closing_the_current_case_leaves_none_open() -> None:
    cases = CaseBook()
    case = cases.open("p1")
    cases.close(case)
    cases.close(case)
    assert code_of(cases, None) == Code.NO_CASE_OPEN


def test_a_handle_expires() -> None:
    clock = Clock()
    cases = CaseBook(lifetime_s=60, clock=clock)
    case = cases.open("p1")
    clock.now += 59
    assert cases.patient(case) == (case, "p1")
    clock.now += 1
    assert code_of(cases, case) == Code.CASE_EXPIRED
    assert code_of(cases, None) == Code.CASE_EXPIRED
