"""What a visited box's log comes to: entries, its state, receipts, new secrets, alarms."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hub.entries import alarm_repository
from hub.entries.alarms import AlarmKind
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.ingest.repository import store
from hub.ingest.rows import read_rows
from hub.keyboxes.projector import PROJECTOR as KEYBOXES
from hub.keyboxes.tables import key_box_secrets, offline_codes
from hub.projection.worker import ProjectionWorker
from hub.web.rights import Role
from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind
from wire.keybox_keys import MaintenanceSecret, Right, SecretBundle, day_number
from wire.keybox_ticket import KeyboxTicket, decode_ticket
from wire.messages import Events
from wire.offline_profiles import PROFILES
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, is_retired, open_code

LOG_EPOCH = 77


def used(hut: Any, tag: str, reason: Reason = Reason.SEALED_CODE_VALID) -> ev.AccessBody:
    """A code typed at the box, as its log tells of it."""
    return ev.AccessBody(reason=reason, factor=ev.Factor.PIN, door=hut.box, code=tag)


def tag_of(hut: Any, key: str) -> str:
    """The tag of a booking's code."""
    booking = hut.booking(key)["id"]
    with hut.hub.core.db.read() as scope:
        t = offline_codes
        row = scope.one(
            scope.select(t).where(t.c.booking_id == booking, t.c.superseded_at.is_(None))
        )
    return str(row.tag)


def project(hut: Any) -> None:
    """Let the hub take in what the box's log brought."""
    work = ProjectionWorker(hut.hub.core.db, hut.journal.after, [ENTRIES, KEYBOXES])
    while work.step():
        continue


def lose(hut: Any, first: int, last: int) -> None:
    """Let the visitor say that the box no longer had these records."""
    cause = f"{LOG_EPOCH:08x} {first}-{last}"
    body = ev.DeviceEventBody(device=hut.box, cause=cause, count=last - first + 1)
    hut.tell(EventKind.DEVICE_LOG_GAP, body, visitor=True)


def log(hut: Any, **query: str) -> list[dict[str, Any]]:
    """The entry log over the API."""
    answer = hut.use(Role.VIEWER).get("/api/v1/entries", params=query)
    return list(answer.json()["items"])


def alarms(hut: Any) -> dict[AlarmKind, Any]:
    """The alarms that stand, by kind."""
    with hut.hub.core.db.read() as scope:
        return {each.kind: each for each in alarm_repository.standing_alarms(scope)}


# --- the entry log -------------------------------------------------------------------------------


def test_a_code_used_at_the_box_names_box_booking_holder_and_who_brought_it(hut: Any) -> None:
    hut.put("k1", holders=[{"name": "山田 花子"}])
    booking = hut.booking("k1")
    hut.tell(
        EventKind.ACCESS_GRANTED,
        used(hut, tag_of(hut, "k1")),
        clock=ClockState.HOLDOVER,
        error_ms=180_000,
        late_s=86_400,
    )
    hut.tell(EventKind.DOOR_OPENED, ev.DoorEventBody(door=hut.box))
    project(hut)
    (entry,) = log(hut, door=hut.box, kind="granted")
    assert entry["booking_id"] == booking["id"]
    assert entry["holder_id"] == booking["codes"][0]["holder_id"]
    assert (entry["origin_device"], entry["error_ms"]) == (hut.box, 180_000)
    assert entry["controller_id"] == hut.journal.controller
    assert entry["received_at"] > entry["occurred_at"]
    assert entry["opened_at"] is not None
    page = hut.use(Role.CLERK).get("/entries?lang=ja", headers={"Accept": "text/html"}).text
    assert "グラウンド小屋" in page
    assert "山田 花子" in page
    assert f"/key_boxes/{hut.box}" in page
    assert "回収" in page
    assert "3 分以内" in page


def test_a_code_of_somebody_the_town_knows_names_the_person(hut: Any) -> None:
    person = hut.use(Role.ADMIN).post("/api/v1/people", json={"name": "佐藤 次郎"}).json()["id"]
    hut.put("k1", holders=[{"name": "佐藤 次郎", "person_id": person}])
    hut.tell(EventKind.ACCESS_GRANTED, used(hut, tag_of(hut, "k1")))
    project(hut)
    (entry,) = log(hut, person=person)
    assert (entry["door_id"], entry["person_id"]) == (hut.box, person)


def test_a_refused_code_is_joined_with_its_holder_as_well(hut: Any) -> None:
    hut.put("k1")
    hut.tell(EventKind.ACCESS_DENIED, used(hut, tag_of(hut, "k1"), Reason.EXPIRED))
    project(hut)
    (entry,) = log(hut, kind="denied")
    assert entry["booking_id"] == hut.booking("k1")["id"]
    assert AlarmKind.UNKNOWN_CODE not in alarms(hut)


def test_late_records_stand_where_they_occurred(hut: Any, clock: Any) -> None:
    start = hut.journal.start
    for at_s in (7_200, 600, 3_600):
        hut.journal.add(
            EventKind.DOOR_OPENED,
            ev.DoorEventBody(door=hut.box),
            at_s,
            late_s=86_400,
            origin=ev.Origin(device=hut.box, log_epoch=77, index=at_s),
        )
    project(hut)
    times = [each["occurred_at"] for each in log(hut, door=hut.box)]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    assert times[0].startswith((start + timedelta(hours=2)).isoformat()[:16])


def test_a_valid_code_that_nobody_was_given_is_an_alarm(hut: Any) -> None:
    hut.tell(EventKind.ACCESS_GRANTED, used(hut, "0.123.0.1"))
    project(hut)
    alarm = alarms(hut)[AlarmKind.UNKNOWN_CODE]
    assert (alarm.door_id, alarm.is_critical) == (hut.box, True)


def test_lost_records_and_an_open_case_are_alarms_at_the_box(hut: Any) -> None:
    lose(hut, 0, 39)
    hut.tell(EventKind.TAMPER, ev.DeviceEventBody(device=hut.box))
    project(hut)
    found = alarms(hut)
    assert (found[AlarmKind.RECORDS_LOST].times, found[AlarmKind.TAMPER].door_id) == (40, hut.box)
    assert {each["kind"] for each in log(hut, door=hut.box)} == {"device_log_gap", "tamper"}


def test_a_clerk_of_another_site_sees_nothing_of_the_box(hut: Any) -> None:
    from hub.accounts.service import AccountsService
    from hub.web.rights import SYSTEM

    hut.tell(EventKind.TAMPER, ev.DeviceEventBody(device=hut.box))
    project(hut)
    accounts = hut.hub.services.get(AccountsService)
    for site, seen in ((hut.site, 1), (hut.town.site(), 0)):
        _, token = accounts.create_token(SYSTEM, name=site, role=Role.CLERK, sites=[site])
        hut.client.headers["Authorization"] = f"Bearer {token}"
        assert len(hut.client.get("/api/v1/entries").json()["items"]) == seen
        assert len(hut.client.get("/api/v1/alarms").json()) == seen
        status = hut.client.get(f"/api/v1/key_boxes/{hut.box}/visits").status_code
        assert status == (200 if seen else 404)


# --- the box's own state -------------------------------------------------------------------------


def test_a_visit_tells_battery_clock_and_firmware_and_a_late_record_changes_nothing(
    hut: Any, clock: Any
) -> None:
    body = {"device": hut.box, "temperature_dc": 55, "uses": 7}
    clock.advance(timedelta(days=10))
    hut.tell(EventKind.BATTERY, ev.BatteryBody(millivolts=5_900, **body), index=8)
    hut.tell(
        EventKind.DEVICE_CLOCK_SET,
        ev.DeviceClockBody(device=hut.box, offset_ms=-4_000, error_ms=1_000, set=True),
    )
    hut.tell(EventKind.FIRMWARE_UPDATED, ev.DeviceEventBody(device=hut.box, cause="1.2.3"))
    clock.advance(timedelta(days=-5))
    hut.tell(EventKind.BATTERY, ev.BatteryBody(millivolts=6_100, **body), index=2)
    state = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/state").json()
    told = state["told"]
    assert (told["battery_mv"], told["uses"], told["firmware"]) == (5_900, 7, "1.2.3")
    assert (told["clock_offset_ms"], told["next_index"]) == (-4_000, 11)
    assert state["visit_due_at"] > told["last_visit_at"]
    visits = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/visits").json()
    assert sum(each["records"] for each in visits) == 4
    assert visits[0]["clock_offset_ms"] == -4_000


def test_what_a_visitor_saw_makes_none_of_the_log_old_that_it_brings(hut: Any, clock: Any) -> None:
    """The visitor's own word comes first and to the millisecond, the log's records after it, in
    whole seconds before it."""
    clock.advance(timedelta(days=10, seconds=10))
    seen = ev.BatteryBody(device=hut.box, millivolts=5_800, temperature_dc=55, uses=9)
    hut.tell(EventKind.BATTERY, seen, visitor=True)
    clock.advance(timedelta(seconds=-5))
    old = ev.BatteryBody(device=hut.box, millivolts=5_900, temperature_dc=55, uses=8)
    hut.tell(EventKind.BATTERY, old, index=3)
    taken = ev.DeviceEventBody(device=hut.box, cause="")
    hut.tell(EventKind.KEY_TAKEN, taken)
    set_ = ev.DeviceClockBody(device=hut.box, offset_ms=-1_000, error_ms=2_000, set=True)
    hut.tell(EventKind.DEVICE_CLOCK_SET, set_)
    told = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/state").json()["told"]
    assert told["battery_mv"] == 5_800
    assert told["key_absent_since"] is not None
    assert (told["clock_offset_ms"], told["clock_error_ms"]) == (-1_000, 2_000)
    assert told["clock_set_at"] is not None


def test_a_box_that_did_not_know_the_time_has_a_clock_once_its_log_says_so(
    hut: Any, clock: Any
) -> None:
    """What it wrote before stands at the visit's own time, after the setting that followed it."""
    clock.advance(timedelta(days=10, seconds=10))
    hut.tell(EventKind.DEVICE_STARTED, ev.DeviceEventBody(device=hut.box, cause="power"), index=0)
    clock.advance(timedelta(seconds=-1))
    nothing = ev.DeviceEventBody(device=hut.box, cause="clock_set_from_nothing")
    hut.tell(EventKind.DEVICE_STARTED, nothing)
    told = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/state").json()["told"]
    assert told["clock_set_at"] is not None


def test_a_used_code_moves_the_seen_generation_and_ends_what_still_opened(hut: Any) -> None:
    hut.put("k1")
    hut.shown("k1")
    hut.use(Role.CLERK).post(f"/api/v1/key_boxes/{hut.box}/retire", json={"reason": "漏れた"})
    assert len(hut.booking("k1")["still_opens"]) == 1
    old = hut.booking("k1")["still_opens"][0]["code"]
    hut.tell(EventKind.ACCESS_GRANTED, used(hut, old))
    assert len(hut.booking("k1")["still_opens"]) == 1
    hut.tell(EventKind.ACCESS_GRANTED, used(hut, tag_of(hut, "k1")))
    assert hut.booking("k1")["still_opens"] == []
    hut.tell(EventKind.ACCESS_GRANTED, used(hut, old), index=0)
    assert hut.booking("k1")["still_opens"] == []


# --- provisioning, tickets, receipts, secrets ----------------------------------------------------


def provision(hut: Any, **query: str) -> Any:
    """Ask for the bench secret."""
    path = f"/api/v1/key_boxes/{hut.box}/provisioning"
    return hut.use(Role.ADMIN).post(path, params=query)


def bench_secret(hut: Any, **query: str) -> MaintenanceSecret:
    """What a blank box gets."""
    answer = provision(hut, **query)
    assert answer.status_code == 200, answer.text
    return MaintenanceSecret(base64.b64decode(answer.json()["maintenance_secret"]))


def ticket(hut: Any, rights: tuple[str, ...] = ("read", "clear", "secret"), **more: Any) -> Any:
    """Ask for a ticket for today."""
    body = {"day": "2026-04-06", "rights": list(rights), "purpose": "巡回", **more}
    return hut.use(Role.CLERK).post(f"/api/v1/key_boxes/{hut.box}/tickets", json=body)


def read(answer: Any) -> KeyboxTicket:
    """The ticket file."""
    assert answer.status_code == 201, answer.text
    return decode_ticket(answer.content)


def test_the_bench_secret_is_given_once_and_another_only_before_the_first_visit(hut: Any) -> None:
    first = bench_secret(hut)
    assert provision(hut).status_code == 409
    assert bench_secret(hut, renew="true") != first
    audit = hut.use(Role.AUDITOR).get("/api/v1/audit").text
    assert "key_box.provisioned" in audit
    assert base64.b64encode(first.secret).decode() not in audit


def test_a_ticket_is_the_days_key_and_carries_the_boxs_first_secrets(hut: Any) -> None:
    bench = bench_secret(hut)
    made = read(ticket(hut))
    today = day_number(hut.hub.core.clock.now().date())
    rights = Right.READ | Right.CLEAR | Right.SECRET
    assert (made.device, made.day, made.right) == (hut.box, today, rights)
    assert made.key == bench.ticket(hut.box, today, rights)
    assert made.receipt is None
    assert made.envelope is not None
    bundle = bench.wrap_key(hut.box).open(made.envelope)
    assert bundle.code_secret == hut.lock().secret
    assert bundle.profile == PROFILES["quarter"].number
    assert bundle.maintenance != bench.secret


def took(hut: Any, version: int, *, visitor: bool = False) -> None:
    """The box's log, or whoever brought them, says that it has secrets of that version."""
    body = ev.DeviceEventBody(device=hut.box, cause=f"version {version}")
    hut.tell(EventKind.DEVICE_KEY_CHANGED, body, visitor=visitor)


def install(hut: Any, under: MaintenanceSecret) -> tuple[SecretBundle, int]:
    """Carry the waiting secrets to the box: what it holds then, and its log's word for it."""
    made = read(ticket(hut))
    assert made.envelope is not None
    bundle, version = under.wrap_key(hut.box).open(made.envelope), made.envelope.version
    took(hut, version)
    return bundle, version


def test_once_the_box_told_that_it_took_its_secrets_nothing_is_left_of_the_bench(hut: Any) -> None:
    hut.put("k1")
    digits = hut.digits("k1")
    assert "box_not_set_up" in hut.booking("k1")["problems"]
    bundle, version = install(hut, bench_secret(hut))
    box = hut.kept()
    assert (version, box.device_version, box.code_version) == (1, 1, 1)
    assert hut.booking("k1")["problems"] == []
    assert hut.digits("k1") == digits
    assert bundle.code_secret == hut.lock().secret
    assert versions(hut) == [1]
    made = read(ticket(hut))
    assert made.envelope is None
    assert made.key == MaintenanceSecret(bundle.maintenance).ticket(hut.box, made.day, made.right)
    assert provision(hut, renew="true").status_code == 409


def test_new_secrets_wait_for_a_ticket_and_then_every_living_code_is_another(hut: Any) -> None:
    first, _ = install(hut, bench_secret(hut))
    hut.put("k1", start_h=1)
    hut.put("k2", start_h=9)
    seen = hut.digits("k1")
    drawn = hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/secrets").json()
    assert drawn["secrets_waiting"] == 2
    assert hut.digits("k1") == seen
    second, version = install(hut, MaintenanceSecret(first.maintenance))
    assert (version, second.code_secret) == (2, hut.lock().secret)
    assert hut.booking("k1")["problems"] == ["pin_changed"]
    assert hut.booking("k2")["problems"] == []
    assert hut.digits("k1") != seen


def test_secrets_that_wait_still_know_the_codes_of_the_day_they_come(hut: Any) -> None:
    """A box that takes new secrets begins with the generation that they were drawn at; what was
    retired meanwhile must not have gone beyond what it knows from there."""
    first, _ = install(hut, bench_secret(hut))
    hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/secrets")
    hut.put("k1", start_h=1)
    path, why = f"/api/v1/key_boxes/{hut.box}/retire", {"reason": "試験"}
    answers = []
    for _ in range(5):
        answers.append(hut.use(Role.CLERK).post(path, json=why))
        hut.tell(EventKind.ACCESS_GRANTED, used(hut, tag_of(hut, "k1")))
    assert [each.status_code for each in answers] == [200, 200, 200, 409, 409]
    assert answers[-1].json()["code"] == "key_box_visit_first"
    second, _ = install(hut, MaintenanceSecret(first.maintenance))
    profile, lock = PROFILES["quarter"], hut.lock()
    code = open_code(profile, CodeKey.of(lock.secret, lock.id), hut.digits("k1"))
    assert code is not None
    assert not is_retired(profile, code.generation, second.generation)
    assert hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/secrets").status_code == 200


def test_a_box_that_claims_secrets_which_never_went_out_is_not_believed(hut: Any) -> None:
    bench_secret(hut)
    took(hut, 1)
    took(hut, 7)
    assert hut.kept().device_version == 0


def test_whoever_brings_secrets_is_believed_at_once_and_the_old_ones_kept_until_the_log_says_so(
    hut: Any,
) -> None:
    bench = bench_secret(hut)
    bundle, version = read(ticket(hut)).envelope, 1
    assert bundle is not None
    hut.put("k1")
    took(hut, version, visitor=True)
    assert hut.kept().device_version == 1
    assert versions(hut) == [0, 1]
    own = MaintenanceSecret(bench.wrap_key(hut.box).open(bundle).maintenance)
    made = read(ticket(hut))
    assert made.key == own.ticket(hut.box, made.day, made.right)
    back = read(ticket(hut, secret_version=0))
    assert back.key == bench.ticket(hut.box, back.day, back.right)
    assert back.envelope is not None
    took(hut, version)
    assert versions(hut) == [1]
    assert ticket(hut, secret_version=0).status_code == 422


def versions(hut: Any) -> list[int]:
    """The secrets that the hub keeps."""
    t = key_box_secrets
    with hut.hub.core.db.read() as scope:
        return [row.version for row in scope.all(scope.select(t.c.version).order_by(t.c.version))]


def test_a_ticket_after_an_unheard_change_can_be_made_for_the_new_secret(hut: Any) -> None:
    bench = bench_secret(hut)
    assert ticket(hut, secret_version=1).status_code == 422
    first = read(ticket(hut))
    assert first.envelope is not None
    bundle = bench.wrap_key(hut.box).open(first.envelope)
    second = read(ticket(hut, secret_version=1))
    assert second.key == MaintenanceSecret(bundle.maintenance).ticket(
        hut.box, second.day, second.right
    )
    assert second.envelope is None


@pytest.mark.parametrize("day", ["2026-04-05", "2026-05-01", "1999-01-01"])
def test_a_ticket_is_for_today_or_the_days_ahead(hut: Any, day: str) -> None:
    bench_secret(hut)
    assert ticket(hut, day=day).status_code == 422


def test_tickets_need_their_right_and_are_listed_without_their_keys(hut: Any) -> None:
    bench_secret(hut)
    made = read(ticket(hut))
    path = f"/api/v1/key_boxes/{hut.box}/tickets"
    assert hut.use(Role.VIEWER).get(path).status_code == 403
    (listed,) = hut.use(Role.CLERK).get(path).json()
    assert (listed["day"], listed["purpose"]) == ("2026-04-06", "巡回")
    assert set(listed["rights"]) == {"read", "clear", "secret"}
    everything = hut.use(Role.AUDITOR).get("/api/v1/audit").text
    assert made.ticket not in everything
    assert made.ticket not in str(listed)


def ingest(hut: Any, seq: int, *indexes: int, by: str = "k7w2m9x4c1t8z5qa") -> None:
    """Let records of the box's log come in as ingest stores them, through some controller."""
    now = hut.hub.core.clock.now()
    body = ev.DeviceEventBody(device=hut.box)
    events = [
        ev.Event(
            kind=EventKind.TAMPER.value,
            boot="3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11",
            mono_ns=1,
            at=now,
            clock=ClockState.TRUSTED,
            body=ev.encode_body(EventKind.TAMPER, body),
            origin=ev.Origin(device=hut.box, log_epoch=LOG_EPOCH, index=index),
        )
        for index in indexes
    ]
    rows = tuple(msgspec.Raw(ev.encode_event(event)) for event in events)
    message = Events(epoch=1, first_seq=seq, events=rows)
    hut.hub.core.db.write(lambda scope: store(scope, [read_rows(by, message)], now))


def receipt(hut: Any) -> tuple[int, int] | None:
    """What the next ticket says the hub holds."""
    found = read(ticket(hut)).receipt
    return None if found is None else (found.log_epoch, found.through)


def test_a_receipt_covers_what_is_in_the_hub_without_a_hole_whoever_brought_it(hut: Any) -> None:
    bench_secret(hut)
    ingest(hut, 1, 0, 1, 2)
    assert receipt(hut) == (LOG_EPOCH, 2)
    ingest(hut, 4, 5, 6)
    assert receipt(hut) == (LOG_EPOCH, 2)
    ingest(hut, 1, 1, 2, 3, 4, by="b" * 16)
    assert receipt(hut) == (LOG_EPOCH, 6)


def test_a_receipt_passes_over_records_declared_as_lost_and_over_nothing_else(hut: Any) -> None:
    bench_secret(hut)
    ingest(hut, 1, 40, 41)
    assert receipt(hut) is None
    lose(hut, 0, 38)
    assert receipt(hut) == (LOG_EPOCH, 38)
    lose(hut, 39, 39)
    assert receipt(hut) == (LOG_EPOCH, 41)


def test_the_box_can_check_the_receipt(hut: Any) -> None:
    bench = bench_secret(hut)
    ingest(hut, 1, 0, 1)
    made = read(ticket(hut)).receipt
    assert made is not None
    assert made.mac_bytes == bench.receipt_key(hut.box).clear_receipt(LOG_EPOCH, 1)


def test_a_replay_from_zero_gives_the_same_state_and_takes_no_secret_back(hut: Any) -> None:
    hut.put("k1")
    install(hut, bench_secret(hut))
    hut.tell(EventKind.ACCESS_GRANTED, used(hut, tag_of(hut, "k1")))
    before = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/state").json()
    hut.hub.core.db.write(KEYBOXES.reset)
    project(hut)
    after = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/state").json()
    assert after == before
    assert hut.kept().device_version == 1
