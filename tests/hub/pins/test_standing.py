"""Standing codes: drawn, placed and proven before anybody needs one, and then a booking's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.bookings.facilities import FacilitiesService
from hub.bookings.records import Facility
from hub.bookings.tables import Approval, Handover, Payment
from hub.bookings.windows import BookingRules
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.link.sessions import confirm, greet
from hub.pins.guess_risk import DEFAULT_BOUND
from hub.pins.service import Pins
from hub.pins.standing import StandingCodes, TendPools
from hub.projection.domain import ProjectedEvent, read_row
from hub.projection.memory_journal import MemoryJournal
from hub.sites import repository as site_rows
from hub.web.rights import SYSTEM, Role
from wire.clock import ClockReading, ClockState
from wire.event_bodies import AccessBody
from wire.events import EventKind, Factor
from wire.messages import EdgePolicy, Hello


@dataclass
class Gate:
    """A door with a pool, over the API; its agent learns and proves when it is told to."""

    hub: Any
    town: Any
    agent: Any
    client: TestClient
    use: Callable[[Role], TestClient]
    controller: str
    door: str

    def path(self, rest: str) -> str:
        return f"/api/v1/doors/{self.door}/{rest}"

    def pool(self, size: int, life_days: int = 14) -> Any:
        body = {"size": size, "life_days": life_days}
        answer = self.use(Role.ADMIN).put(self.path("standing_codes"), json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sheet(self) -> Any:
        return self.use(Role.ADMIN).get(self.path("standing_codes")).json()

    def tend(self) -> None:
        """The chore, whenever it is due."""
        codes = StandingCodes(self.hub.core.clock, self.hub.services.get(Pins))
        chore = TendPools(self.hub.core.clock, codes)
        self.hub.core.db.write(chore.run)

    def book(self, key: str, start_h: float = 0.5, hours: float = 2, **more: Any) -> Any:
        start = self.hub.core.clock.now() + timedelta(hours=start_h)
        body = {
            "doors": [self.door],
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=hours)).isoformat(),
            "contact": {"name": "山田 花子"},
            **more,
        }
        answer = self.use(Role.CLERK).put(f"/api/v1/bookings/{key}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def pull(self, key: str) -> Any:
        return self.use(Role.CLERK).post(f"/api/v1/bookings/{key}/backup_codes").json()

    def connect(self) -> None:
        core = self.hub.core
        hello = Hello(
            session="00112233445566778899aabbccddeeff",
            boot_id="3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11",
            agent="0.1.0",
            epoch=1,
            last_seq=0,
            policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
            clock=ClockReading(state=ClockState.TRUSTED, now=core.clock.now()),
        )
        core.db.write(lambda scope: greet(scope, self.controller, hello, core.clock.now()))
        core.db.write(
            lambda scope: confirm(scope, self.controller, hello.session, core.clock.now())
        )

    def opens(self, digits: str) -> bool:
        return bool(self.agent.type(digits, self.door).granted)

    def tell(self, digits: str) -> Any:
        """Somebody types digits while the door is away, and the hub hears of it; give the entry."""
        decided = self.agent.type(digits, self.door)
        journal = MemoryJournal()
        body = AccessBody(
            reason=decided.reason,
            factor=Factor.PIN,
            door=self.door,
            credential=decided.credential,
            grant=decided.grant,
            booking=decided.booking,
        )
        at_s = int((self.hub.core.clock.now() - journal.start).total_seconds())
        journal.add(EventKind.ACCESS_GRANTED, body, at_s, late_s=600)
        event = read_row(journal.rows[-1])
        assert isinstance(event, ProjectedEvent)
        self.hub.core.db.write(lambda scope: ENTRIES.project(scope, event))
        return self.use(Role.ADMIN).get("/api/v1/entries").json()["items"][0]


@pytest.fixture
def gate(
    hub: Any,
    hub_town: Any,
    client: TestClient,
    as_role: Callable[[Role], TestClient],
    enrolled: Callable[[str], ec.EllipticCurvePrivateKey],
    agent: Callable[..., Any],
) -> Gate:
    site = hub_town.site()
    controller = hub_town.controller(site)
    enrolled(controller)
    door = hub_town.door(site, controller)
    hub_town.reader(controller, door)
    return Gate(hub, hub_town, agent(hub_town, controller), client, as_role, controller, door)


def filled(gate: Gate, size: int = 2, life_days: int = 14) -> None:
    gate.pool(size, life_days)
    gate.agent.prove()
    assert gate.sheet()["ready"] == size


def test_a_pool_is_ready_only_once_the_door_has_proven_it(gate: Gate) -> None:
    made = gate.pool(3)
    assert (made["size"], made["ready"], len(made["codes"])) == (3, 0, 3)
    gate.book("k1")
    assert gate.pull("k1")["code"] == "no_code_left"
    gate.agent.prove()
    assert gate.sheet()["ready"] == 3
    assert gate.use(Role.ADMIN).get(gate.path("code_constraints")).json()["standing_codes"] == 3


def test_a_pull_gives_a_code_that_opens_already_and_the_same_when_asked_again(gate: Gate) -> None:
    filled(gate)
    booked = gate.book("k1")  # the door is away: it learns of nothing
    (first,) = gate.pull("k1")
    assert gate.pull("k1") == [first]
    assert first["kind"] == "standing"
    assert gate.opens(first["digits"])
    assert first["effective"] == booked["effective"]
    assert first["ends_when_confirmed"] is True
    assert first["opens"]["ends_at"] > first["effective"]["ends_at"]


def test_the_pool_fills_again_and_no_two_bookings_have_one_code(gate: Gate) -> None:
    filled(gate, 2)
    gate.book("k1")
    gate.book("k2", start_h=3)
    one, two = gate.pull("k1")[0]["digits"], gate.pull("k2")[0]["digits"]
    assert one != two
    gate.book("k3", start_h=6)
    assert gate.pull("k3")["code"] == "no_code_left"  # drawn, but the door is away
    gate.agent.prove()
    assert gate.sheet()["ready"] == 2
    assert gate.pull("k3")[0]["digits"] not in (one, two)


def test_once_the_door_is_back_a_pulled_code_ends_with_its_booking(gate: Gate) -> None:
    filled(gate)
    gate.book("k1")
    (given,) = gate.pull("k1")
    assert gate.opens(given["digits"])  # before its booking begins: nothing could be narrowed
    gate.agent.prove()
    assert gate.pull("k1")[0]["ends_when_confirmed"] is False
    assert not gate.opens(given["digits"])
    gate.town.clock.advance(timedelta(hours=1))
    assert gate.opens(given["digits"])
    gate.town.clock.advance(timedelta(hours=2))
    assert not gate.opens(given["digits"])


def test_away_for_good_it_opens_to_its_own_end_and_that_was_said(gate: Gate) -> None:
    filled(gate, life_days=7)
    gate.book("k1")
    (given,) = gate.pull("k1")
    until = datetime.fromisoformat(given["opens"]["ends_at"])
    gate.town.clock.advance(until - gate.town.clock.now() - timedelta(seconds=1))
    assert gate.opens(given["digits"])
    gate.town.clock.advance(timedelta(seconds=1))
    assert not gate.opens(given["digits"])


def test_a_cancelled_or_moved_booking_takes_its_code_along(gate: Gate) -> None:
    filled(gate)
    gate.book("k1")
    (given,) = gate.pull("k1")
    gate.book("k1", start_h=5)
    (moved,) = gate.pull("k1")
    assert moved["digits"] == given["digits"]
    assert moved["effective"]["starts_at"] > given["effective"]["ends_at"]
    gate.use(Role.CLERK).delete("/api/v1/bookings/k1")
    gate.agent.prove()
    assert not gate.opens(given["digits"])


def hall_of(gate: Gate, payment: Payment = Payment.NONE) -> str:
    """A facility with the door, whose bookings' windows meet."""
    rules = BookingRules(handover=Handover.TRIM)
    door = gate.hub.core.db.write(lambda scope: site_rows.door(scope, gate.door))
    assert door is not None
    wanted = Facility(
        "", door.site_id, "体育館", "", "", (gate.door,), Approval.AUTOMATIC, rules, payment=payment
    )
    made = gate.hub.services.get(FacilitiesService).create(SYSTEM, wanted)
    return str(made.id)


def test_a_payment_taken_back_takes_the_code_along(gate: Gate) -> None:
    filled(gate)
    gate.book("k1", facility_id=hall_of(gate, Payment.BEFORE_PIN), paid=True)
    (given,) = gate.pull("k1")
    gate.book("k1", paid=False)
    assert gate.pull("k1")["code"] == "payment_missing"
    gate.agent.prove()
    gate.town.clock.advance(timedelta(hours=1))
    assert not gate.opens(given["digits"])


def test_a_code_ends_where_the_next_booking_begins(gate: Gate) -> None:
    filled(gate)
    hall = hall_of(gate)
    gate.book("k1", facility_id=hall, start_h=0.5, hours=2)
    (given,) = gate.pull("k1")
    gate.book("k2", facility_id=hall, start_h=2.5, hours=2)
    gate.agent.prove()
    gate.town.clock.advance(timedelta(hours=2, minutes=29))
    assert gate.opens(given["digits"])
    gate.town.clock.advance(timedelta(minutes=1))
    assert not gate.opens(given["digits"])


def test_a_reissue_after_a_leak_gives_another_code_when_asked(gate: Gate) -> None:
    filled(gate)
    gate.book("k1")
    (given,) = gate.pull("k1")
    gate.use(Role.CLERK).post("/api/v1/bookings/k1/pin/reissue")
    (other,) = gate.pull("k1")
    assert other["digits"] != given["digits"]


def test_an_entry_with_a_pulled_code_is_the_bookings_that_pulled_it(gate: Gate) -> None:
    filled(gate)
    booked = gate.book("k1")
    (given,) = gate.pull("k1")
    gate.town.clock.advance(timedelta(hours=1))
    entry = gate.tell(given["digits"])
    assert entry["booking_id"] == booked["id"]
    alarms = gate.use(Role.ADMIN).get("/api/v1/alarms").json()
    assert not [each for each in alarms if each["kind"] == "unknown_code"]


def test_a_code_that_nobody_pulled_and_that_opens_raises_an_alarm(gate: Gate) -> None:
    filled(gate, 1)
    (code,) = gate.sheet()["codes"]
    with gate.hub.core.db.read() as scope:
        digits = gate.hub.services.get(Pins).reveal(scope, code["credential_id"])
    assert gate.tell(digits)["booking_id"] is None
    alarms = gate.use(Role.ADMIN).get("/api/v1/alarms").json()
    assert [each["door_id"] for each in alarms if each["kind"] == "unknown_code"] == [gate.door]


def test_a_code_is_replaced_at_half_its_life_once_its_successor_is_proven(gate: Gate) -> None:
    filled(gate, 1, life_days=10)
    (old,) = gate.sheet()["codes"]
    gate.town.clock.advance(timedelta(days=5, minutes=1))
    gate.tend()
    both = gate.sheet()["codes"]
    assert [each["credential_id"] for each in both][:1] == [old["credential_id"]]
    assert len(both) == 2
    gate.tend()  # the door is away: nothing more happens
    assert len(gate.sheet()["codes"]) == 2
    gate.agent.prove()
    gate.tend()
    (new,) = gate.sheet()["codes"]
    assert new["credential_id"] != old["credential_id"]


def test_size_nought_takes_away_what_nobody_pulled(gate: Gate) -> None:
    filled(gate, 3)
    gate.book("k1")
    (given,) = gate.pull("k1")
    gate.agent.prove()
    gate.pool(0)
    gate.agent.prove()
    left = gate.sheet()["codes"]
    assert [each["booking_id"] is not None for each in left] == [True]
    gate.town.clock.advance(timedelta(hours=1))
    assert gate.opens(given["digits"])


def test_standing_codes_count_in_the_guess_risk_and_get_as_many_digits_as_that_needs(
    gate: Gate,
) -> None:
    before = gate.use(Role.ADMIN).get(gate.path("guess_risk")).json()
    assert before["chance"] == 0
    filled(gate, 12, life_days=30)
    after = gate.use(Role.ADMIN).get(gate.path("guess_risk")).json()
    assert sum(each["count"] for each in after["live"]) == 12
    assert after["chance"] > 0
    assert {each["digits"] for each in gate.sheet()["codes"]} == {8}
    assert after["chance"] <= DEFAULT_BOUND / 10
    for number in range(6):  # bookings have as many digits as ever
        made = gate.book(f"k{number}", start_h=24 * number + 1)
        assert made["credentials"][0]["digits"] == 6


def test_digits_stand_in_no_answer_but_the_pull(gate: Gate) -> None:
    filled(gate)
    gate.book("k1")
    (given,) = gate.pull("k1")
    for path in ("standing_codes", "guess_risk", "code_constraints"):
        assert given["digits"] not in gate.use(Role.ADMIN).get(gate.path(path)).text
    audit = gate.use(Role.AUDITOR).get("/api/v1/audit").text
    assert "backup_codes.revealed" in audit
    assert given["digits"] not in audit


@settings(
    deadline=None, max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    bookings=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), min_size=1, max_size=5),
    size=st.integers(1, 4),
)
def test_whatever_is_booked_no_code_has_two_bookings_and_none_is_lost(
    gate: Gate, bookings: list[tuple[int, int]], size: int
) -> None:
    gate.pool(size)
    gate.agent.prove()
    seen: dict[str, str] = {}
    for start_h, hours in bookings:
        key = gate.hub.core.ids.new()
        gate.book(key, start_h + 1, hours)
        given = gate.pull(key)
        if isinstance(given, list):
            assert seen.setdefault(given[0]["digits"], key) == key
            assert gate.opens(given[0]["digits"])
        else:
            assert given["code"] == "no_code_left"
    sheet = gate.sheet()
    assert sum(each["booking_id"] is None for each in sheet["codes"]) == size
    for key in seen.values():
        gate.use(Role.CLERK).delete(f"/api/v1/bookings/{key}")
    gate.pool(0)
    gate.agent.prove()
