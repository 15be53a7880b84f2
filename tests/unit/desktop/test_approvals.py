"""Nothing but a clear yes is a yes."""

from __future__ import annotations

from typing import Any, cast

import anyio
import pytest

from desktop.core.approvals import ApprovalDesk
from desktop.core.events import ApprovalAsked, ApprovalClosed, CoreEvent
from local_tools.approval import Decision, Proposal

PROPOSAL = Proposal("case-aaaaaa", "P-1", "tool", "demo", cast("Any", None))


class Watcher:
    """Keeps events, and lets a test wait for the next question."""

    def __init__(self) -> None:
        self.events: list[CoreEvent] = []
        self.asked = anyio.Event()

    def __call__(self, event: CoreEvent) -> None:
        self.events.append(event)
        if isinstance(event, ApprovalAsked):
            self.asked.set()
            self.asked = anyio.Event()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


async def ask(desk: ApprovalDesk, answers: list[Decision]) -> None:
    answers.append(await desk.decide(PROPOSAL))


@pytest.mark.parametrize(
    ("answer", "decision"),
    [("approve", Decision.APPROVED), ("refuse", Decision.DENIED_BY_USER)],
)
async def test_the_doctor_decides(watcher: Watcher, answer: str, decision: Decision) -> None:
    desk = ApprovalDesk(watcher, timeout_s=None)
    answers: list[Decision] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            asked = watcher.asked
            group.start_soon(ask, desk, answers)
            await asked.wait()
            (question,) = desk.pending()
            assert getattr(desk, answer)(question.ticket)
    assert answers == [decision]
    assert watcher.events == [question, ApprovalClosed(question.ticket, decision)]
    assert desk.pending() == ()


async def test_silence_is_a_no(watcher: Watcher) -> None:
    desk = ApprovalDesk(watcher, timeout_s=0.01)
    with anyio.fail_after(5):
        assert await desk.decide(PROPOSAL) is Decision.APPROVAL_TIMEOUT
    assert watcher.events[-1] == ApprovalClosed(1, Decision.APPROVAL_TIMEOUT)
    assert not desk.approve(1)


async def test_each_question_is_settled_once(watcher: Watcher) -> None:
    desk = ApprovalDesk(watcher, timeout_s=None)
    answers: list[Decision] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            asked = watcher.asked
            group.start_soon(ask, desk, answers)
            await asked.wait()
            assert desk.refuse(1)
            assert not desk.approve(1)
    assert answers == [Decision.DENIED_BY_USER]


async def test_several_questions_wait_side_by_side(watcher: Watcher) -> None:
    desk = ApprovalDesk(watcher, timeout_s=None)
    first: list[Decision] = []
    second: list[Decision] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for answers in (first, second):
                asked = watcher.asked
                group.start_soon(ask, desk, answers)
                await asked.wait()
            assert [q.ticket for q in desk.pending()] == [1, 2]
            desk.approve(2)
            desk.refuse(1)
    assert (first, second) == ([Decision.DENIED_BY_USER], [Decision.APPROVED])


async def test_a_caller_that_leaves_closes_the_question(watcher: Watcher) -> None:
    desk = ApprovalDesk(watcher, timeout_s=None)
    answers: list[Decision] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            asked = watcher.asked
            group.start_soon(ask, desk, answers)
            await asked.wait()
            group.cancel_scope.cancel()
    assert answers == []
    assert watcher.events[-1] == ApprovalClosed(1, Decision.APPROVAL_TIMEOUT)
    assert desk.pending() == ()


async def test_a_yes_that_comes_with_the_cancel_is_not_announced_as_sent(watcher: Watcher) -> None:
    desk = ApprovalDesk(watcher, timeout_s=None)
    answers: list[Decision] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            asked = watcher.asked
            group.start_soon(ask, desk, answers)
            await asked.wait()
            desk.approve(1)
            group.cancel_scope.cancel()
    assert answers == []
    assert watcher.events[-1] == ApprovalClosed(1, Decision.APPROVAL_TIMEOUT)


async def test_closing_the_app_refuses_what_waits_and_what_comes(watcher: Watcher) -> None:
    desk = ApprovalDesk(watcher, timeout_s=None)
    answers: list[Decision] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            asked = watcher.asked
            group.start_soon(ask, desk, answers)
            await asked.wait()
            desk.close()
        assert await desk.decide(PROPOSAL) is Decision.DENIED_BY_RULE
    assert answers == [Decision.DENIED_BY_RULE]


async def test_a_view_that_fails_to_show_the_question_means_not_sent() -> None:
    def broken(_event: CoreEvent) -> None:
        raise ZeroDivisionError

    desk = ApprovalDesk(broken, timeout_s=None)
    with pytest.raises(ZeroDivisionError):
        await desk.decide(PROPOSAL)
    assert desk.pending() == ()
