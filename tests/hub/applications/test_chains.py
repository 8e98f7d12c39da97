"""Who decides: chains, heads, who stands in, and that nobody ever decides what is their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.applications.bodies import ApplicationKind
from hub.applications.chains import (
    DEFAULT,
    Case,
    Offices,
    asked,
    chain_for,
    is_skipped,
    next_step,
    principals,
)
from hub.applications.domain import Approver, ChainRule, Delegation, Step
from hub.staff.domain import Department

K = ApplicationKind
THEN = datetime(2026, 4, 1, tzinfo=UTC)
TODAY = date(2026, 4, 6)
HEAD, PARENT = Step(approver=Approver.HEAD), Step(approver=Approver.PARENT_HEAD)
PERSONNEL = Step(approver=Approver.PERSONNEL)
PARENTS: dict[str, str | None] = {"section": "office", "office": "division", "division": None}
HEADS = {"section": ("chief",), "office": ("manager",), "division": ("director",)}


def department(code: str, parent: str | None) -> Department:
    return Department(code, code, code, code, code, parent, THEN, THEN)


def offices(
    heads: dict[str, tuple[str, ...]] | None = None,
    away: tuple[str, ...] = (),
    parents: dict[str, str | None] | None = None,
) -> Offices:
    known = HEADS if heads is None else heads
    tree = PARENTS if parents is None else parents
    return Offices(
        {code: department(code, parent) for code, parent in tree.items()},
        lambda each: known.get(each, ()),
        away,
    )


def case(person: str = "hana", place: str | None = "section", **changed: Any) -> Case:
    given: dict[str, Any] = {"kind": K.OVERTIME, "employment": "regular", "minutes": 60}
    given |= changed
    return Case(person_id=person, department_id=place, **given)


def person(person_id: str) -> Step:
    return Step(approver=Approver.PERSON, person_id=person_id)


def delegation(giver: str, taker: str, **changed: Any) -> Delegation:
    given: dict[str, Any] = {
        "id": f"{giver}-{taker}",
        "from_person_id": giver,
        "to_person_id": taker,
        "kinds": (),
        "starts_on": TODAY,
        "ends_on": TODAY,
        "revoked_at": None,
        "created_at": THEN,
        "updated_at": THEN,
    }
    return Delegation(**(given | changed))


def rule(number: int, *steps: Step, **changed: Any) -> ChainRule:
    given: dict[str, Any] = {
        "id": f"r{number}",
        "name": "規則",
        "position": number,
        "kinds": (),
        "department_id": None,
        "employment": None,
        "from_min": None,
        "steps": steps or (HEAD,),
        "created_at": THEN,
        "updated_at": THEN,
    }
    return ChainRule(**(given | changed))


# --- which chain ---------------------------------------------------------------------------------


def test_without_a_rule_the_head_decides() -> None:
    assert chain_for([], case(), offices()) == DEFAULT == (HEAD,)


@pytest.mark.parametrize(
    ("fits", "limit"),
    [
        (True, {"kinds": (K.OVERTIME, K.LEAVE)}),
        (False, {"kinds": (K.LEAVE,)}),
        (True, {"department_id": "section"}),
        (True, {"department_id": "division"}),
        (False, {"department_id": "elsewhere"}),
        (True, {"employment": "regular"}),
        (False, {"employment": "part"}),
        (True, {"from_min": 60}),
        (False, {"from_min": 61}),
        (False, {"from_min": 60, "employment": "part"}),
    ],
)
def test_a_rule_fits_where_all_that_it_names_fits(fits: bool, limit: dict[str, Any]) -> None:
    found = chain_for([rule(1, PERSONNEL, **limit)], case(), offices())
    assert found == ((PERSONNEL,) if fits else DEFAULT)


def test_the_first_by_position_holds_and_of_equal_ones_the_older() -> None:
    rules = [rule(3, PERSONNEL), rule(2, PARENT), rule(1, HEAD, position=2)]
    assert chain_for(rules, case(), offices()) == (HEAD,)
    assert chain_for(reversed(rules), case(), offices()) == (HEAD,)


# --- whom a step asks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "place", "head", "parent"),
    [
        ("hana", "section", ("chief",), ("manager",)),
        ("chief", "section", ("manager",), ("director",)),
        ("manager", "office", ("director",), ()),
        ("director", "division", (), ()),
        ("stray", None, (), ()),
        ("stray", "closed", (), ()),
    ],
)
def test_heads_are_looked_for_upwards_and_never_the_applicant(
    who: str, place: str | None, head: tuple[str, ...], parent: tuple[str, ...]
) -> None:
    for step, expected in ((HEAD, head), (PARENT, parent)):
        assert principals(step, case(who, place), offices()) == expected
        assert is_skipped(step, case(who, place), offices()) == (not expected)


def test_a_section_without_a_head_asks_the_one_above() -> None:
    empty = offices(HEADS | {"section": ()})
    assert principals(HEAD, case(), empty) == ("manager",)
    assert principals(PARENT, case(), empty) == ("director",)


def test_two_heads_may_each_decide_but_not_for_one_another() -> None:
    two = offices(HEADS | {"section": ("chief", "deputy")})
    assert principals(HEAD, case(), two) == ("chief", "deputy")
    assert principals(HEAD, case("deputy"), two) == ("manager",)


def test_departments_that_go_round_in_a_circle_end() -> None:
    circle = offices({}, parents={"a": "b", "b": "a"})
    assert circle.above("a") == ["a", "b"]
    assert principals(HEAD, case(place="a"), circle) == ()


def test_a_named_person_is_asked_unless_it_is_their_own() -> None:
    assert principals(person("taro"), case(), offices()) == ("taro",)
    assert principals(person("hana"), case(), offices()) == ()
    assert is_skipped(person("hana"), case(), offices())


def test_personnel_are_asked_by_their_right_and_never_skipped() -> None:
    found = asked(PERSONNEL, case(), offices(), [], TODAY)
    assert (found.people, found.personnel) == ({}, True)
    assert not is_skipped(PERSONNEL, case(), offices())


def test_where_nobody_can_be_found_personnel_decide() -> None:
    assert asked(HEAD, case("director", "division"), offices(), [], TODAY).personnel


# --- standing in ---------------------------------------------------------------------------------


def test_a_delegate_decides_for_whoever_is_meant() -> None:
    found = asked(HEAD, case(), offices(), [delegation("chief", "taro")], TODAY)
    assert found.people == {"chief": "chief", "taro": "chief"}
    assert not found.personnel


@pytest.mark.parametrize(
    "changed",
    [
        {"starts_on": date(2026, 4, 7), "ends_on": date(2026, 4, 8)},
        {"starts_on": date(2026, 4, 1), "ends_on": date(2026, 4, 5)},
        {"kinds": (K.LEAVE,)},
        {"revoked_at": THEN},
        {"from_person_id": "manager"},
    ],
)
def test_a_delegation_holds_for_its_days_kinds_and_giver_alone(changed: dict[str, Any]) -> None:
    given = [delegation("chief", "taro", **changed)]
    assert asked(HEAD, case(), offices(), given, TODAY).people == {"chief": "chief"}


def test_a_delegate_of_a_delegate_is_none() -> None:
    given = [delegation("chief", "taro"), delegation("taro", "jiro")]
    assert set(asked(HEAD, case(), offices(), given, TODAY).people) == {"chief", "taro"}


def test_while_all_are_away_the_head_above_decides_for_them() -> None:
    found = asked(HEAD, case(), offices(away=("chief",)), [], TODAY)
    assert found.people == {"chief": "chief", "manager": "chief"}
    both = asked(HEAD, case(), offices(away=("chief", "manager")), [], TODAY)
    assert both.people == {"chief": "chief", "director": "chief"}
    stands_in = [delegation("chief", "taro")]
    kept = asked(HEAD, case(), offices(away=("chief",)), stands_in, TODAY)
    assert set(kept.people) == {"chief", "taro"}


def test_for_a_named_person_who_is_away_the_applicants_head_decides() -> None:
    found = asked(person("taro"), case(), offices(away=("taro",)), [], TODAY)
    assert found.people == {"taro": "taro", "chief": "taro"}


# --- the next step -------------------------------------------------------------------------------


def test_steps_that_ask_nobody_or_who_decided_already_are_passed_over() -> None:
    steps = (person("hana"), HEAD, person("chief"), PARENT, PERSONNEL)
    here = offices()
    assert next_step(steps, 0, case(), here, ()) == 1
    assert next_step(steps, 2, case(), here, {"chief"}) == 3
    assert next_step(steps, 4, case(), here, {"chief", "manager"}) == 4
    assert next_step(steps[:3], 2, case(), here, {"chief"}) == 3
    assert next_step((), 0, case(), here, ()) == 0


def test_of_two_heads_the_other_is_still_asked() -> None:
    two = offices(HEADS | {"section": ("chief", "deputy")})
    assert next_step((HEAD,), 0, case(), two, {"chief"}) == 0
    assert next_step((HEAD,), 0, case(), two, {"chief", "deputy"}) == 1


PEOPLE = ("a", "b", "c", "d")
CODES = ("p", "q", "r", "s")


@given(
    parents=st.fixed_dictionaries({code: st.sampled_from([None, *CODES]) for code in CODES}),
    heads=st.fixed_dictionaries(
        {code: st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True) for code in CODES}
    ),
    away=st.sets(st.sampled_from(PEOPLE)),
    given_to=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=4),
    step=st.sampled_from([HEAD, PARENT, PERSONNEL, *(person(each) for each in PEOPLE)]),
    who=st.sampled_from(PEOPLE),
    place=st.sampled_from([None, *CODES]),
)
def test_whatever_the_town_looks_like_nobody_decides_their_own_and_somebody_always_can(
    parents: Any, heads: Any, away: Any, given_to: Any, step: Step, who: str, place: str | None
) -> None:
    here = offices({code: tuple(each) for code, each in heads.items()}, tuple(away), parents)
    delegations = [delegation(one, other) for one, other in given_to]
    found = asked(step, case(who, place), here, delegations, TODAY)
    assert who not in found.people
    assert found.people or found.personnel
    assert who not in found.people.values()
