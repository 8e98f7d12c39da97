"""Those who are behind share half of what ingest was measured to manage."""

from __future__ import annotations

from hub.link.pacing import FIRST_GUESS_PER_S, FORGOTTEN_S, BacklogPacing


class Hand:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def test_before_anything_was_measured_a_guess_is_shared():
    pacing = BacklogPacing(Hand())
    assert pacing.per_s() == FIRST_GUESS_PER_S // 2
    for number in range(200):
        pacing.behind(f"c{number}")
    assert pacing.per_s() == FIRST_GUESS_PER_S // 2 // 200


def test_the_measured_rate_is_taken_up_within_a_few_commits():
    pacing = BacklogPacing(Hand())
    for _ in range(60):
        pacing.committed(500, 0.025)
    assert 19_000 < pacing.rows_per_s <= 20_000
    for _ in range(60):
        pacing.committed(500, 5.0)
    assert 100 <= pacing.rows_per_s < 150


def test_small_commits_tell_nothing_of_what_ingest_manages():
    pacing = BacklogPacing(Hand())
    for _ in range(1_000):
        pacing.committed(1, 0.02)
    assert pacing.rows_per_s == FIRST_GUESS_PER_S


def test_who_says_nothing_packed_for_a_minute_is_no_longer_behind():
    hand = Hand()
    pacing = BacklogPacing(hand)
    pacing.behind("a")
    hand.now_s = FORGOTTEN_S - 1
    pacing.behind("b")
    assert pacing.draining == 2
    hand.now_s = FORGOTTEN_S + 1
    assert pacing.draining == 1


def test_nobody_is_brought_to_a_stop_however_slow_the_hub_is():
    pacing = BacklogPacing(Hand())
    for _ in range(200):
        pacing.committed(500, 100.0)
    for number in range(1_000):
        pacing.behind(f"c{number}")
    assert pacing.per_s() == 1
