"""Bookings of a facility with a key box: a sealed code each, and what cannot be undone is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from hub.bookings.records import BookingWish
from hub.bookings.service import BookingsService
from hub.keyboxes.service import KeyBoxes
from hub.keyboxes.tables import offline_codes
from hub.web.rights import SYSTEM, Role
from wire.events import AccessBody, EventKind, Factor
from wire.offline_profiles import EPOCH
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, CodeVerdict, LockClock, SealedCode, judge_code, open_code


def verdict(hut: Any, digits: str, at: datetime, newest: int = 0) -> CodeVerdict:
    """What the box itself says, with a clock that is right."""
    lock = hut.lock()
    code = open_code(lock.profile, CodeKey.of(lock.secret, lock.id), digits)
    now_s = (at - EPOCH) // timedelta(seconds=1)
    return judge_code(lock.profile, code, LockClock(now_s, now_s), newest)


def test_a_booking_gets_a_code_that_the_box_opens_in_its_window_and_not_outside(hut: Any) -> None:
    made = hut.put("k1", start_h=1, hours=2)
    assert made.status_code == 201, made.text
    (code,) = made.json()["codes"]
    assert code["state"] == "computed"
    assert made.json()["readiness"] == "offline"
    assert made.json()["offline"] == {
        "computed": 1,
        "active": 0,
        "ended": 0,
        "can_be_confirmed": False,
        "revocable_from_afar": False,
    }
    (shown,) = hut.shown("k1")
    digits = shown["digits"]
    assert len(digits) == 9
    start, end = (datetime.fromisoformat(shown["effective"][e]) for e in ("starts_at", "ends_at"))
    assert verdict(hut, digits, start) is CodeVerdict.VALID
    assert verdict(hut, digits, end - timedelta(seconds=1)) is CodeVerdict.VALID
    assert verdict(hut, digits, end) is CodeVerdict.EXPIRED
    assert verdict(hut, digits, start - timedelta(hours=2)) is CodeVerdict.NOT_YET


def test_both_windows_are_told_and_the_code_covers_the_booked_one_with_its_margins(
    hut: Any,
) -> None:
    made = hut.put("k1", start_h=1.1, hours=2).json()
    (code,) = made["codes"]
    for inner, outer in (("booked", made["effective"]), ("effective", code["effective"])):
        assert outer["starts_at"] <= made[inner]["starts_at"]
        assert made[inner]["ends_at"] <= outer["ends_at"]
    start = datetime.fromisoformat(code["effective"]["starts_at"])
    assert start.minute % 15 == 0


def test_only_the_tag_is_kept_and_the_digits_stand_nowhere(hut: Any) -> None:
    hut.put("k1")
    digits = hut.digits("k1")
    with hut.hub.core.db.read() as scope:
        from hub.audit.tables import audit_entries

        rows = scope.all(scope.select(offline_codes)) + scope.all(scope.select(audit_entries))
    assert digits not in str([tuple(row) for row in rows])


def test_a_code_becomes_active_and_ends_by_the_time_alone(hut: Any, clock: Any) -> None:
    hut.put("k1", start_h=1, hours=2)
    clock.advance(timedelta(hours=1.5))
    assert hut.booking("k1")["offline"]["active"] == 1
    clock.advance(timedelta(hours=4))
    after = hut.booking("k1")
    assert (after["offline"]["ended"], after["readiness"]) == (1, "over")


def test_two_bookings_of_one_window_get_different_codes_until_none_is_left(
    hut: Any,
) -> None:
    """Holders of one booking and of others draw on the same few codes of a window."""
    made = [hut.put(f"k{n}", facility_id=None, key_boxes=[hut.box]) for n in range(4)]
    assert [each.status_code for each in made] == [201] * 4
    assert len({hut.digits(f"k{n}") for n in range(4)}) == 4
    refused = hut.put("k5", facility_id=None, key_boxes=[hut.box])
    assert refused.status_code == 409
    assert refused.json()["code"] == "no_code_left"
    assert refused.json()["key_box"] == hut.box
    hut.use(Role.CLERK).delete("/api/v1/bookings/k0")
    assert hut.put("k6", facility_id=None, key_boxes=[hut.box]).status_code == 409


def test_bookings_made_at_once_never_share_a_code(hut: Any) -> None:
    """Each in a thread and a transaction of its own; the fourth of four still finds one."""
    service = hut.hub.services.get(BookingsService)
    wish = BookingWish(key_boxes=(hut.box,), starts_at=hut.at(1), ends_at=hut.at(3))
    gate = Barrier(4)

    def put(number: int) -> None:
        gate.wait()
        service.put(SYSTEM, f"k{number}", wish)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(4)))
    assert len({hut.digits(f"k{number}") for number in range(4)}) == 4


def test_a_code_is_never_shown_under_a_generation_that_it_no_longer_has(hut: Any) -> None:
    """Looking and retiring at once: what was shown is either the code that stands, or listed."""
    boxes, bookings = hut.hub.services.get(KeyBoxes), hut.hub.services.get(BookingsService)
    for number in range(3):
        hut.put(f"k{number}", start_h=1 + 4 * number)
        gate = Barrier(2)

        def look(key: str = f"k{number}", gate: Barrier = gate) -> str:
            gate.wait()
            ((shown,),) = (each.codes for each in bookings.reveal(SYSTEM, key))
            return str(shown.code.code.tag)

        def retire(gate: Barrier = gate) -> None:
            gate.wait()
            boxes.retire(SYSTEM, hut.box, "試験")

        with ThreadPoolExecutor(2) as pool:
            seen, done = pool.submit(look), pool.submit(retire)
            tag = seen.result()
            done.result()
        after = bookings.get(SYSTEM, f"k{number}")
        ((stands,),) = (each.codes for each in bookings.reveal(SYSTEM, f"k{number}"))
        known = {stands.code.code.tag, *(each.tag for each in after.still_opens)}
        assert tag in known
        assert stands.code.code.generation == number + 1


def test_a_code_that_nobody_saw_is_free_again_when_its_booking_is_cancelled(hut: Any) -> None:
    for n in range(4):
        hut.put(f"k{n}", facility_id=None, key_boxes=[hut.box])
    hut.use(Role.CLERK).delete("/api/v1/bookings/k2")
    assert hut.put("k5", facility_id=None, key_boxes=[hut.box]).status_code == 201


@pytest.mark.parametrize(("start_h", "hours"), [(1, 24 * 31), (5, 24 * 31)])
def test_a_window_that_no_code_covers_is_refused_with_the_longest_that_can_be(
    hut: Any, start_h: float, hours: float
) -> None:
    refused = hut.put("k1", start_h=start_h, hours=hours)
    assert refused.status_code == 422
    assert refused.json()["code"] == "window_uncovered"
    longest = refused.json()["longest_minutes"]
    assert hut.put("k1", start_h=start_h, hours=longest / 60 + 1 / 60).status_code == 422
    fits = hut.put("k1", start_h=start_h, hours=longest / 60)
    assert fits.status_code == 201, (longest, fits.text)


def test_a_change_of_time_of_a_code_nobody_saw_leaves_no_trace(hut: Any) -> None:
    hut.put("k1", start_h=1)
    moved = hut.put("k1", start_h=5).json()
    assert (moved["problems"], moved["still_opens"]) == (["box_not_set_up"], [])
    (code,) = moved["codes"]
    assert code["effective"]["starts_at"] > moved["booked"]["starts_at"][:11]
    with hut.hub.core.db.read() as scope:
        assert len(scope.all(scope.select(offline_codes))) == 1


def test_a_code_that_was_shown_is_replaced_when_the_time_changes_and_still_listed(
    hut: Any, clock: Any
) -> None:
    hut.put("k1", start_h=1)
    before = hut.digits("k1")
    moved = hut.put("k1", start_h=5).json()
    assert "pin_changed" in moved["problems"]
    (old,) = moved["still_opens"]
    assert (old["lock_id"], old["lock_kind"]) == (hut.box, "key_box")
    assert hut.digits("k1") != before
    assert verdict(hut, before, hut.at(1)) is CodeVerdict.VALID
    clock.set(datetime.fromisoformat(old["opens"]["ends_at"]))
    assert hut.booking("k1")["still_opens"] == []


def test_the_same_window_keeps_the_code_and_moving_back_gives_it_back(hut: Any) -> None:
    hut.put("k1", start_h=1)
    first = hut.digits("k1")
    hut.put("k1", start_h=1, purpose="野球")
    assert hut.digits("k1") == first
    hut.put("k1", start_h=5)
    second = hut.digits("k1")
    back = hut.put("k1", start_h=1).json()
    assert hut.digits("k1") == first
    assert [each["code"] for each in back["still_opens"]] != []
    assert "pin_changed" in back["problems"]
    hut.put("k1", start_h=5)
    assert hut.digits("k1") == second


def test_cancelling_says_that_a_shown_code_cannot_be_revoked_from_afar(hut: Any) -> None:
    hut.put("k1")
    digits = hut.digits("k1")
    gone = hut.use(Role.CLERK).delete("/api/v1/bookings/k1").json()
    assert [each["lock_id"] for each in gone["still_opens"]] == [hut.box]
    assert gone["codes"] == []
    assert verdict(hut, digits, hut.at(1)) is CodeVerdict.VALID


def test_a_requested_booking_shows_no_code_and_an_approved_one_does(hut: Any) -> None:
    hut.put("k1", state="requested")
    assert hut.booking("k1")["readiness"] == "draft"
    assert hut.use(Role.CLERK).get("/api/v1/bookings/k1/pin").status_code == 404
    hut.use(Role.CLERK).post("/api/v1/bookings/k1/approve", json={})
    assert hut.booking("k1")["readiness"] == "offline"
    assert len(hut.digits("k1")) == 9


def test_each_holder_has_a_code_and_one_who_leaves_is_withdrawn(hut: Any) -> None:
    hut.put("k1", holders=[{"name": "甲"}, {"name": "乙"}])
    answer = hut.use(Role.CLERK).get("/api/v1/bookings/k1/pin").json()
    assert len({each["codes"][0]["digits"] for each in answer}) == 2
    assert all(each["pin"] is None for each in answer)
    left = hut.put("k1", holders=[{"name": "甲"}]).json()
    assert [each["holder"] for each in left["codes"]] == ["甲"]
    assert len(left["still_opens"]) == 1


def test_reissuing_gives_other_digits_and_never_the_leaked_ones_again(hut: Any) -> None:
    hut.put("k1")
    seen = []
    for _ in range(3):
        seen.append(hut.digits("k1"))
        answer = hut.use(Role.CLERK).post("/api/v1/bookings/k1/pin/reissue")
        assert answer.status_code == 200, answer.text
    assert len(set(seen)) == 3
    assert len(hut.booking("k1")["still_opens"]) == 3


def test_a_facility_with_doors_and_a_key_box_gives_a_pin_and_a_code(hut: Any) -> None:
    controller = hut.town.controller(hut.site)
    door = hut.town.door(hut.site, controller)
    hut.town.reader(controller, door)
    both = hut.use(Role.ADMIN).post(
        "/api/v1/facilities",
        json={
            "site_id": hut.site,
            "name_ja": "体育館",
            "doors": [door],
            "key_boxes": [hut.box],
            "approval": "automatic",
        },
    )
    made = hut.put("k1", facility_id=both.json()["id"]).json()
    assert (made["doors"], made["key_boxes"]) == ([door], [hut.box])
    assert made["readiness"] == "scheduled"
    assert made["offline"]["computed"] == 1
    (holder,) = hut.use(Role.CLERK).get("/api/v1/bookings/k1/pin").json()
    assert (len(holder["pin"]), len(holder["codes"])) == (6, 1)
    boxes_only = hut.put("k1", facility_id=both.json()["id"], doors=[]).json()
    assert boxes_only["doors"] == []
    (holder,) = hut.use(Role.CLERK).get("/api/v1/bookings/k1/pin").json()
    assert holder["pin"] is None
    again = hut.put("k1", facility_id=both.json()["id"], doors=[door]).json()
    assert again["doors"] == [door]
    (holder,) = hut.use(Role.CLERK).get("/api/v1/bookings/k1/pin").json()
    assert holder["pin"] is not None


def test_a_booking_of_key_boxes_alone_can_get_a_door_later(hut: Any) -> None:
    controller = hut.town.controller(hut.site)
    door = hut.town.door(hut.site, controller)
    hut.town.reader(controller, door)
    hut.put("k1")
    made = hut.put("k1", doors=[door]).json()
    assert len(made["credentials"]) == 1
    (holder,) = hut.use(Role.CLERK).get("/api/v1/bookings/k1/pin").json()
    assert len(holder["pin"]) == 6


def test_nothing_to_book_and_an_unknown_box_are_refused(hut: Any) -> None:
    none = hut.put("k1", facility_id=None)
    assert none.json()["code"] == "doors_missing"
    unknown = hut.put("k1", facility_id=None, key_boxes=["0190a000-0000-7000-8000-00000000dead"])
    assert unknown.json()["code"] == "key_box_unknown"


# --- letting codes die ---------------------------------------------------------------------------


def test_retiring_names_its_bookings_first_and_then_makes_their_codes_anew(hut: Any) -> None:
    hut.put("k1", start_h=1)
    hut.put("k2", start_h=24)
    leaked = hut.digits("k1")
    path = f"/api/v1/key_boxes/{hut.box}/retire"
    why = {"reason": "番号が漏れた"}
    named = hut.use(Role.CLERK).post(path, params={"dry_run": "true"}, json=why).json()
    assert [(each["reservation_key"], each["was_revealed"]) for each in named] == [
        ("k1", True),
        ("k2", False),
    ]
    assert hut.kept().generation == 0
    assert hut.digits("k1") == leaked
    assert hut.use(Role.CLERK).post(path, json=why).json() == named
    first, second = hut.booking("k1"), hut.booking("k2")
    assert "pin_changed" in first["problems"]
    assert "pin_changed" not in second["problems"]
    assert len(first["still_opens"]) == 1
    fresh = hut.digits("k1")
    assert verdict(hut, leaked, hut.at(1), newest=0) is CodeVerdict.VALID
    assert verdict(hut, fresh, hut.at(1), newest=0) is CodeVerdict.VALID
    assert verdict(hut, leaked, hut.at(1), newest=1) is CodeVerdict.RETIRED
    assert verdict(hut, fresh, hut.at(1), newest=1) is CodeVerdict.VALID


def test_the_hub_never_goes_further_ahead_than_the_box_can_know(hut: Any) -> None:
    path, why = f"/api/v1/key_boxes/{hut.box}/retire", {"reason": "試験"}
    hut.put("k1")
    statuses = [hut.use(Role.CLERK).post(path, json=why).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 409]
    refused = hut.use(Role.CLERK).post(path, json=why).json()
    assert refused["code"] == "key_box_visit_first"
    assert verdict(hut, hut.digits("k1"), hut.at(1), newest=0) is CodeVerdict.VALID


def test_a_killed_code_never_comes_round_the_circle_to_open_again(hut: Any) -> None:
    """Sixteen generations, four of them ahead: a month's code that was told and withdrawn would be
    ahead again after thirteen retirements."""
    path, why = f"/api/v1/key_boxes/{hut.box}/retire", {"reason": "試験"}
    hut.put("long", start_h=1, hours=24 * 20)
    long = hut.digits("long")
    hut.use(Role.CLERK).delete("/api/v1/bookings/long")
    done = 0
    while hut.use(Role.CLERK).post(path, json=why).status_code == 200:
        done += 1
        hut.put(f"k{done}", start_h=1 + 3 * done)
        lock = hut.lock()
        key = CodeKey.of(lock.secret, lock.id)
        tag = open_code(lock.profile, key, hut.digits(f"k{done}"))
        assert tag is not None
        assert tag.generation == done % 16
        used = AccessBody(
            reason=Reason.SEALED_CODE_VALID, factor=Factor.PIN, door=hut.box, code=tag.tag
        )
        hut.tell(EventKind.ACCESS_GRANTED, used)
    assert done == 12
    refused = hut.use(Role.CLERK).post(path, json=why).json()
    assert refused["code"] == "key_box_visit_first"
    assert verdict(hut, long, hut.at(2), newest=12) is CodeVerdict.RETIRED
    assert verdict(hut, long, hut.at(2), newest=13) is CodeVerdict.VALID


# --- boxes ---------------------------------------------------------------------------------------


def test_a_box_shows_its_bound_and_never_its_secrets(hut: Any) -> None:
    box = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}").json()
    assert 0 < box["guess_risk"] <= 1e-5
    assert not [name for name in box if "secret" in name or "maint" in name]


@pytest.mark.parametrize(
    ("minutes", "names"),
    [
        (None, ["hour_8", "quarter", "hour", "stay"]),
        (30 * 1_440, ["hour_8", "quarter", "hour", "stay"]),
        (30 * 1_440 + 1, ["hour", "stay"]),
        (91 * 1_440 + 1, ["stay"]),
        (368 * 1_440, ["stay"]),
        (368 * 1_440 + 1, []),
    ],
)
def test_the_profiles_that_cover_a_length_are_listed_fewest_digits_first(
    hut: Any, minutes: int | None, names: list[str]
) -> None:
    query = {} if minutes is None else {"minutes": minutes}
    found = hut.use(Role.VIEWER).get("/api/v1/key_box_profiles", params=query).json()
    assert [each["name"] for each in found] == names
    for each in found:
        assert each["guess_risk"] <= 1e-5
        assert (minutes or 0) <= each["always_minutes"] <= each["longest_minutes"]
        repeated = [one for one in each["shapes"] if not one["once"]]
        assert max(one["duration_minutes"] for one in repeated) == each["longest_minutes"]


@pytest.mark.parametrize("minutes", [-1, 10**7, "x"])
def test_a_length_that_makes_no_sense_is_refused(hut: Any, minutes: object) -> None:
    path = f"/api/v1/key_box_profiles?minutes={minutes}"
    assert hut.use(Role.VIEWER).get(path).status_code == 422


def test_a_profile_that_does_not_exist_is_refused(hut: Any) -> None:
    body = {"site_id": hut.site, "name": "another", "profile": "six_digits"}
    answer = hut.use(Role.ADMIN).post("/api/v1/key_boxes", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.profile"


def test_a_box_with_living_codes_is_not_removed(hut: Any, clock: Any) -> None:
    hut.put("k1")
    remove = {"state": "removed"}
    path = f"/api/v1/key_boxes/{hut.box}"
    assert hut.use(Role.ADMIN).patch(path, json=remove).status_code == 422
    clock.advance(timedelta(days=1))
    assert hut.use(Role.ADMIN).patch(path, json=remove).json()["state"] == "removed"
    assert hut.put("k2").json()["code"] == "key_box_unknown"


def test_a_tag_names_its_code(hut: Any) -> None:
    hut.put("k1")
    with hut.hub.core.db.read() as scope:
        (row,) = scope.all(scope.select(offline_codes))
    code = SealedCode.of_tag(row.tag)
    assert code.window(hut.lock().profile) == (row.effective_from, row.effective_until)


def test_a_holder_with_one_use_gets_a_code_that_opens_the_box_a_single_time(hut: Any) -> None:
    holder = {"name": "山田", "max_uses": 1}
    made = hut.put("k1", start_h=1, hours=2, holders=[holder])
    assert made.status_code == 201, made.text

    def shape() -> Any:
        lock = hut.lock()
        code = open_code(lock.profile, CodeKey.of(lock.secret, lock.id), hut.digits("k1"))
        assert code is not None
        return lock.profile.shapes[code.shape]

    assert shape().once
    start = datetime.fromisoformat(hut.shown("k1")[0]["effective"]["starts_at"])
    assert verdict(hut, hut.digits("k1"), start) is CodeVerdict.VALID
    (kept,) = hut.booking("k1")["codes"]
    (holder_id,) = {kept["holder_id"]}
    same = hut.put("k1", start_h=1, hours=2, holders=[{"id": holder_id, "name": "山田"}])
    assert same.json()["codes"][0]["id"] == kept["id"], "left out, the limit stays"
    moved = hut.put("k1", start_h=5, hours=2)
    assert moved.status_code == 200, moved.text
    assert shape().once
    free = {"id": holder_id, "name": "山田", "max_uses": 0}
    assert hut.put("k1", start_h=5, hours=2, holders=[free]).status_code == 200
    assert not shape().once
