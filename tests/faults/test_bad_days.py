"""A little of the fault suite; the whole of it is `python -m tests.bench.faults`."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings, strategies as st

from mcp_bridge.carriers.port import Operation
from mcp_bridge.errors import CarrierBusy, CarrierDenied, CarrierUnreachable
from tests.fakes.faulty_carrier import Delay, Drop, Duplicate, Fault, Raise, Reverse, Truncate
from tests.fakes.virtual_time import VirtualLoop
from tests.faults.days import DAYS, is_lie
from tests.faults.harness import Choose, Day, Harness

CALLS = 120


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualLoop}


@pytest.mark.parametrize("name", DAYS)
async def test_one_effect_one_answer_and_a_true_word(name: str, tmp_path: Path) -> None:
    case = DAYS[name]
    kinds = await Harness(case.day, seed=1, journal=tmp_path / "journal").run(CALLS)
    assert kinds["result"] >= case.results * CALLS, kinds


@pytest.mark.parametrize("side", ["listener", "caller"])
async def test_either_side_may_die_between_any_two_steps(side: str, tmp_path: Path) -> None:
    """Driven: with a few calls under way, each step of the first life in turn is its last."""
    for step in range(1, 41):
        day = Day(**{f"{side}_dies_at": step})
        kinds = await Harness(day, seed=step, journal=tmp_path / f"{step}").run(4)
        assert kinds["result"] + kinds["unknown"] + kinds["abandoned"] == 4, kinds


FAULTS: dict[str, Fault] = {
    "lost": Drop(),
    "doubled": Duplicate(),
    "reversed": Reverse(),
    "cut short": Truncate(),
    "busy": Raise(CarrierBusy),
    "denied": Raise(CarrierDenied),
    "unreachable": Raise(CarrierUnreachable),
    "answer lost": Raise(CarrierUnreachable, after=True),
    "slow": Delay(20.0),
}
schedules = st.lists(
    st.tuples(
        st.sampled_from(["listening", "calling"]),
        st.sampled_from([Operation.PUT, Operation.TAKE, Operation.RENEW, Operation.DELETE]),
        st.integers(0, 12),  # which operation of that kind on that side
        st.sampled_from(sorted(FAULTS)),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(schedule=schedules, dies_at=st.integers(0, 60), full=st.sampled_from([0.0, 0.0, 0.3]))
def test_any_schedule_of_faults_keeps_the_promises(
    schedule: list[tuple[str, Operation, int, str]], dies_at: int, full: float
) -> None:
    day = Day(
        listening=as_scheduled(schedule, "listening"),
        calling=as_scheduled(schedule, "calling"),
        listener_dies_at=dies_at,
        full_disk=full,
    )

    async def run() -> None:
        with TemporaryDirectory() as folder:
            await Harness(day, seed=1, journal=Path(folder) / "journal").run(3)

    anyio.run(run, backend_options={"loop_factory": VirtualLoop})


def as_scheduled(schedule: list[tuple[str, Operation, int, str]], side: str) -> Choose:
    counts: Counter[Operation] = Counter()
    faults = {(op, at): FAULTS[name] for where, op, at, name in schedule if where == side}

    def choose(_dice: random.Random, operation: Operation) -> Fault | None:
        counts[operation] += 1
        fault = faults.get((operation, counts[operation] - 1))
        return None if is_lie(fault, operation, side) else fault

    return choose
