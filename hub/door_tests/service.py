"""Tests that clerks tell of, and how a door stands by its latest."""

from __future__ import annotations

from dataclasses import dataclass

from hub.audit.service import record
from hub.database.scope import Scope
from hub.door_tests import repository
from hub.door_tests.domain import DoorTest, Standing, TestedBy, standing
from hub.sites import repository as site_rows
from hub.sites.domain import SiteState
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class Tests:
    """A door's tests, the newest first, and how it stands by them."""

    __test__ = False  # not one of pytest's

    standing: Standing
    found: tuple[DoorTest, ...]


@dataclass(frozen=True, slots=True)
class DoorStanding:
    """How a door stands, and its latest test."""

    door_id: str
    standing: Standing
    latest: DoorTest | None


class DoorTestsService:
    """Keeps tests and gives them."""

    def __init__(self, core: Core) -> None:
        self._db = core.db
        self._clock = core.clock
        self._ids = core.ids

    def tell(
        self, who: Principal, door_id: str, *, passed: bool, cause: str = "", note: str = ""
    ) -> DoorTest:
        """Keep a test made now. Raises `invalid` for one that failed without a cause, or passed
        with one; `not_found` for a door that is none or not theirs."""
        if passed == bool(cause):
            code = "not_of_a_pass" if passed else "missing"
            raise invalid("cause", code, "a test that failed has a cause, one that passed has none")
        return self._db.write(lambda scope: self._keep(scope, who, door_id, passed, cause, note))

    def of_door(self, who: Principal, door_id: str, limit: int = 20) -> Tests:
        """Give a door's tests; raises `not_found`."""
        with self._db.read() as scope:
            _check_reach(scope, who, door_id)
            found = repository.of_door(scope, door_id, limit)
        return Tests(standing(found[0] if found else None, self._clock.now()), found)

    def every_door(self, who: Principal) -> tuple[DoorStanding, ...]:
        """Give every door in use that the principal may see, by id, with its latest test."""
        now = self._clock.now()
        with self._db.read() as scope:
            latest = repository.latest(scope)
            doors = [
                door
                for controller in site_rows.active_controllers(scope)
                for door in site_rows.doors_of_controller(scope, controller.id)
                if who.reaches(door.site_id)
            ]
        found = sorted(door.id for door in doors)
        return tuple(
            DoorStanding(each, standing(latest.get(each), now), latest.get(each)) for each in found
        )

    def _keep(
        self, scope: Scope, who: Principal, door_id: str, passed: bool, cause: str, note: str
    ) -> DoorTest:
        _check_reach(scope, who, door_id)
        now = self._clock.now()
        test = DoorTest(
            id=self._ids.new(),
            door_id=door_id,
            told_by=TestedBy.CLERK,
            passed=passed,
            cause=cause,
            note=note,
            actor=who.id,
            tested_at=now,
            recorded_at=now,
        )
        repository.add(scope, test)
        details = {"test": test.id, "passed": passed, "cause": cause}
        record(scope, now, who, "door.tested", ("door", door_id), details)
        return test


def _check_reach(scope: Scope, who: Principal, door_id: str) -> None:
    door = site_rows.door(scope, door_id)
    if door is None or door.state is not SiteState.ACTIVE or not who.reaches(door.site_id):
        raise Problem(NOT_FOUND, "no such door")
