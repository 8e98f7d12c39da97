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
