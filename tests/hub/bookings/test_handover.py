"""Effective windows beside neighbours, for any bookings that do not overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.bookings.handover import Slotted, effective_windows
from hub.bookings.tables import Handover
from hub.bookings.windows import BookedWindow, Margins

START = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)
LINKS = {"whole": {"whole", "w|a", "w|b"}, "a": {"a", "w|a"}, "b": {"b", "w|b"}}
"""The whole gym excludes both halves, which do not exclude each other."""

margins = st.builds(
    Margins, st.integers(0, 720), st.integers(0, 720), st.sampled_from(list(Handover))
)


@st.composite
def bookings(draw: st.DrawFn) -> list[Slotted]:
    """Bookings of a gym and its halves: those that share a part never overlap."""
    found: list[Slotted] = []
    free = dict.fromkeys(LINKS, START)
    for number in range(draw(st.integers(1, 8))):
        room = draw(st.sampled_from(sorted(LINKS)))
        gap = timedelta(seconds=draw(st.sampled_from([0, 0, 1, 600, 1199, 1200, 7200, 90_000])))
        lasts = timedelta(seconds=draw(st.integers(1, 90_000)))
        begin = free[room] + gap
        window = BookedWindow(begin, begin + lasts)
        found.append(Slotted(str(number), window, draw(margins), frozenset(LINKS[room])))
        for other, parts in LINKS.items():
            if parts & LINKS[room]:
                free[other] = max(free[other], window.ends_at)
    return draw(st.permutations(found))


@given(slotted=bookings())
def test_an_effective_window_contains_the_booked_one_and_never_exceeds_its_margins(
    slotted: list[Slotted],
) -> None:
    found = effective_windows(slotted)
    for each in slotted:
        assert found[each.id].contains(each.booked)
        assert each.margins.widen(each.booked).contains(found[each.id])


@given(slotted=bookings())
def test_where_one_of_two_trims_their_effective_windows_never_overlap(
    slotted: list[Slotted],
) -> None:
    found = effective_windows(slotted)
    for one in slotted:
        for other in slotted:
            if one is not other and one.meets(other):
                assert not found[one.id].overlaps(found[other.id])


@given(slotted=bookings())
def test_where_none_trims_both_keep_their_margins(slotted: list[Slotted]) -> None:
    found = effective_windows(slotted)
    for each in slotted:
        if not any(each.meets(other) for other in slotted if other is not each):
            assert found[each.id] == each.margins.widen(each.booked)


@given(slotted=bookings())
def test_who_leaves_keeps_the_margin_as_far_as_the_next_booked_start(
    slotted: list[Slotted],
) -> None:
    found = effective_windows(slotted)
    for each in slotted:
        starts = [
            other.booked.starts_at
            for other in slotted
            if other.booked.starts_at >= each.booked.ends_at and each.meets(other)
        ]
        whole = each.margins.widen(each.booked).ends_at
        assert found[each.id].ends_at == min([whole, *starts])
