"""The maintenance link as the page has it: opening, secured frames, rights, requests."""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import Any

import pytest

NOON_DAY = 40_000_000 // 86_400
READ, CLOCK, CLEAR, SECRET, FIRMWARE, OPERATE, LIST = (1 << n for n in range(7))
DAY = 13


def cause_of(refused: type[Exception], call: Any, *arguments: Any, **named: Any) -> int:
    """The cause by which a call is refused."""
    with pytest.raises(refused) as caught:
        call(*arguments, **named)
    return int(caught.value.cause)  # type: ignore[attr-defined]


@pytest.fixture
def lock(workshop: Any) -> Any:
    """A serial lock that takes codes; it is noon."""
    return workshop.installed(kind=2)


# --- opening -------------------------------------------------------------------------------------


def test_a_blank_device_says_so_and_takes_provisioning_once(workshop: Any, refused: Any) -> None:
    box = workshop.start()
    host = workshop.provision(box)
    assert host.hello()[:17] == host.device + b"\1"
    # The same again answers a host that lost the answer; anything else is refused.
    workshop.provision(box)
    assert cause_of(refused, workshop.provision, box, 2) == 13
    assert cause_of(refused, workshop.provision, workshop.start("other"), 3) == 8


def test_a_blank_device_opens_for_nobody(workshop: Any, refused: Any) -> None:
    from_nobody = workshop.provision(workshop.start("other"))
    from_nobody.box = workshop.start()
    assert from_nobody.hello()[41] == 4
    assert cause_of(refused, from_nobody.open) == 16


def test_hello_tells_identity_starts_and_flags(installed: Any) -> None:
    device, kind, firmware, boots, _nonce, flags = struct.unpack(
        ">16sBII16sB", installed.host.hello()
    )
    assert (device, kind, firmware, boots, flags) == (installed.host.device, 1, 1, 1, 1)
    for number in range(5):
        installed.box.enter(installed.wrong(number))
    installed.box.say("rtc lost")
    assert installed.host.hello()[41] == 2


def test_every_hello_has_a_new_nonce_that_serves_once(installed: Any, refused: Any) -> None:
    host = installed.host
    assert host.hello()[25:41] != host.hello()[25:41]
    host.open()
    head = struct.pack(">BIH", 2, 0, 127) + bytes(16)
    assert cause_of(refused, host.clear, 0x02, head + bytes(16)) == 3


def test_a_nonce_is_dead_after_thirty_seconds(installed: Any, refused: Any) -> None:
    host = installed.host
    hello = host.hello
    host.hello = lambda: (hello(), host.box.say("advance 30000"))[0]
    assert cause_of(refused, host.open) == 3


def test_five_wrong_proofs_close_the_door_for_a_minute(installed: Any, refused: Any) -> None:
    host, right = installed.host, installed.host.maintenance
    host.maintenance = bytes(32)
    assert [cause_of(refused, host.open) for _ in range(6)] == [5, 5, 5, 5, 5, 14]
    host.maintenance = right
    assert cause_of(refused, host.open) == 14
    installed.box.say("advance 60000")
    host.open(1)
    # A flood of them leaves one record in ten minutes: nobody washes the log away.
    assert [kind for _, kind, _, _ in host.log()].count(21) == 1


def test_sessions_of_one_ticket_are_logged_once_in_ten_minutes(installed: Any) -> None:
    host = installed.host
    installed.box.say("advance 600000")
    for _ in range(5):
        host.open(READ)
    host.open(READ, NOON_DAY)
    installed.box.say("advance 600000")
    host.open(READ)
    told = [data[:6] for _, kind, _, data in host.log() if kind == 20]
    link, day = struct.pack(">IH", 0, READ), struct.pack(">IH", NOON_DAY, READ)
    assert told[1:] == [link, day, link]


@pytest.mark.parametrize(("days", "cause"), [(-2, 6), (-1, 0), (0, 0), (1, 0), (2, 6)])
def test_a_day_ticket_is_taken_within_a_day_of_the_devices_own(
    installed: Any, refused: Any, days: int, cause: int
) -> None:
    host = installed.host
    if cause:
        assert cause_of(refused, host.open, 127, NOON_DAY + days) == cause
    else:
        host.open(127, NOON_DAY + days)
        assert host.status()["clock"] == 1


def test_a_ticket_of_a_day_before_the_newest_is_not_taken_also_after_a_power_cut(
    installed: Any, refused: Any
) -> None:
    host = installed.host
    host.open(1, NOON_DAY + 1)
    host.open(1, NOON_DAY + 1)
    installed.box.say("power-cut")
    assert cause_of(refused, host.open, 1, NOON_DAY) == 6
    installed.box.say("rtc lost")
    assert cause_of(refused, host.open, 1, NOON_DAY) == 6
    host.open(1, NOON_DAY + 400)


def test_a_lost_open_answer_is_given_again(installed: Any) -> None:
    host = installed.host
    sent: list[bytes] = []
    raw = host.raw
    host.raw = lambda body: (sent.append(body), raw(body))[1]
    host.open(1)
    (opening,) = [body for body in sent if body[1] == 2]
    (first,) = raw(opening)
    assert first[1] == 0x82
    assert host.status()["boots"] == 1
    # Once a request has come, an `open` that comes again is one without a nonce.
    (late,) = raw(opening)
    assert late[1] == 0xFE


def test_malformed_and_unknown_requests_in_clear_are_refused(installed: Any, refused: Any) -> None:
    host = installed.host
    assert cause_of(refused, host.clear, 0x01, b"x") == 1
    assert cause_of(refused, host.clear, 0x02, b"x") == 1
    assert cause_of(refused, host.clear, 0x05) == 2
    assert cause_of(refused, host.clear, 0x10) == 3
    for rights, day in ((0, 0), (128, 0), (1, 7)):
        head = struct.pack(">BIH", 2, day, rights)
        host.hello()
        assert cause_of(refused, host.clear, 0x02, head + bytes(32)) == 8


# --- secured frames ------------------------------------------------------------------------------


def test_a_repeated_request_is_answered_again_and_not_carried_out_twice(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    host.seq, host.counter = 9, 1
    frame = host.secured(0x20, 9, 1, struct.pack(">I", 3000))
    (first,) = [each for each in host.raw(frame) if each[1] != 0x60] or [None]
    box.say("advance 200")
    answers = [each for each in box.frames if each[1] == 0xA0]
    assert first is None
    assert len(answers) == 1
    uses = box.show()["uses"]
    again = [each for each in host.raw(frame) if each[1] != 0x60]
    assert again == answers
    assert box.show()["uses"] == uses


def test_a_counter_that_is_not_the_next_is_dropped(installed: Any) -> None:
    host = installed.host
    host.open(1)
    host.status()
    for counter in (0, 3, 2**32 - 1):
        assert host.raw(host.secured(0x10, 1, counter, b"")) == []
    host.status()
    assert host.raw(host.secured(0x10, 1, 1, b"")) == []


def test_a_request_behind_a_flood_of_noise_is_answered(installed: Any, wire: Any) -> None:
    box = installed.box
    box.frames.clear()
    box.say(f"link {(b'noise' * 700 + bytes(1) + wire.frame(bytes((1, 1, 9)))).hex()}")
    assert [frame[:3] for frame in box.frames] == [b"\1\x81\x09"]


def test_another_request_under_the_counter_of_the_last_is_dropped(installed: Any) -> None:
    host = installed.host
    host.open(READ)
    host.status()
    other = host.secured(0x11, host.seq, host.counter, bytes(9))
    assert host.raw(other) == []
    host.status()


def test_a_changed_frame_is_dropped_and_counted(installed: Any) -> None:
    host = installed.host
    host.open(1)
    lost = host.status()["lost"]
    frame = host.secured(0x10, 1, 2, b"")
    for place in range(1, len(frame)):
        changed = bytearray(frame)
        changed[place] ^= 1
        if place > 1:
            assert host.raw(bytes(changed)) == []
    assert host.raw(frame[:10]) == []
    host.counter = 1
    assert host.status()["lost"] == lost + len(frame) - 2 + 1


def test_what_a_right_does_not_cover_is_refused(installed: Any, refused: Any) -> None:
    host = installed.host
    host.open(CLEAR)
    for type_ in (0x10, 0x11, 0x12, 0x14, 0x16, 0x20, 0x24, 0x27):
        assert cause_of(refused, host.ask, type_) == 4
    assert cause_of(refused, host.ask, 0x13) == 1
    assert cause_of(refused, host.ask, 0x33) == 2
    assert host.ask(0x70) == b""


def test_a_key_box_is_not_operated_by_a_host(installed: Any, refused: Any) -> None:
    installed.host.open()
    for type_, length in ((0x20, 4), (0x21, 0), (0x22, 0), (0x23, 1), (0x24, 34), (0x27, 0)):
        assert cause_of(refused, installed.host.ask, type_, bytes(length)) == 15


@pytest.mark.parametrize(("day", "silence_s"), [(NOON_DAY, 60), (None, 10)])
def test_a_session_ends_with_silence(
    installed: Any, refused: Any, day: int | None, silence_s: int
) -> None:
    host = installed.host
    host.open(1, day)
    installed.box.say(f"advance {silence_s * 1000 - 1}")
    host.status()
    installed.box.say(f"advance {silence_s * 1000}")
    assert cause_of(refused, host.status) == 3


def test_a_session_ends_with_close_with_the_power_and_with_the_next(
    installed: Any, refused: Any
) -> None:
    host = installed.host
    host.open(1)
    (closed,) = host.send(0x70)
    # The answer to `close` is given again; nothing else is answered.
    assert host.raw(host.secured(0x70, host.seq, host.counter, b"")) == [closed]
    assert host.send(0x10) == []
    host.open(1)
    old_keys, old_counter = host.keys, host.counter
    host.open(1)
    assert host.raw(host.secured(0x10, 1, 5, b"")) == []
    new_keys, host.keys = host.keys, old_keys
    assert host.raw(host.secured(0x10, 1, old_counter + 1, b"")) == []
    host.keys = new_keys
    installed.box.say("power-cut")
    assert cause_of(refused, host.status) == 3


# --- requests ------------------------------------------------------------------------------------


def test_status_tells_what_stands(installed: Any, noon: int) -> None:
    box, host = installed.box, installed.host
    box.enter(installed.code(DAY, noon, 1))
    box.enter(installed.wrong(1))
    box.say("battery 2750 -51")
    box.say("advance 21600000")
    box.say("input leaf 1")
    host.open(1)
    status = host.status()
    shown = box.show()
    assert abs(status["time"] - shown["rtc_s"]) <= 1
    assert (status["earliest"], status["latest"]) == (shown["earliest_s"], shown["latest_s"])
    assert (status["profile"], status["generation"], status["secret_version"]) == (1, 1, 1)
    assert (status["tries"], status["level"], status["lockout_s"]) == (4, 0, 0)
    assert (status["battery"], status["temperature"], status["uses"]) == (2750, -51, 1)
    assert (status["inputs"], status["outputs"]) == (1, 0)
    assert (status["slot_0"], status["slot_1"], status["reset"]) == (3, 0, 1)
    assert status["rate"] == 0


def test_an_envelope_is_taken_whole_or_not_at_all(installed: Any, refused: Any, noon: int) -> None:
    host = installed.host
    host.open(SECRET | READ)
    good = host.envelope(5, installed.profile, secret=bytes(32), generation=3)
    for place in (0, 3, 4, 19, 20, 85, 86, 101):
        bad = bytearray(good)
        bad[place] ^= 1
        assert cause_of(refused, host.ask, 0x14, bytes(bad)) == 11
    assert cause_of(refused, host.ask, 0x14, host.envelope(1, installed.profile)) == 9
    assert (
        cause_of(refused, host.ask, 0x14, host.envelope(6, installed.profile, generation=16)) == 8
    )
    assert host.status()["secret_version"] == 1
    (answer,) = host.send(0x14, good)
    assert host.raw(host.secured(0x14, host.seq, host.counter, good)) == [answer]
    assert host.send(0x10) == []
    host.open(READ)
    assert (host.status()["secret_version"], host.status()["generation"]) == (5, 3)
    installed.box.say("advance 11000")
    assert installed.box.enter(installed.code(DAY, noon, 3)) == ["feedback denied"]


def test_used_codes_stay_used_under_the_same_secret(installed: Any, noon: int) -> None:
    once = installed.code(12, noon)
    installed.box.enter(once)
    installed.host.open()
    installed.host.install(version=2)
    installed.box.say("advance 11000")
    assert installed.box.enter(once) == ["feedback denied"]


def test_retire_moves_the_generation_forward_by_the_hubs_token(
    installed: Any, refused: Any, noon: int
) -> None:
    host = installed.host
    old = installed.code(DAY, noon, 0)
    host.open(SECRET | READ)

    def retire(generation: int, version: int = 1) -> bytes:
        token = host.token(b"retire", struct.pack(">IB", version, generation))
        return bytes((generation,)) + token

    assert cause_of(refused, host.ask, 0x15, retire(2, version=2)) == 11
    assert cause_of(refused, host.ask, 0x15, b"\1" + retire(2)[1:]) == 11
    host.ask(0x15, retire(2))
    host.ask(0x15, retire(2))
    assert cause_of(refused, host.ask, 0x15, retire(1)) == 9
    assert cause_of(refused, host.ask, 0x15, retire(16)) == 8
    assert host.status()["generation"] == 2
    installed.box.say("advance 11000")
    assert installed.box.enter(old) == ["feedback denied"]


def test_a_lock_answers_a_release_once_its_bolt_has_moved(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    assert host.send(0x20, struct.pack(">I", 3000)) == []
    box.say("advance 119")
    assert [each for each in box.frames if each[1] == 0xA0] == []
    box.say("advance 1")
    (answer,) = [each for each in box.frames if each[1] == 0xA0]
    assert host.read_answer(0x20, answer) == b"\1"
    assert host.status()["outputs"] == 1
    box.say("advance 2879")
    assert "secured" not in box.events
    box.say("advance 1")
    assert box.events[-1] == "secured"


def test_a_stuck_bolt_is_answered_as_jammed(lock: Any) -> None:
    host, box = lock.host, lock.box
    box.say("bolt stuck")
    host.open()
    assert host.send(0x21) == []
    box.say("advance 1500")
    (answer,) = [each for each in box.frames if each[1] == 0xA1]
    assert host.read_answer(0x21, answer) == b"\2"
    assert host.status()["inputs"] & 32
    assert host.ask(0x22) == b"\1"
    assert host.status()["outputs"] == 0


def test_a_held_bolt_stays_until_it_is_secured(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    host.send(0x21)
    box.say("advance 200")
    for _ in range(20):
        host.status()
        box.say("advance 9000")
    assert host.status()["outputs"] == 2
    assert box.show()["released"]
    assert host.ask(0x22) == b"\1"
    assert not box.show()["released"]


def test_a_hold_ends_ten_seconds_after_its_host_has_gone(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    host.send(0x21)
    box.say("advance 200")
    host.status()
    box.say("advance 19999")
    assert box.show()["released"]
    box.say("advance 1")
    assert not box.show()["released"]
    assert box.events[-1] == "secured"


def test_a_pulse_has_bounds_and_a_feedback_a_name(lock: Any, refused: Any) -> None:
    host = lock.host
    host.open()
    for pulse_ms in (0, 300_001, 2**32 - 1):
        assert cause_of(refused, host.ask, 0x20, struct.pack(">I", pulse_ms)) == 8
    host.ask(0x23, b"\2")
    assert lock.box.events[-1] == "feedback denied"
    assert cause_of(refused, host.ask, 0x23, b"\6") == 8


# --- notices -------------------------------------------------------------------------------------


def test_a_host_that_operates_is_told_states_keys_and_inputs_in_order(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    assert host.notices == [b"\1" + bytes(4)]
    box.say("keys 12345#")
    host.take_notices()
    box.say("input leaf 1")
    host.take_notices()
    told = [each for each in host.notices[1:] if each[0] != 4]
    assert b"".join(each[1:] for each in told if each[0] == 2) == b"12345#"
    assert told[-1] == b"\1\0\1\0\0"
    assert box.show()["tries_left"] == 5


def test_a_notice_comes_again_every_250_ms_until_it_is_noticed(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    box.frames.clear()
    box.say("keys 1")
    box.say("advance 1000")
    assert len(box.frames) == 5
    assert len(set(box.frames)) == 1
    host.take_notices()
    box.say("advance 1000")
    assert box.frames == []


def test_of_too_many_notices_the_oldest_go_and_inputs_stay(lock: Any) -> None:
    host, box = lock.host, lock.box
    host.open()
    for number in range(60):
        box.say(f"input tamper {(number + 1) % 2}" if number < 20 else "keys 1234567*")
        if number == 19:
            box.say("advance 1")
    host.take_notices()
    inputs = [each for each in host.notices if each[0] == 1]
    assert [each[2] for each in inputs[1:]] == [16 * ((n + 1) % 2) for n in range(20)]
    keys = b"".join(each[1:] for each in host.notices if each[0] == 2)
    assert (b"1234567*" * 40).endswith(keys)
    assert len(keys) > 80


def test_a_session_without_the_right_to_operate_is_told_nothing(lock: Any) -> None:
    host = lock.host
    host.open(READ)
    lock.box.frames.clear()
    lock.box.say("keys 1")
    assert lock.box.frames == []


# --- a lock's own list ---------------------------------------------------------------------------


def place_list(host: Any, pins: dict[str, tuple[int, int]]) -> tuple[bytes, bytes]:
    """Place a list; gives the answer of its end and the digest that was announced."""
    key = host.derived("list")
    entries = []
    for digits, window in pins.items():
        label = b"kagimori/lock-list/v1" + host.device + digits.encode()
        entries.append(hmac.digest(key, label, "sha256")[:16] + struct.pack(">II", *window))
    total = sum(int.from_bytes(hashlib.sha256(each).digest(), "big") for each in entries)
    digest_bytes = (total % 2**256).to_bytes(32, "big")
    host.ask(0x24, struct.pack(">H", len(entries)) + digest_bytes)
    for start in range(0, len(entries), 15):
        host.ask(0x25, b"".join(entries[start : start + 15]))
    return host.ask(0x26), digest_bytes


def test_a_lock_takes_its_list_and_sealed_codes_ten_seconds_after_its_host_has_gone(
    lock: Any, noon: int
) -> None:
    host, box = lock.host, lock.box
    host.open()
    pins = {f"{n:06d}": (noon, noon + 86_400) for n in range(300)}
    pins["7777"] = (noon - 100, noon - 50)
    answer, digest = place_list(host, pins)
    assert answer == digest + struct.pack(">H", 301)
    # Keys go to the host while it is there.
    box.enter("000123")
    assert not box.show()["released"]
    box.say("advance 10000")
    assert box.enter("000123") == ["feedback busy"]
    box.say("advance 10000")
    assert box.enter("000123") == ["feedback granted", "released"]
    box.say("advance 6000")
    assert box.enter("7777") == ["feedback denied"]
    assert box.enter("000300") == ["feedback denied"]
    assert box.show()["tries_left"] == 3
    assert box.enter(lock.code(DAY, noon)) == ["feedback granted", "released"]
    host.open()
    log = host.log()
    assert [data for _, kind, _, data in log if kind == 22] == [
        struct.pack(">H6s", 301, digest[:6])
    ]
    assert len([data for _, kind, _, data in log if kind == 23 and data != bytes(8)]) == 1


def test_a_list_is_swapped_in_whole_or_not_at_all(lock: Any, refused: Any, noon: int) -> None:
    host = lock.host
    host.open()
    place_list(host, {"1111": (noon, noon + 9999)})
    standing = host.ask(0x27)
    host.ask(0x24, struct.pack(">H", 2) + bytes(32))
    assert cause_of(refused, host.ask, 0x25, bytes(72)) == 8
    host.ask(0x25, bytes(48))
    assert cause_of(refused, host.ask, 0x26) == 8
    assert cause_of(refused, host.ask, 0x25, bytes(24)) == 8
    assert cause_of(refused, host.ask, 0x24, struct.pack(">H", 683) + bytes(32)) == 12
    assert cause_of(refused, host.ask, 0x25, bytes(23)) == 1
    assert host.ask(0x27) == standing
    lock.box.say("power-cut")
    host.open()
    assert host.ask(0x27) == standing


def test_a_key_box_consults_no_link_to_judge_a_code(installed: Any, noon: int) -> None:
    installed.host.open(READ, NOON_DAY)
    assert installed.box.enter(installed.code(DAY, noon)) == ["feedback granted", "released"]
