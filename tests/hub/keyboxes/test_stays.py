"""Bookings of days, weeks and a year at a key box for stays: a code each, and its real window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.web.rights import Role
from wire.offline_profiles import EPOCH
from wire.sealed_codes import CodeKey, CodeVerdict, LockClock, judge_code, open_code

STEP = timedelta(seconds=1)


def verdict(cottage: Any, digits: str, at: datetime) -> CodeVerdict:
    """What the box itself says, with a clock that is right."""
    lock = cottage.lock()
    code = open_code(lock.profile, CodeKey.of(lock.secret, lock.id), digits)
    at_s = (at - EPOCH) // STEP
    return judge_code(lock.profile, code, LockClock(at_s, at_s), 0)


@pytest.mark.parametrize("days", [1, 2, 14, 28, 29, 31, 92, 93, 100, 180, 366, 367])
def test_days_to_367_get_a_code_that_opens_in_the_window_that_is_shown(
    cottage: Any, days: int
) -> None:
    made = cottage.put("k1", hours=24 * days)
    assert made.status_code == 201, made.text
    (shown,) = cottage.shown("k1")
    assert len(shown["digits"]) == 10
    begins, ends = (
        datetime.fromisoformat(shown["effective"][end]) for end in ("starts_at", "ends_at")
    )
    wanted = made.json()["effective"]
    assert begins <= datetime.fromisoformat(wanted["starts_at"])
    assert datetime.fromisoformat(wanted["ends_at"]) <= ends
    assert ends - begins <= timedelta(days=days) * 1.07 + timedelta(days=2)
    for at, expected in (
        (begins - STEP, CodeVerdict.EARLY),
        (begins, CodeVerdict.VALID),
        (ends - STEP, CodeVerdict.VALID),
        (ends, CodeVerdict.EXPIRED),
    ):
        assert verdict(cottage, shown["digits"], at) is expected


@pytest.mark.parametrize("hours", [1, 23, 25, 71, 168, 500, 671, 672])
def test_hours_to_672_get_a_code_that_holds_them(cottage: Any, hours: int) -> None:
    made = cottage.put("k1", hours=hours).json()
    (code,) = made["codes"]
    for end, least in (("starts_at", min), ("ends_at", max)):
        both = [datetime.fromisoformat(one["effective"][end]) for one in (made, code)]
        assert least(both) == both[1]


def test_a_code_of_a_year_begins_when_it_begins_and_is_over_when_it_is(
    cottage: Any, clock: Any
) -> None:
    cottage.put("k1", start_h=48, hours=24 * 365)
    for days, state in ((0, "computed"), (3, "active"), (360, "active"), (10, "ended")):
        clock.advance(timedelta(days=days))
        (code,) = cottage.booking("k1")["codes"]
        assert code["state"] == state


def test_a_day_more_than_the_facility_admits_is_refused(cottage: Any) -> None:
    refused = cottage.put("k1", hours=24 * 367 + 1)
    assert (refused.status_code, refused.json()["code"]) == (422, "too_long")
    body = {"longest_min": 367 * 1_440 + 1, "site_id": cottage.site, "name_ja": "長い"}
    assert cottage.use(Role.ADMIN).post("/api/v1/facilities", json=body).status_code == 422


def test_a_box_for_stays_shows_its_ten_digits_and_its_bound(cottage: Any) -> None:
    box = cottage.use(Role.VIEWER).get(f"/api/v1/key_boxes/{cottage.box}").json()
    assert (box["profile"], box["digits"]) == ("stay", 10)
    assert box["guess_risk"] == pytest.approx(9.8928e-6)


def test_a_door_with_backup_codes_for_stays_says_so_in_its_constraints(
    cottage: Any, enrolled: Callable[[str], object]
) -> None:
    controller = cottage.town.controller(cottage.site)
    enrolled(controller)
    door = cottage.town.door(cottage.site, controller)
    cottage.town.reader(controller, door)
    path = f"/api/v1/doors/{door}"
    answer = cottage.use(Role.ADMIN).put(f"{path}/backup_codes", json={"profile": "stay"})
    assert answer.status_code == 200, answer.text
    sealed = cottage.use(Role.CLERK).get(f"{path}/code_constraints").json()["sealed"]
    assert (sealed["name"], sealed["digits"]) == ("stay", 10)
    assert sealed["longest_minutes"] == 369 * 1_440
    assert sealed["always_minutes"] == 368 * 1_440
    assert len(sealed["shapes"]) == 126
