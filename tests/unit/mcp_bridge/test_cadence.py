"""Cadence: near at hand while hot, cheap when idle."""

from __future__ import annotations

import pytest

from mcp_bridge.cadence import FLOOR_S, Cadence

RTT_S = 0.025


class World:
    """A clock that only polls move, and dice that a test loads."""

    def __init__(self, dice: float = 0.5) -> None:
        self.now = 100.0
        self.dice = dice
        self.cadence = Cadence(clock=lambda: self.now, jitter=lambda: self.dice)

    def polls(self, seconds: float, rtt_s: float = RTT_S) -> int:
        """How many empty polls are made in the next `seconds`."""
        end, count = self.now + seconds, 0
        while self.now < end:
            self.now += rtt_s
            self.cadence.measured(rtt_s)
            self.cadence.empty()
            self.now += self.cadence.gap()
            count += 1
        return count


@pytest.fixture
def world() -> World:
    return World()


def test_something_found_means_again_at_once(world: World) -> None:
    world.cadence.found()
    assert world.cadence.gap() == 0
    world.cadence.empty()
    assert world.cadence.gap() > 0


def test_the_first_gap_is_one_round_trip(world: World) -> None:
    world.cadence.measured(0.040)
    assert world.cadence.gap() == pytest.approx(0.040)


@pytest.mark.parametrize("rtt_s", [0.0, 0.000_05, 0.001])
def test_it_never_asks_without_a_pause(world: World, rtt_s: float) -> None:
    world.cadence.measured(rtt_s)
    assert world.cadence.gap() == FLOOR_S == 0.002


def test_one_slow_answer_does_not_slow_everything(world: World) -> None:
    for _ in range(10):
        world.cadence.measured(0.020)
    world.cadence.measured(1.020)
    assert world.cadence.gap() == pytest.approx(0.220)
    for _ in range(20):
        world.cadence.measured(0.020)
    assert world.cadence.gap() < 0.025


@pytest.mark.parametrize("waited_s", [0.35, 0.7, 1.0])
def test_while_hot_an_answer_is_late_by_a_tenth_at_most(world: World, waited_s: float) -> None:
    world.cadence.measured(0.005)
    world.now += waited_s
    assert world.cadence.gap() == pytest.approx(waited_s / 10)


def test_it_stays_hot_for_a_minute(world: World) -> None:
    world.cadence.measured(RTT_S)
    world.now += 59.9
    assert world.cadence.gap() == pytest.approx(0.125)


def test_then_it_cools_to_the_idle_cap(world: World) -> None:
    world.polls(60)
    gaps = []
    while world.now < 220:
        world.polls(1)
        gaps.append(world.cadence.gap())
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(2.0 * 1.1)


def test_heat_brings_it_back(world: World) -> None:
    world.polls(600)
    assert world.cadence.gap() > 1.8
    world.cadence.heat()
    assert world.cadence.gap() == pytest.approx(RTT_S)


def test_finding_something_heats(world: World) -> None:
    world.polls(600)
    world.cadence.found()
    world.cadence.empty()
    assert world.cadence.gap() == pytest.approx(RTT_S)


@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999_999])
@pytest.mark.parametrize("rtt_s", [0.0, RTT_S])
def test_an_idle_hour_costs_at_most_1900_operations(dice: float, rtt_s: float) -> None:
    world = World(dice)
    world.polls(200)
    assert 1300 <= world.polls(3600, rtt_s) <= 1900


def test_idle_gaps_spread_from_5_percent_less_to_25_percent_more() -> None:
    spread = []
    for dice in (0.0, 1.0):
        world = World(dice)
        world.polls(600)
        spread.append(world.cadence.gap())
    assert spread == pytest.approx([1.9, 2.5])


def test_a_service_slower_than_the_cap_is_not_asked_faster_than_it_answers(world: World) -> None:
    for _ in range(50):
        world.cadence.measured(5.0)
    assert world.cadence.gap() == pytest.approx(5.0)
    world.now += 3600
    assert world.cadence.gap() >= 5.0 * 0.95
