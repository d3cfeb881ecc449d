"""The person comes first, and never alone."""

from __future__ import annotations

import pytest

from services.courtesy import ALONE_SECONDS, FRAME_SECONDS, NEAR_SECONDS, WORK_SECONDS, Courtesy


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


async def test_nobody_there_costs_nothing() -> None:
    """Work begins at once, from the first moment on."""
    courtesy = Courtesy(Hand())
    assert courtesy.seconds() == 0
    await courtesy.passed()
    courtesy.wait()


def test_a_key_alone_holds_work_back_for_a_moment() -> None:
    """And no longer, when nothing more is typed."""
    hand = Hand()
    courtesy = Courtesy(hand)
    courtesy.came()
    assert courtesy.seconds() == pytest.approx(ALONE_SECONDS)
    hand.at += ALONE_SECONDS / 2
    assert courtesy.seconds() == pytest.approx(ALONE_SECONDS / 2)
    hand.at += ALONE_SECONDS
    assert courtesy.seconds() == 0


@pytest.mark.parametrize("between", [0.001, 0.01, 0.033, 0.05, 0.1, 0.2])
def test_keys_in_a_rhythm_leave_a_third_to_work(between: float) -> None:
    """Whatever the keyboard's rate: reading is slowed down, never starved."""
    hand = Hand()
    courtesy = Courtesy(hand)
    began, free, step = hand.at, 0, 0.001
    following = hand.at
    while hand.at < began + 10:
        if hand.at >= following:
            courtesy.came()
            following += between
        free += courtesy.seconds() == 0
        hand.at += step
    assert free * step / 10 >= 0.3


@pytest.mark.parametrize("between", [0.033, 0.05, 0.1, 0.2])
def test_no_work_begins_just_before_a_key_or_its_frame(between: float) -> None:
    """In the second half of the time until the next key nothing begins, nor beside its frame."""
    hand = Hand()
    courtesy = Courtesy(hand)
    for _key in range(3):
        courtesy.came()
        hand.at += between
    courtesy.came()
    assert courtesy.seconds() == pytest.approx(FRAME_SECONDS)
    hand.at += FRAME_SECONDS + WORK_SECONDS / 2
    assert courtesy.seconds() == 0
    hand.at += between - FRAME_SECONDS - WORK_SECONDS / 2 - 0.001
    assert courtesy.seconds() > 0


def test_a_key_that_does_not_come_is_not_waited_for() -> None:
    """Half a beat after it was due work is free again."""
    hand = Hand()
    courtesy = Courtesy(hand)
    for _key in range(3):
        courtesy.came()
        hand.at += 0.1
    hand.at += 0.051
    assert courtesy.seconds() == 0


def test_who_typed_a_moment_ago_is_near() -> None:
    """And is away after two seconds: nobody is from the start."""
    hand = Hand()
    courtesy = Courtesy(hand)
    assert not courtesy.near()
    courtesy.came()
    hand.at += NEAR_SECONDS - 0.01
    assert courtesy.near()
    hand.at += 0.01
    assert not courtesy.near()
