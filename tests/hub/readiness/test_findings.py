"""What may keep a PIN from opening, each by what makes it so; and what helps then."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue import Language, Translator
from hub.entries.devices import Contact
from hub.keyboxes.domain import BoxState, KeyBox
from hub.pins.placement import BLOCKING, PlacementState, Problem
from hub.pins.placement import PlacementEvent as E
from hub.readiness.board import Level, level_of
from hub.readiness.figures import (
    BUCKETS_S,
    PlacementStep,
    distribution,
    issue_began,
    rates,
    revoke_began,
)
from hub.readiness.findings import (
    SEVERITY,
    DoorFacts,
    Finding,
    Keypad,
    Machine,
    PinAtDoor,
    Remedy,
    Severity,
    judge_box,
    judge_door,
)
from hub.sites.domain import SiteState
from wire.policy_bodies import DoorMode

S, F = PlacementState, Finding
NOW = datetime(2026, 4, 6, tzinfo=UTC)
PLACED = PinAtDoor(S.PLACED, frozenset(), NOW, 6)
GOOD = DoorFacts("d", (PLACED,), Machine(), (Keypad(Contact.ONLINE, 10),))


def codes(facts: DoorFacts) -> dict[str, str]:
    return {each.code.value: each.severity.value for each in judge_door(facts).findings}


def test_a_door_that_has_confirmed_and_has_nothing_wrong_is_ready() -> None:
    judged = judge_door(GOOD)
    assert (judged.confirmed, judged.findings, judged.remedies) == (True, (), ())
    assert level_of([judged], NOW, NOW) is Level.READY


def pin(**changed: object) -> tuple[PinAtDoor, ...]:
    return (replace(PLACED, **changed),)  # type: ignore[arg-type]


def problem(which: Problem) -> tuple[PinAtDoor, ...]:
    return pin(problems=frozenset({which}))


DEAD, OK = Keypad(Contact.OFFLINE, 10), Keypad(Contact.ONLINE, 10)
CASES: list[tuple[dict[str, object], Finding, Severity]] = [
    ({"approved": False}, F.UNAPPROVED, Severity.BLOCKER),
    ({"paid": False}, F.UNPAID, Severity.WARNING),
    ({"pins": ()}, F.NO_PIN, Severity.BLOCKER),
    ({"pins": pin(state=S.SCHEDULED), "due": False}, F.AHEAD, Severity.NOTE),
    ({"pins": pin(state=S.PLACING)}, F.UNCONFIRMED, Severity.NOTE),
    ({"list_proven": False}, F.LIST_UNCONFIRMED, Severity.BLOCKER),
    ({"machine": Machine(connected=False)}, F.CONTROLLER_AWAY, Severity.WARNING),
    ({"machine": Machine(False, NOW)}, F.CONTROLLER_LOST, Severity.WARNING),
    ({"machine": Machine(not_compiled=True)}, F.NOT_COMPILED, Severity.BLOCKER),
    ({"machine": Machine(has_rtc=False)}, F.NO_RTC, Severity.WARNING),
    ({"machine": Machine(clock_untrusted=True)}, F.CLOCK_UNTRUSTED, Severity.BLOCKER),
    ({"pins": problem(Problem.NO_CONTROLLER)}, F.NO_CONTROLLER, Severity.BLOCKER),
    ({"pins": problem(Problem.REJECTED)}, F.REJECTED, Severity.BLOCKER),
    ({"pins": problem(Problem.DIGEST_MISMATCH)}, F.DIGEST_MISMATCH, Severity.BLOCKER),
    ({"pins": problem(Problem.PIN_CHANGED)}, F.PIN_CHANGED, Severity.WARNING),
    ({"keypads": ()}, F.NO_KEYPAD, Severity.BLOCKER),
    ({"keypads": (DEAD,)}, F.KEYPAD_OFFLINE, Severity.BLOCKER),
    ({"keypads": (Keypad(Contact.FAULT, 10),)}, F.KEYPAD_OFFLINE, Severity.BLOCKER),
    ({"keypads": (DEAD, OK)}, F.ONE_KEYPAD_OFFLINE, Severity.WARNING),
    ({"keypads": (Keypad(Contact.ONLINE, 5),)}, F.KEYPAD_TOO_SHORT, Severity.BLOCKER),
    ({"keypads": (Keypad(OK.contact, 10, True),)}, F.BATTERY_LOW, Severity.WARNING),
    ({"keypads": (Keypad(OK.contact, 10, False, True),)}, F.POWER_FAILED, Severity.WARNING),
    ({"lock_battery_low": True}, F.BATTERY_LOW, Severity.WARNING),
    ({"lock_dead": True}, F.LOCK_OFFLINE, Severity.BLOCKER),
    ({"jammed": True}, F.LOCK_JAMMED, Severity.BLOCKER),
    ({"mode": DoorMode.LOCKED}, F.DOOR_LOCKED, Severity.BLOCKER),
    ({"mode": DoorMode.LOCKDOWN}, F.DOOR_LOCKDOWN, Severity.BLOCKER),
    ({"guessable": True}, F.GUESS_RISK, Severity.WARNING),
]


@pytest.mark.parametrize(("changed", "code", "severity"), CASES)
def test_each_thing_that_is_wrong_is_found_by_its_name(
    changed: dict[str, object], code: Finding, severity: Severity
) -> None:
    assert codes(replace(GOOD, **changed)) == {code.value: severity.value}  # type: ignore[arg-type]


def test_every_finding_of_a_door_has_its_case_and_every_one_its_words() -> None:
    of_boxes = {each for each in Finding if each.value.startswith("box_")}
    assert {code for _, code, _ in CASES} == set(Finding) - of_boxes
    assert set(SEVERITY) == set(Finding)
    for language in Language:
        t = Translator(language)
        for finding in Finding:
            assert t(f"finding.{finding}.title")
            assert t(f"finding.{finding}.advice")
        for remedy in Remedy:
            assert t(f"remedy.{remedy}")
        for level in Level:
            assert t(f"level.{level}")


def test_a_controller_that_is_away_blocks_only_what_it_has_not_confirmed() -> None:
    """The PIN that it holds opens without the hub."""
    waiting = replace(GOOD, pins=pin(state=S.PLACING), machine=Machine(connected=False))
    assert codes(waiting)["controller_away"] == "blocker"


def test_a_door_that_opens_without_knowing_the_time_is_not_blocked_by_its_clock() -> None:
    facts = replace(GOOD, machine=Machine(clock_untrusted=True), opens_untrusted=True)
    assert codes(facts) == {}


def test_what_helps_depends_on_what_is_left() -> None:
    """Codes only where the controller has no hub and the door has a secret for them; unlocking
    from afar only where somebody is there to hear it."""
    away = replace(GOOD, pins=pin(state=S.PLACING), machine=Machine(connected=False))
    assert judge_door(away).remedies == (Remedy.DRIVE,)
    codes_too = replace(away, has_backup=True, key_holder="区長")
    assert judge_door(codes_too).remedies == (
        Remedy.BACKUP_CODES,
        Remedy.NEIGHBOUR_KEY,
        Remedy.DRIVE,
    )
    dead = replace(GOOD, keypads=(DEAD,), has_backup=True)
    assert judge_door(dead).remedies == (Remedy.REMOTE_UNLOCK, Remedy.DRIVE)


def test_the_list_of_a_lock_counts_beside_the_digest() -> None:
    later = NOW + timedelta(minutes=3)
    assert judge_door(replace(GOOD, list_proven=True, list_at=later)).confirmed_at == later
    assert not judge_door(replace(GOOD, list_proven=False)).confirmed


def test_a_key_box_is_warned_of_and_never_confirmed() -> None:
    names = {each.name: "" for each in fields(KeyBox)}
    box = KeyBox(
        **{
            **names,
            "id": "b",
            "state": SiteState.ACTIVE,
            "profile": "",
            "visit_every_days": 30,
            "generation": 0,
            "device_version": 0,
            "code_version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        }  # type: ignore[arg-type]
    )
    state = BoxState("b", jammed_since=NOW)
    after = NOW + timedelta(days=31)
    judged = judge_box(box, state, after, battery_low=True, paid=None)
    assert {each.code for each in judged.findings} == {
        F.BOX_NOT_SET_UP,
        F.BOX_BATTERY_LOW,
        F.BOX_NOT_VISITED,
        F.BOX_JAMMED,
    }
    assert not judged.can_confirm
    assert not judged.blocked
    assert level_of([judged], None, after) is Level.WARNED


@given(
    st.builds(
        DoorFacts,
        door_id=st.just("d"),
        pins=st.lists(
            st.builds(
                PinAtDoor,
                state=st.sampled_from([S.SCHEDULED, S.PLACING, S.PLACED, S.ACTIVE]),
                problems=st.frozensets(st.sampled_from(Problem), max_size=2),
                placed_at=st.sampled_from([None, NOW]),
                digits=st.integers(4, 10),
            ),
            max_size=3,
        ).map(tuple),
        machine=st.builds(Machine, connected=st.booleans(), has_rtc=st.booleans()),
        keypads=st.lists(
            st.builds(Keypad, contact=st.sampled_from(Contact), max_keys=st.integers(4, 10)),
            max_size=3,
        ).map(tuple),
        list_proven=st.sampled_from([None, True, False]),
    )
)
def test_nothing_is_called_ready_that_some_pin_has_not_proven(facts: DoorFacts) -> None:
    judged = judge_door(facts)
    proven = all(
        each.state in (S.PLACED, S.ACTIVE) and not each.problems & BLOCKING for each in facts.pins
    )
    assert judged.confirmed == (bool(facts.pins) and proven and facts.list_proven is not False)
    if level_of([judged], NOW, NOW) in (Level.READY, Level.WARNED):
        assert judged.confirmed
        assert not judged.blocked
    else:
        assert judged.remedies


@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_a_distribution_counts_every_value_once_and_names_values_that_occurred(
    values: list[float],
) -> None:
    found = distribution(values)
    assert sum(count for _, count in found.buckets) == found.count == len(values)
    ranks = [found.p50_s, found.p90_s, found.p99_s, found.max_s]
    if not values:
        assert ranks == [None] * 4
        return
    assert all(rank in values for rank in ranks)
    assert ranks == sorted(r for r in ranks if r is not None)
    assert sum(value <= (found.p50_s or 0) for value in values) * 2 >= len(values)
    below = 0
    for top, count in found.buckets:
        inside = [v for v in values if top is None or v <= top]
        assert len(inside) - below == count
        below = len(inside)
    assert len(found.buckets) == len(BUCKETS_S) + 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_rates_count_everything_once(pairs: list[tuple[str, bool]]) -> None:
    found = rates(pairs)
    assert sum(each.met + each.missed for each in found.values()) == len(pairs)
    assert sum(each.met for each in found.values()) == sum(met for _, met in pairs)


def steps(*events: E) -> list[PlacementStep]:
    return [PlacementStep(NOW + timedelta(seconds=i), e, S.PLACING) for i, e in enumerate(events)]


def second(i: int) -> datetime:
    return NOW + timedelta(seconds=i)


def test_the_clock_of_an_issue_starts_with_the_change_that_the_proof_is_of() -> None:
    """Not with one that was overtaken, nor with a withdrawn approval; within the horizon."""
    plain = steps(E.MAKE, E.SEND, E.CONFIRM)
    assert issue_began(plain, second(2), NOW) == second(0)
    assert issue_began(plain, second(2), second(1)) == second(1)
    assert issue_began(plain, second(2), second(99)) == second(2)
    draft = steps(E.MAKE, E.APPROVE, E.SEND, E.CONFIRM)
    assert issue_began(draft, second(3), NOW) == second(1)
    twice = steps(E.MAKE, E.SEND, E.CHANGE, E.SEND, E.CONFIRM)
    assert issue_began(twice, second(4), NOW) == second(2)
    moved = steps(E.MAKE, E.SEND, E.CONFIRM, E.CHANGE, E.SEND, E.CONFIRM)
    assert issue_began(moved, second(5), NOW) == second(3)
    again = steps(E.MAKE, E.SEND, E.CONFIRM, E.SEND, E.CONFIRM)
    assert issue_began(again, second(4), NOW) is None
    assert issue_began(steps(E.MAKE), second(4), NOW) is None


def test_the_clock_of_a_revocation_starts_with_it() -> None:
    gone = steps(E.MAKE, E.SEND, E.CONFIRM, E.REVOKE, E.CONFIRM_REVOKED)
    assert revoke_began(gone, second(4)) == second(3)
    assert revoke_began(steps(E.MAKE), second(4)) is None
