"""The line to the fire panel: each pair of contacts, what a fault does, and that nothing but a
normal line ends a release."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.fire_line import OFFLINE_NS, SETTLE_NS, FireLine, Line, Supervision

ALL = frozenset({"cut", "shorted", "panel_fault", "offline"})
NONE: frozenset[str] = frozenset()


def line(supervision: Supervision, alarm, second, releasing=NONE) -> FireLine:
    made = FireLine(supervision, releasing)
    if second is not None:
        made.second_contact(second, online=True, now_ns=0)
    if alarm is not None:
        made.alarm_contact(alarm, online=True, now_ns=0)
    made.look(online=True, now_ns=SETTLE_NS)
    return made


@pytest.mark.parametrize(
    ("supervision", "alarm", "second", "state", "burning", "fault"),
    [
        (Supervision.NONE, None, None, Line.UNKNOWN, False, ""),
        (Supervision.NONE, False, None, Line.NORMAL, False, ""),
        (Supervision.NONE, True, None, Line.ALARM, True, ""),
        (Supervision.FAULT_RELAY, False, None, Line.UNKNOWN, False, ""),
        (Supervision.FAULT_RELAY, False, False, Line.NORMAL, False, ""),
        (Supervision.FAULT_RELAY, True, None, Line.ALARM, True, ""),
        (Supervision.FAULT_RELAY, True, False, Line.ALARM, True, ""),
        (Supervision.FAULT_RELAY, False, True, Line.PANEL_FAULT, False, "panel_fault"),
        (Supervision.FAULT_RELAY, True, True, Line.ALARM_AND_FAULT, True, "panel_fault"),
        (Supervision.CHANGE_OVER, None, True, Line.UNKNOWN, False, ""),
        (Supervision.CHANGE_OVER, False, True, Line.NORMAL, False, ""),
        (Supervision.CHANGE_OVER, True, False, Line.ALARM, True, ""),
        (Supervision.CHANGE_OVER, True, None, Line.ALARM, True, ""),
        (Supervision.CHANGE_OVER, False, False, Line.CUT, False, "cut"),
        (Supervision.CHANGE_OVER, True, True, Line.SHORTED, True, "shorted"),
    ],
)
def test_what_the_contacts_say(supervision, alarm, second, state, burning, fault):
    made = line(supervision, alarm, second)
    assert (made.state, made.burning, made.fault) == (state, burning, fault)


@pytest.mark.parametrize("releasing", [NONE, ALL])
@pytest.mark.parametrize("fault", ["cut", "panel_fault"])
def test_which_way_a_fault_goes_is_the_sites(releasing, fault):
    supervision = Supervision.CHANGE_OVER if fault == "cut" else Supervision.FAULT_RELAY
    made = line(supervision, False, fault == "panel_fault", releasing)
    assert made.burning == (fault in releasing)


def test_a_contact_that_moves_touches_neither_side_and_is_no_fault():
    made = line(Supervision.CHANGE_OVER, False, True, ALL)
    made.second_contact(False, online=True, now_ns=2 * SETTLE_NS)
    made.look(online=True, now_ns=3 * SETTLE_NS - 1)
    assert (made.burning, made.fault) == (False, "")
    made.alarm_contact(True, online=True, now_ns=3 * SETTLE_NS - 1)
    assert (made.burning, made.fault) == (True, "")


def test_a_line_that_burns_through_after_the_alarm_keeps_the_doors_released():
    made = line(Supervision.CHANGE_OVER, True, False)
    made.alarm_contact(False, online=True, now_ns=2 * SETTLE_NS)
    made.look(online=True, now_ns=9 * SETTLE_NS)
    assert (made.state, made.burning, made.fault) == (Line.CUT, True, "cut")
    made.look(online=False, now_ns=9 * SETTLE_NS + OFFLINE_NS)
    assert made.burning
    made.second_contact(True, online=True, now_ns=60 * SETTLE_NS)
    assert (made.state, made.burning, made.fault) == (Line.NORMAL, False, "")


@pytest.mark.parametrize("releasing", [NONE, ALL])
def test_a_device_that_does_not_answer_is_a_fault_after_a_while(releasing):
    made = line(Supervision.NONE, False, None, releasing)
    made.look(online=False, now_ns=2 * SETTLE_NS)
    made.look(online=False, now_ns=2 * SETTLE_NS + OFFLINE_NS - 1)
    assert (made.fault, made.burning) == ("", False)
    made.look(online=False, now_ns=2 * SETTLE_NS + OFFLINE_NS)
    assert (made.fault, made.burning) == ("offline", bool(releasing))
    made.look(online=True, now_ns=3 * SETTLE_NS + OFFLINE_NS)
    assert (made.fault, made.burning) == ("", False)


def test_a_fault_that_the_device_itself_tells_counts_like_our_own():
    made = line(Supervision.NONE, False, None, ALL)
    made.reported("shorted", online=True, now_ns=0)
    made.look(online=True, now_ns=SETTLE_NS)
    assert (made.fault, made.burning) == ("shorted", True)
    made.reported("", online=True, now_ns=2 * SETTLE_NS)
    assert (made.fault, made.burning) == ("", False)


steps = st.tuples(
    st.sampled_from(["alarm", "second", "look", "offline"]),
    st.booleans(),
    st.integers(0, 20 * SETTLE_NS),
)


@settings(deadline=None)
@given(
    st.sampled_from(list(Supervision)),
    st.sampled_from([NONE, ALL, frozenset({"cut"})]),
    st.lists(steps, max_size=40),
)
def test_only_a_normal_line_ends_a_release_and_an_active_alarm_contact_always_begins_one(
    supervision, releasing, walk
):
    made, now_ns, contacts = FireLine(supervision, releasing), 0, {}
    for what, active, wait_ns in walk:
        now_ns += wait_ns
        before = made.burning
        online = what != "offline"
        if what == "alarm":
            made.alarm_contact(active, online, now_ns)
        elif what == "second" and supervision is not Supervision.NONE:
            made.second_contact(active, online, now_ns)
        else:
            made.look(online, now_ns)
        contacts[what] = active
        if before and not made.burning:
            assert made.state is Line.NORMAL
            assert online
        if contacts.get("alarm"):
            assert made.burning
        assert not made.fault or made.fault in ALL
