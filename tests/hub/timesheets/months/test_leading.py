"""One rule for everybody who asks: a head sees their department and all below it, and acts for it
and for those below that have no head of their own; of a head's own, the next one above acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.audit.tables import audit_entries
from hub.database.scope import Scope
from hub.rosters.reach import headed_by
from hub.staff import repository as staff
from hub.staff.domain import Department, DepartmentTerm
from hub.staff.tables import departments
from hub.timesheets import alert_repository, divergence_repository
from hub.timesheets import closing_repository as closings
from hub.timesheets.alert_domain import AlertLevel, CapAlert
from hub.timesheets.alert_service import AlertService
from hub.timesheets.closing_domain import (
    AdjustmentCause,
    AdjustmentState,
    DepartmentClosing,
    MonthAdjustment,
)
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.closing_sheets import ClosingSheets
from hub.timesheets.divergence_domain import Act, Divergence, DivergenceKind, DivergenceState
from hub.timesheets.divergence_domain import ProbableCause as Cause
from hub.timesheets.divergence_service import DivergenceService
from hub.timesheets.figures import ZERO
from hub.timesheets.leading import answering
from hub.timesheets.sources import Sources
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from hub.worktime.domain import CapKind, CapType, Month

MARCH = Month(2026, 3)
DAY = date(2026, 3, 10)
BEFORE = datetime(2026, 3, 31, tzinfo=UTC)
TREE = (("bureau", None), ("division", "bureau"), ("section", "division"), ("desk", "section"))
"""A bureau and a section have heads; the division and the desk have none."""
PEOPLE = {
    "p-bureau-head": ("bureau", True),
    "p-bureau": ("bureau", False),
    "p-division": ("division", False),
    "p-section-head": ("section", True),
    "p-section": ("section", False),
    "p-desk": ("desk", False),
}
ALL = {each for each, _ in TREE}
SEES = {"p-bureau-head": ALL, "p-section-head": {"section", "desk"}, "p-desk": set[str]()}
ACTS = {
    "p-bureau-head": {"p-bureau", "p-division", "p-section-head"},
    "p-section-head": {"p-section", "p-desk"},
    "p-desk": set[str](),
}
"""For whose matters each acts: of the heads' own, the section head's falls to the bureau's."""


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Who leads whom does not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def tree(office: Any) -> Any:
    """The tree of departments with its people, each with an alert, a divergence, an adjustment."""

    def work(scope: Scope) -> None:
        for name, parent in TREE:
            row = Department(name, name, name, "", "", parent, BEFORE, BEFORE)
            scope.insert(departments, asdict(row))
            term = DepartmentTerm(name, date(2020, 4, 1), CapType.ORDINARY, article_36=False)
            staff.write_term(scope, term)

    office.hub.core.db.write(work)
    for person, (department, heads) in PEOPLE.items():
        office.employ(person, department, heads=heads)
    office.hub.core.db.write(lambda scope: _matters(scope))
    return office


def _matters(scope: Scope) -> None:
    for name, _ in TREE:
        closings.keep_closing(scope, _closing(name), [])
    for number, (person, (department, _)) in enumerate(PEOPLE.items()):
        alert_repository.raise_once(scope, _alert(person, department))
        divergence_repository.add(scope, _divergence(person), "hub")
        closings.add_adjustment(scope, _adjustment(person, department, number))


def _closing(department: str) -> DepartmentClosing:
    return DepartmentClosing(
        id=f"c-{department}",
        department_id=department,
        month="2026-02",
        round=1,
        people=1,
        fingerprint="0" * 64,
        ordinance="x",
        cause="",
        overridden=(),
        closed_by="hub",
        closed_at=BEFORE,
    )


def _adjustment(person: str, department: str, number: int) -> MonthAdjustment:
    return MonthAdjustment(
        id=f"m-{person}",
        seq=number + 1,
        closing_id=f"c-{department}",
        person_id=person,
        month="2026-02",
        department_id=department,
        causes=(AdjustmentCause.RULES,),
        figures=ZERO,
        added=(),
        removed=(),
        state=AdjustmentState.OPEN,
        found_at=BEFORE,
    )


def _alert(person: str, department: str) -> CapAlert:
    return CapAlert(
        id=f"a-{person}",
        person_id=person,
        month=str(MARCH),
        department_id=department,
        kind=CapKind.MONTH,
        level=AlertLevel.BREACH,
        limit_min=2700,
        minutes=2800,
        months=0,
        raised_at=BEFORE,
        seen_by=None,
        seen_at=None,
    )


def _divergence(person: str) -> Divergence:
    return Divergence(
        id=f"d-{person}",
        person_id=person,
        work_date=DAY,
        kind=DivergenceKind.DOOR_ONLY,
        minutes=60,
        state=DivergenceState.OPEN,
        stands=True,
        settled_min=0,
        reason="",
        cause=Cause.NONE,
        inputs=(),
        links=(),
        found_at=BEFORE,
        changed_at=BEFORE,
    )


def user(person: str) -> Principal:
    return Principal(PrincipalKind.SESSION, f"u-{person}", person, Role.STAFF, None, person)


def _of(people: set[str]) -> set[str]:
    return {each for each, (department, _) in PEOPLE.items() if department in people}


def _seen(who: str) -> set[str]:
    return _of(SEES[who]) | {who}


READS: dict[str, Callable[[Any, str], set[str]]] = {
    "months": lambda tree, who: {each.person.id for each in tree.service.month(user(who), MARCH)},
    "team": lambda tree, who: {each.person.id for each in tree.service.team(user(who)).members},
    "divergences": lambda tree, who: {
        each.person_id
        for each in tree.hub.services.get(DivergenceService).inbox(
            user(who), MARCH.first, MARCH.last
        )
    },
    "alerts": lambda tree, who: {
        each.person_id for each in tree.hub.services.get(AlertService).alerts(user(who), MARCH)
    },
    "outlooks": lambda tree, who: {
        each.outlook.person_id
        for each in tree.hub.services.get(AlertService).outlooks(user(who), MARCH)
    },
    "adjustments": lambda tree, who: {
        each.person_id for each in tree.hub.services.get(ClosingSheets).adjustments(user(who), None)
    },
}


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("who", SEES)
def test_everything_that_is_read_is_read_of_the_same_people(tree: Any, what: str, who: str) -> None:
    """A head reads their department's and all below it, whoever leads those; others their own."""
    assert READS[what](tree, who) == _seen(who)


@pytest.mark.parametrize("who", SEES)
def test_closings_are_seen_of_the_same_departments(tree: Any, who: str) -> None:
    """In the overview, one by one, and in the list of departments to choose from."""
    sheets = tree.hub.services.get(ClosingSheets)
    assert {each.unit.id for each in sheets.overview(user(who), MARCH)} == SEES[who]
    assert {each.id for each in tree.service.departments(user(who))} == SEES[who]
    for name in ALL:
        if name in SEES[who]:
            assert sheets.department(user(who), name, MARCH).unit.id == name
        else:
            with pytest.raises(Problem, match="not_found"):
                sheets.department(user(who), name, MARCH)


@pytest.mark.parametrize("who", SEES)
def test_a_department_is_signed_by_the_nearest_head(tree: Any, who: str) -> None:
    """The bureau's head signs for the division, which has none; the section's for the desk."""
    service = tree.hub.services.get(ClosingService)
    signed = set()
    for name in ALL:
        try:
            service.sign_department(user(who), name, MARCH, None)
        except Problem as problem:
            assert problem.kind.code in ("forbidden", "not_found")
        else:
            signed.add(name)
    expected = {"p-bureau-head": {"bureau", "division"}, "p-section-head": {"section", "desk"}}
    assert signed == expected.get(who, set())


def _signs(tree: Any, who: str, about: str) -> None:
    tree.hub.services.get(ClosingService).sign_adjustment(user(who), f"m-{about}", "")


def _judges(tree: Any, who: str, about: str) -> None:
    tree.hub.services.get(DivergenceService).act(user(who), f"d-{about}", Act.INVESTIGATE, "")


def _records(tree: Any, who: str, about: str) -> None:
    tree.hub.services.get(AlertService).record_special_work(user(who), about, MARCH, "災害対応")


@pytest.mark.parametrize("act", [_signs, _judges, _records])
@pytest.mark.parametrize("who", ACTS)
def test_whoever_acts_acts_for_the_same_people(
    tree: Any, act: Callable[[Any, str, str], None], who: str
) -> None:
    """Adjustments, divergences and work beyond a cap: the nearest head, nobody for themselves."""
    done = set()
    for about in PEOPLE:
        try:
            act(tree, who, about)
        except Problem as problem:
            assert problem.kind.code in ("forbidden", "not_found")
        else:
            done.add(about)
    assert done == ACTS[who]


def test_a_judged_divergence_keeps_its_text_out_of_the_audit_log(tree: Any) -> None:
    """The note stands in the trail; the audit log has its length alone."""
    service = tree.hub.services.get(DivergenceService)
    told = "通院のため(私事)"
    service.act(user("p-desk"), "d-p-desk", Act.EXPLAIN, told)
    _signs(tree, "p-section-head", "p-desk")
    with tree.hub.core.db.read() as scope:
        entries = scope.all(scope.select(audit_entries).order_by(audit_entries.c.seq))
    assert all(told not in str(entry) for entry in entries)
    acted = next(each for each in entries if each.action == "divergence.acted_on")
    assert acted.details["note_chars"] == len(told)
    assert service.sheet(user("p-desk"), "d-p-desk").steps[-1].note == told


def test_who_led_until_yesterday_neither_sees_nor_acts_today(tree: Any) -> None:
    """What counts is who leads now; then the next one above acts."""
    tree.transfer("p-section-head", "bureau", on=tree.service.today)
    assert READS["months"](tree, "p-section-head") == {"p-section-head"}
    with pytest.raises(Problem, match="not_found"):
        _judges(tree, "p-section-head", "p-desk")
    _judges(tree, "p-bureau-head", "p-desk")


def test_two_who_lead_together_do_not_act_for_one_another(tree: Any) -> None:
    """Of either's matters the bureau's head decides; for the section's people both do."""
    tree.employ("p-second-head", "section", heads=True)
    with tree.hub.core.db.read() as scope:
        sources, today = tree.hub.services.get(Sources), tree.service.today
        for about, wanted in (
            ("p-section-head", ("p-bureau-head",)),
            ("p-second-head", ("p-bureau-head",)),
            ("p-section", ("p-second-head", "p-section-head")),
        ):
            assert answering(scope, sources, "section", today, about) == wanted


def test_a_department_below_itself_ends_nobodys_search(tree: Any) -> None:
    """Rows that were written past every check: whoever asks still gets an answer."""

    def work(scope: Scope) -> None:
        scope.update(departments, {"parent_id": "desk"}, departments.c.id == "bureau")

    tree.hub.core.db.write(work)
    with tree.hub.core.db.read() as scope:
        sources, today = tree.hub.services.get(Sources), tree.service.today
        assert answering(scope, sources, "desk", today, "p-section-head") == ("p-bureau-head",)
        assert headed_by(scope, "p-section-head", today) == ALL
