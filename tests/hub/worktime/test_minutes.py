"""Spans behave as the sets of their minutes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.worktime.minutes import (
    Span,
    Spans,
    common,
    either,
    first_minutes,
    joined,
    moved,
    total,
    within,
    without,
)
from tests.hub.worktime.november import every_minute

_SPAN = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: Span(p[0], p[0] + p[1]))
_SPANS = st.lists(_SPAN, max_size=6).map(tuple)


@given(_SPANS, _SPANS)
def test_they_are_joined_parted_and_met_as_sets_are(one: Spans, other: Spans) -> None:
    """Whatever the order and overlap of what is given; the result is in order and apart."""
    mine, theirs = every_minute(one), every_minute(other)
    for found, expected in (
        (joined(one), mine),
        (either(one, other), mine | theirs),
        (common(one, other), mine & theirs),
        (without(one, other), mine - theirs),
        (within(joined(one), 10, 30), {at for at in mine if 10 <= at < 30}),
        (first_minutes(joined(one), 7), set(sorted(mine)[:7])),
    ):
        assert every_minute(found) == expected
        assert all(a.end < b.start for a, b in pairwise(found))
        assert total(found) == len(expected)


def test_a_span_has_at_least_a_minute() -> None:
    """An empty or reversed one is refused, and says which."""
    for end in (30, 29):
        with pytest.raises(ValueError, match=f"30 to {end}"):
            Span(30, end)


def test_a_span_is_seen_from_another_date() -> None:
    """02:00 of the next morning is 26:00."""
    assert moved((Span(120, 180),), 1440) == (Span(1560, 1620),)
