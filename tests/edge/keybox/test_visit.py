"""A visit loses nothing and doubles nothing, wherever it ends and whoever comes next."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from edge.keybox.orders import Errand, Journaled
from edge.keybox.visit import Visit
from edge.keybox.wants import (
    OpenSession,
    Pause,
)
from firmware_bridge.keybox.codes import RecordKind
from firmware_bridge.keybox.serial_host import KeyboxError
from tests.firmware_bridge.keybox.conftest import (
    DEVICE,
    MAINTENANCE,
    TIME_S,
    make_box,
    new_pair,
)
from wire.clock import ClockState
from wire.events import EventKind, decode_event_body
from wire.keybox_keys import MaintenanceSecret, Right, SecretBundle, link_instant

from .conftest import ALL, Killed, day_ticket, use

RECEIPTS = MaintenanceSecret(MAINTENANCE).receipt_key(DEVICE)


def test_a_visit_journals_every_record_once_and_the_next_goes_on(laptop):
    box = laptop.pair.box
    use(box, 60)
    report = laptop.visit()
    assert laptop.indexes() == list(range(box.log.next))
    assert (report.journaled, report.lost, report.clock_set) == (box.log.next, 0, True)
    assert laptop.journaled(DEVICE) == Journaled(epoch=1, next=box.log.next)
    use(box, 5)
    assert laptop.visit().journaled == 5 + 1  # and that of the clock
    assert laptop.indexes() == list(range(box.log.next))


def test_a_visit_tells_battery_and_uses(laptop):
    laptop.pair.box.uses = 417
    laptop.visit()
    (battery,) = laptop.bodies(EventKind.BATTERY)
    assert (battery.device, battery.millivolts, battery.uses) == (DEVICE, 6_000, 417)


def test_the_clock_is_compared_set_and_its_error_told(laptop):
    laptop.fast_s = 75
    use(laptop.pair.box, 1)
    report = laptop.visit()
    assert report.box.clock_offset_s in (-75, -74)
    assert report.clock_set
    pair = laptop.pair
    true_s = TIME_S + 75 + pair.now_ns // 10**9
    assert abs(pair.box.clock.time_s(pair.now_ns) - true_s) <= 1
    told = laptop.bodies(EventKind.DEVICE_CLOCK_SET)[-1]
    assert told.set
    assert told.offset_ms in (-75_000, -74_000)
    (opened,) = laptop.events(EventKind.DOOR_OPENED)
    assert abs((opened.at - link_instant(TIME_S + 75)).total_seconds()) <= 1
    assert opened.error_ms >= 74_000


def test_without_the_right_the_clock_is_compared_only(laptop):
    laptop.fast_s = 75
    report = laptop.visit(day_ticket(Right.READ))
    assert report.skipped == ["no_right_to_set_the_clock"]
    (told,) = laptop.bodies(EventKind.DEVICE_CLOCK_SET)
    assert not told.set
    assert told.offset_ms in (-75_000, -74_000)


def test_a_laptop_that_does_not_know_the_time_sets_no_clock(laptop):
    laptop.state = ClockState.UNTRUSTED
    report = laptop.visit()
    assert (report.clock_set, report.skipped) == (False, ["clock_not_relied_on"])
    assert laptop.pair.box.clock.last_set_s == TIME_S
    assert laptop.indexes()


def test_a_clock_that_was_set_later_already_stays(laptop):
    laptop.fast_s = -500
    report = laptop.visit()
    assert report.skipped == ["clock_set_later_already"]
    assert laptop.indexes() == list(range(laptop.pair.box.log.next))


def test_a_ring_that_wrapped_shows_the_gap(make_laptop):
    box = make_box(log_capacity=30)
    laptop = make_laptop(new_pair(box=box))
    laptop.visit()
    following = box.log.next
    use(box, 100)
    report = laptop.visit()
    (gap,) = laptop.bodies(EventKind.DEVICE_LOG_GAP)
    first = laptop.indexes()[following]
    assert gap.cause == f"00000001 {following}-{first - 1}"
    assert gap.count == report.lost == first - following
    assert laptop.indexes() == [*range(following), *range(first, box.log.next)]


def test_records_that_cannot_be_read_are_a_gap(laptop):
    box = laptop.pair.box
    use(box, 50)
    box.log._records = type(box.log._records)(
        one for one in box.log._records if one.index not in (20, 21, 40)
    )
    report = laptop.visit()
    assert report.lost == 3
    causes = [one.cause for one in laptop.bodies(EventKind.DEVICE_LOG_GAP)]
    assert causes == ["00000001 20-21", "00000001 40-40"]


def test_a_new_log_is_told_once_however_often_the_visit_to_it_is_cut_short(laptop):
    laptop.visit()
    laptop.pair.box.log.epoch = 77
    for step in range(1, 12):
        with pytest.raises(Killed):
            laptop.visit(kill_after=step)
        laptop.kill()
    laptop.visit()
    causes = [one.cause for one in laptop.bodies(EventKind.DEVICE_LOG_GAP)]
    assert causes == ["new log, before it 00000001"]
    assert laptop.journaled(DEVICE).epoch == 77


def test_a_new_log_is_read_from_its_beginning_and_told(laptop):
    laptop.visit()
    laptop.pair.box.log.epoch = 77
    laptop.visit()
    (gap,) = laptop.bodies(EventKind.DEVICE_LOG_GAP)
    assert gap.cause == "new log, before it 00000001"
    assert laptop.journaled(DEVICE).epoch == 77


def test_nothing_is_cleared_without_the_hubs_receipt(laptop):
    box = laptop.pair.box
    use(box, 10)
    laptop.visit()
    assert box.log.oldest == 0
    through = 7
    receipt = (1, through, RECEIPTS.clear_receipt(1, through))
    assert laptop.visit(day_ticket(receipt=receipt)).cleared_through == through
    assert (box.log.oldest, box.log.receipted) == (8, 8)
    assert laptop.visit(day_ticket(receipt=receipt)).cleared_through is None
    assert not laptop.bodies(EventKind.DEVICE_LOG_GAP)


def test_what_another_laptop_collected_and_the_hub_receipted_is_no_gap(make_laptop):
    first = make_laptop()
    use(first.pair.box, 10)
    first.visit()
    receipt = (1, 9, RECEIPTS.clear_receipt(1, 9))
    first.visit(day_ticket(receipt=receipt))
    second = make_laptop(first.pair)
    report = second.visit()
    assert report.lost == 0
    assert second.indexes() == list(range(10, second.pair.box.log.next))


def test_a_forged_receipt_clears_nothing_and_the_records_are_safe(laptop):
    box = laptop.pair.box
    use(box, 10)
    with pytest.raises(KeyboxError, match="bad_receipt"):
        laptop.visit(day_ticket(receipt=(1, 5, bytes(16))))
    assert box.log.oldest == 0
    assert laptop.indexes() == list(range(box.log.next))


def test_new_secrets_are_brought_once(laptop):
    bundle = SecretBundle(bytes(32), MAINTENANCE, 2, 4)
    envelope = MaintenanceSecret(MAINTENANCE).wrap_key(DEVICE).seal(5, bytes(16), bundle)
    ticket = day_ticket(envelope=envelope)
    assert laptop.visit(ticket).secret_installed
    assert laptop.pair.box.secrets.version == 5
    assert not laptop.visit(ticket).secret_installed


def test_status_changes_nothing(laptop):
    use(laptop.pair.box, 3)
    laptop.fast_s = 30
    before = laptop.pair.box.log.next
    report = laptop.visit(errand=Errand.STATUS)
    assert report.box.log_next == before + 1
    assert report.box.tries_left == 5
    assert laptop.pair.box.clock.last_set_s == TIME_S
    assert not laptop.indexes()


# --- whoever comes, however it ends --------------------------------------------------------------


def hub_of(*laptops) -> list[int]:
    """What the hub keeps of what all of them send: each origin once, the first that comes."""
    kept: dict[tuple, int] = {}
    for laptop in laptops:
        for event in laptop.events():
            if event.origin is not None:
                key = (event.origin.device, event.origin.log_epoch, event.origin.index)
                kept.setdefault(key, event.origin.index)
    return sorted(kept.values())


def test_killed_after_any_step_the_next_visit_goes_on(make_laptop):
    """Every step of a visit, and every time the journal has each record once."""
    killed = 0
    for step in itertools.count():
        box = make_box()
        laptop = make_laptop(new_pair(box=box, seed=step))
        use(box, 45)
        try:
            laptop.visit(kill_after=step)
        except Killed:
            killed += 1
            laptop.kill()
        else:
            break
        laptop.visit()
        assert laptop.indexes() == list(range(box.log.next)), f"killed after step {step}"
        assert not laptop.bodies(EventKind.DEVICE_LOG_GAP)
    assert killed > 15


@pytest.mark.parametrize("step", [3, 6, 9, 11, 13])
def test_a_second_agent_fills_what_the_first_left_and_the_hub_has_each_once(make_laptop, step):
    first = make_laptop()
    use(first.pair.box, 45)
    with pytest.raises(Killed):
        first.visit(kill_after=step)
    first.kill()
    second = make_laptop(first.pair)
    second.visit()
    use(second.pair.box, 4)
    first.visit()
    whole = list(range(first.pair.box.log.next))
    assert hub_of(first, second) == whole
    assert hub_of(second, first) == whole
    assert len(first.indexes()) == len(set(first.indexes()))


def test_a_line_that_breaks_in_the_midst_loses_nothing(laptop):
    pair = laptop.pair
    use(pair.box, 60)
    sent = itertools.count()
    pair.spoil = lambda data, _to_host: data if next(sent) < 22 else b""
    with pytest.raises(KeyboxError, match="no_answer"):
        laptop.visit()
    pair.spoil = lambda data, _to_host: data
    laptop.visit()
    assert laptop.indexes() == list(range(pair.box.log.next))


def test_a_collected_time_never_moves_the_agents_floor(laptop):
    """A box whose clock is years ahead must not make the agent believe it."""
    box = laptop.pair.box
    before = laptop.now().at
    box.clock.set(TIME_S + 10**8, 1, laptop.pair.now_ns)
    use(box, 3)
    box.secrets.newest = 0
    laptop.state = ClockState.UNTRUSTED
    key = day_ticket()
    box.newest_ticket_day, box.clock.known = 0, False
    laptop.visit(key)
    assert [one for one in laptop.events() if one.origin and one.at > before]
    laptop.state = ClockState.TRUSTED
    floor = laptop.journal.floor()
    assert floor is None or floor <= before


def test_the_rights_of_a_ticket_are_all_a_visit_uses(laptop):
    use(laptop.pair.box, 3)
    receipt = (1, 2, RECEIPTS.clear_receipt(1, 2))
    report = laptop.visit(day_ticket(ALL & ~Right.CLEAR, receipt=receipt))
    assert report.skipped == ["no_right_to_clear"]
    kinds = [one.kind for one in laptop.pair.box.log._records]
    assert RecordKind.LOG_CLEARED not in kinds


def test_who_brought_new_secrets_says_so_at_once(laptop):
    bundle = SecretBundle(bytes(32), MAINTENANCE, 2, 4)
    envelope = MaintenanceSecret(MAINTENANCE).wrap_key(DEVICE).seal(5, bytes(16), bundle)
    laptop.visit(day_ticket(envelope=envelope))
    told = [one for one in laptop.events(EventKind.DEVICE_KEY_CHANGED) if one.origin is None]
    assert [decode_event_body(one).cause for one in told] == ["version 5"]


def test_what_is_written_after_the_clock_was_set_needs_no_correction(laptop):
    laptop.fast_s = 75
    box = laptop.pair.box

    class Telling(list):
        def append(self, text: str) -> None:
            super().append(text)
            if text.startswith("clock set"):
                use(box, 1)

    laptop.told = Telling()
    laptop.visit()
    (opened,) = laptop.events(EventKind.DOOR_OPENED)
    assert abs((opened.at - laptop.now().at).total_seconds()) <= 2


def test_a_receipt_for_another_log_clears_nothing_and_is_no_mistake(laptop):
    use(laptop.pair.box, 3)
    report = laptop.visit(day_ticket(receipt=(99, 2, RECEIPTS.clear_receipt(99, 2))))
    assert report.cleared_through is None
    assert laptop.pair.box.log.oldest == 0


def test_a_box_that_still_runs_the_old_firmware_is_given_the_time_to_start_the_new_one():
    steps = Visit(Errand.FIRMWARE, day_ticket(), image=7)._restarted()
    assert isinstance(next(steps), OpenSession)
    assert isinstance(steps.send(SimpleNamespace(firmware=1)), Pause)
    assert isinstance(steps.send(None), OpenSession)
    with pytest.raises(StopIteration) as ended:
        steps.send(SimpleNamespace(firmware=7))
    assert ended.value.value.firmware == 7


def test_a_box_that_fell_back_is_not_waited_for_for_ever():
    steps = Visit(Errand.FIRMWARE, day_ticket(), image=7)._restarted()
    old = SimpleNamespace(firmware=1)
    wants = [next(steps)]
    while len(wants) < 9:
        wants.append(steps.send(old if isinstance(wants[-1], OpenSession) else None))
    with pytest.raises(StopIteration) as ended:
        steps.send(old)
    assert ended.value.value.firmware == 1
    assert sum(isinstance(each, Pause) for each in wants) == 4
