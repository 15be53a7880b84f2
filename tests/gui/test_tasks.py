"""Tasks end, and their errors arrive as codes."""

from __future__ import annotations

import asyncio

import pytest

from desktop.gui.tasks import Tasks, code_of
from local_tools.errors import VocabularyError
from tests.gui.conftest import Runner


async def fail(fault: Exception) -> None:
    raise fault


async def stay(entered: asyncio.Event, ended: asyncio.Event) -> None:
    entered.set()
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()


@pytest.mark.expects_log
@pytest.mark.parametrize(
    ("fault", "code"),
    [(VocabularyError(), "vocabulary_altered"), (ValueError("a secret"), "internal")],
)
def test_an_error_becomes_a_code(
    qloop: Runner, caplog: pytest.LogCaptureFixture, fault: Exception, code: str
) -> None:
    async def work() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        tasks = Tasks(told.put_nowait)
        tasks.start(fail(fault))
        assert await told.get() == code
        assert await tasks.close()

    qloop(work())
    assert "a secret" not in caplog.text


def test_close_cancels_what_runs(qloop: Runner) -> None:
    async def work() -> None:
        tasks = Tasks(lambda _code: None)
        entered, ended = asyncio.Event(), asyncio.Event()
        tasks.start(stay(entered, ended))
        await entered.wait()
        assert await tasks.close()
        assert ended.is_set()

    qloop(work())


def test_one_task_can_be_cancelled(qloop: Runner) -> None:
    async def work() -> None:
        tasks = Tasks(lambda _code: None)
        entered, ended = asyncio.Event(), asyncio.Event()
        cancel = tasks.start(stay(entered, ended))
        await entered.wait()
        cancel()
        await ended.wait()

    qloop(work())


@pytest.mark.expects_log
def test_close_does_not_wait_for_ever(qloop: Runner) -> None:
    async def stubborn(entered: asyncio.Event, free: asyncio.Event, ended: asyncio.Event) -> None:
        entered.set()
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        ended.set()

    async def work() -> None:
        tasks = Tasks(lambda _code: None)
        entered, free, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        tasks.start(stubborn(entered, free, ended))
        await entered.wait()
        assert not await tasks.close(cap_s=0.05)
        free.set()
        await ended.wait()

    qloop(work())


def test_only_an_enum_is_a_code() -> None:
    fault = OSError(5, "x")
    fault.code = "a value"
    assert code_of(fault) == "internal"
