"""The chore: what is told once, what is kept, and how it comes to figures and alarms."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hub.readiness import repository
from hub.readiness.domain import Outcome
from hub.web.rights import SYSTEM

READY, LATE = ("booking.ready", None), "booking.late"
DAY = date(2026, 4, 6)


def outcome(hall: Any, booking: str) -> tuple[Outcome, ...]:
    with hall.hub.core.db.read() as scope:
        found = repository.watches_of(scope, [booking])
    return tuple(each.outcome for each in sorted(found, key=lambda one: one.starts_at))


def test_a_booking_is_ready_once_every_door_has_confirmed(hall: Any) -> None:
    hall.book()
    hall.look()
    assert hall.told() == []
    hall.clock.advance(timedelta(seconds=2))
    hall.prove()
    hall.look()
    hall.look()
    hall.look(fresh=True)
    assert hall.words() == [READY]
    assert hall.readiness()["level"] == "ready"
    assert hall.readiness()["ready_at"] == "2026-04-06T00:00:02Z"


def test_one_door_that_has_not_confirmed_keeps_it_from_being_ready(
    hall: Any, enrolled: Any
) -> None:
    other = hall.town.controller(hall.site, enrolled=False)
    enrolled(other)
    door = hall.town.door(hall.site, other)
    hall.town.reader(other, door)
    hall.doors = (*hall.doors, door)
    hall.book()
    hall.prove()
    hall.look()
    assert hall.told() == []
    assert hall.codes(door=2)["unconfirmed"] == "note"
    hall.prove(other)
    hall.look()
    assert hall.words() == [READY]


def test_a_deadline_met_is_kept_door_by_door(hall: Any) -> None:
    booking = hall.book()
    hall.prove()
    hall.pass_time(hours=8)
    assert outcome(hall, booking) == (Outcome.MET,)
    with hall.hub.core.db.read() as scope:
        (watch,) = repository.watches_of(scope, [booking])
        results = repository.results_of(scope, watch)
    assert {each.lock_id for each in results} == set(hall.doors)
    assert all(each.met_at is not None and not each.missed for each in results)
    assert hall.words() == [READY]
    assert "kagimori_readiness_deadline_met_total 1.0" in _metrics(hall)


def test_a_missed_deadline_is_told_kept_and_raised_and_ends_with_the_proof(hall: Any) -> None:
    """Both rungs of the ladder, once each, though a hub is started anew between them."""
    booking = hall.book()
    hall.pass_time(hours=7, minutes=49)
    assert hall.told() == []
    hall.pass_time(minutes=2)
    hall.look(fresh=True)
    (late,) = hall.told()
    assert (str(late.kind), late.details["step"]) == (LATE, 1)
    assert late.subject.booking_id == booking
    assert late.subject.door_id in hall.doors
    assert late.details["doors"][0]["findings"] == ["unconfirmed"]
    assert late.details["doors"][0]["remedies"] == ["remote_unlock", "drive"]
    assert outcome(hall, booking) == (Outcome.MISSED,)
    alarms = hall.client.get("/api/v1/alarms").json()
    assert [each["kind"] for each in alarms] == ["booking_late"]
    noted = hall.client.post(f"/api/v1/alarms/{alarms[0]['id']}/acknowledge", json={"note": "行く"})
    assert noted.status_code in (200, 204), noted.text
    hall.pass_time(minutes=50)
    assert [step for _, step in hall.words()] == [1, 2]
    (alarm,) = hall.client.get("/api/v1/alarms").json()
    assert alarm["times"] == 2
    hall.prove()
    hall.look()
    assert hall.client.get("/api/v1/alarms").json() == []
    assert hall.words()[-1] == READY
    with hall.hub.core.db.read() as scope:
        (watch,) = repository.watches_of(scope, [booking])
        assert all(
            each.missed and each.wrong == ("unconfirmed",)
            for each in repository.results_of(scope, watch)
        )


def test_other_digits_are_told_ready_anew_and_a_new_contact_is_not(hall: Any) -> None:
    hall.book()
    hall.prove()
    hall.look()
    hall.book(contact={"name": "佐藤"})
    hall.prove()
    hall.look()
    assert hall.words() == [READY]
    hall.clock.advance(timedelta(minutes=1))
    assert hall.client.post("/api/v1/bookings/k1/pin/reissue").status_code == 200
    hall.town.compile()
    hall.look()
    hall.prove()
    hall.look()
    assert hall.words() == [READY, READY]


def test_a_booking_counts_once_by_the_window_it_had_last(hall: Any) -> None:
    """Moved after a deadline that was missed; and one cancelled before its deadline counts
    nowhere."""
    booking = hall.book()
    hall.pass_time(hours=8)
    hall.book(start_h=10)
    hall.look()
    hall.prove()
    gone = hall.book("k2", start_h=12)
    hall.look()
    hall.client.delete("/api/v1/bookings/k2")
    hall.pass_time(hours=9)
    assert outcome(hall, booking) == (Outcome.SUPERSEDED, Outcome.MET)
    assert outcome(hall, gone) == (Outcome.WITHDRAWN,)
    found = hall.service.figures(SYSTEM, DAY, DAY + timedelta(days=1))
    assert (found.town.met, found.town.missed) == (1, 0)
    assert {each.met for each in found.by_door.values()} == {1}


def test_a_late_booking_has_minutes_from_when_it_was_made(hall: Any) -> None:
    hall.book(start_h=1)
    hall.look()
    assert hall.readiness()["deadline"] == "2026-04-06T00:05:00Z"
    hall.pass_time(minutes=6)
    assert [step for _, step in hall.words()] == [1]


def test_a_facilitys_own_deadline_goes_before_its_sites(hall: Any) -> None:
    path = f"/api/v1/readiness/rules/site/{hall.site}"
    body = {"lead_min": 180, "grace_min": 10}
    assert hall.client.put(path, json=body).json() == {"kind": "site", "target": hall.site, **body}
    hall.book()
    assert hall.readiness()["deadline"] == "2026-04-06T05:50:00Z"
    assert hall.client.get("/api/v1/readiness/rules").json()[0]["lead_min"] == 180
    assert hall.client.delete(path).status_code == 204
    assert hall.readiness()["deadline"] == "2026-04-06T07:50:00Z"
    assert hall.client.delete(path).status_code == 404
    assert hall.client.put("/api/v1/readiness/rules/facility/x", json=body).status_code == 404


def test_latencies_run_from_the_commit_to_the_proof(hall: Any) -> None:
    """From the change, or from when the window came within the horizon; a controller that was
    away meanwhile counts apart."""
    hall.book()
    hall.clock.advance(timedelta(seconds=3))
    hall.prove()
    hall.look()
    hall.book("far", start_h=80)
    hall.pass_time(hours=8)
    hall.clock.advance(timedelta(seconds=40))
    hall.connect()
    hall.prove()
    hall.look()
    hall.client.delete("/api/v1/bookings/k1")
    hall.town.compile()
    hall.clock.advance(timedelta(seconds=1))
    hall.prove()
    hall.look()
    answer = hall.client.get("/api/v1/readiness/figures?from=2026-04-06&to=2026-04-07").json()
    issue, revoke = answer["issue_to_placed"], answer["revoke_to_dead"]
    assert (issue["connected"]["count"], issue["connected"]["max_s"]) == (2, 3.0)
    # 80 h ahead, 10 min of margin, 72 h of horizon: due at 7:50, proven at 8:00:40
    assert (issue["away"]["count"], issue["away"]["max_s"]) == (2, 640.0)
    assert (revoke["every"]["count"], revoke["every"]["p50_s"]) == (2, 1.0)
    assert 'kagimori_revoke_to_dead_seconds_count{connected="yes"} 2.0' in _metrics(hall)


def test_sent_again_for_other_reasons_is_no_issue(hall: Any) -> None:
    """A controller that is enrolled anew holds the same PINs under other keys: no latency."""
    hall.book()
    hall.prove()
    hall.look()
    before = _count(hall)
    hall.clock.advance(timedelta(minutes=5))
    hall.hub.core.db.write(lambda scope: _send_again(scope, hall))
    hall.prove()
    hall.look()
    assert _count(hall) == before == 2


def _send_again(scope: Any, hall: Any) -> None:
    from hub.pins import placements
    from hub.pins.placement import PlacementEvent, PlacementState
    from hub.pins.tables import pin_placements

    for each in placements.where(scope, pin_placements.c.state == PlacementState.PLACED):
        happening = placements.Happening(PlacementEvent.SEND, hall.clock.now(), "test")
        placements.change(scope, each, happening)


def _count(hall: Any) -> int:
    found = hall.service.figures(SYSTEM, DAY, DAY + timedelta(days=1))
    return int(found.issue.every.count)


def _metrics(hall: Any) -> str:
    from prometheus_client import generate_latest

    return generate_latest(hall.registry).decode()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/readiness?date=9999-12-31",
        "/api/v1/readiness?date=0001-01-01",
        "/api/v1/readiness/figures?from=2026-04-07&to=2026-04-06",
        "/api/v1/readiness/figures?from=2020-01-01&to=2026-04-06",
    ],
)
def test_strange_days_are_refused(hall: Any, path: str) -> None:
    assert hall.client.get(path).status_code == 422


def test_a_look_keeps_no_more_than_a_batch_and_the_next_one_goes_on(
    hall: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that compiles policies never waits for a whole day's bookings."""
    monkeypatch.setattr("hub.readiness.watch._AT_ONCE", 2)
    for n in range(5):
        hall.book(f"k{n}", start_h=3 + 3 * n)
    hall.prove()
    hall.look()
    assert len(hall.told()) == 2
    for _ in range(2):
        hall.look()
    assert hall.words() == [READY] * 5
