"""The power goes in the middle of every single write of a scripted day: nothing that was told is
lost, nothing opens that should not, no lockout is forgotten."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import struct
from dataclasses import dataclass, field
from typing import Any

import pytest

HOUR, ONCE, DAY = 0, 12, 13
GRANTED = ["feedback granted", "released"]


@dataclass
class Ledger:
    """What the box has told by the time the power went: it must still hold afterwards."""

    shown: dict[str, Any] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    log: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)
    epoch: int = 0


def _enter_once(installed: Any, ledger: Ledger, noon: int, variant: int) -> None:
    code = installed.code(ONCE, noon, ledger.shown["generation"], variant)
    before = len(installed.box.events)
    try:
        assert installed.box.enter(code) == GRANTED
    finally:
        if "released" in installed.box.events[before:]:
            ledger.used.append(code)
    ledger.shown = installed.box.show()
    installed.box.say("advance 6000")


def _wrong(installed: Any, ledger: Ledger, number: int) -> None:
    before = len(installed.box.events)
    try:
        assert "released" not in installed.box.enter(installed.wrong(number))
    finally:
        if "feedback denied" in installed.box.events[before:]:
            # Whoever has seen a verdict has spent the try for it.
            ledger.shown = {**ledger.shown, "tries_left": ledger.shown["tries_left"] - 1}
    ledger.shown = installed.box.show()


def _generation(installed: Any, ledger: Ledger, noon: int) -> None:
    ledger.shown = installed.box.show()
    old = installed.code(DAY, noon, ledger.shown["generation"])
    assert installed.box.enter(installed.code(DAY, noon, ledger.shown["generation"] + 1)) == GRANTED
    ledger.shown = installed.box.show()
    ledger.retired.append(old)
    installed.box.say("advance 6000")


def _read_log(installed: Any, ledger: Ledger) -> None:
    for index, kind, reason, data in installed.host.log():
        ledger.log[index] = (kind, reason, data)
    ledger.epoch = installed.box.show()["log_epoch"]


def _visit(installed: Any, ledger: Ledger, noon: int) -> None:
    host = installed.host
    host.open(rights=31, day=noon // 86_400)
    ledger.shown = installed.box.show()
    _read_log(installed, ledger)
    host.set_clock(noon + 1000)
    ledger.shown = installed.box.show()
    through = min(ledger.log) + 2
    words = struct.pack(">II", ledger.epoch, through)
    host.ask(0x13, words + host.token(b"clear", words))
    for index in [each for each in ledger.log if each <= through]:
        del ledger.log[index]
    ledger.shown = installed.box.show()
    host.install(version=2, generation=ledger.shown["generation"])
    ledger.shown = installed.box.show()
    host.open(rights=31, day=noon // 86_400)
    token = host.token(b"retire", struct.pack(">IB", 2, ledger.shown["generation"] + 1))
    host.ask(0x15, bytes((ledger.shown["generation"] + 1,)) + token)
    ledger.shown = installed.box.show()
    host.ask(0x70)


def _list(installed: Any, ledger: Ledger) -> None:
    host = installed.host
    entries = [hashlib.sha256(bytes((n,))).digest()[:16] + bytes(8) for n in range(20)]
    total = sum(int.from_bytes(hashlib.sha256(each).digest(), "big") for each in entries)
    digest = (total % 2**256).to_bytes(32, "big")
    host.open(rights=64)
    host.ask(0x24, struct.pack(">H", 20) + digest)
    for start in range(0, 20, 10):
        host.ask(0x25, b"".join(entries[start : start + 10]))
    host.ask(0x26)
    ledger.shown = installed.box.show()
    installed.box.say("advance 25000")


def scripted_day(installed: Any, ledger: Ledger, noon: int) -> None:
    """Something of everything that writes; `ledger` follows what was told."""
    ledger.shown = installed.box.show()
    _enter_once(installed, ledger, noon, 0)
    _wrong(installed, ledger, 1)
    _generation(installed, ledger, noon)
    _enter_once(installed, ledger, noon, 1)
    _visit(installed, ledger, noon)
    _list(installed, ledger)
    for number in range(2, 7):
        _wrong(installed, ledger, number)
        if ledger.shown["lockout_s"]:
            break
    installed.box.say("advance 130000")
    ledger.shown = installed.box.show()
    installed.box.say("power-cut 1000")
    ledger.shown = installed.box.show()


def check_after(installed: Any, ledger: Ledger, noon: int) -> None:
    """Everything that was told before the power went holds."""
    box, told = installed.box, ledger.shown
    assert "released" not in box.events
    now = box.show()
    assert now["fit"]
    for name in ("uses", "boots", "secret_version", "ticket_day", "generation", "log_cleared"):
        assert now[name] >= told[name], name
    assert now["log_epoch"] == told["log_epoch"]
    if told["lockout_s"] or told["tries_left"] == 0:
        assert now["lockout_s"] > 0
        assert now["lockout_s"] >= told["lockout_s"] - 60
        assert now["level"] >= told["level"]
    else:
        assert now["tries_left"] <= told["tries_left"]
    if told["list_count"]:
        assert now["list_count"] == told["list_count"]
    # A clock may be lost, never wrong: it is noon, give or take what the day took.
    if now["time_known"]:
        assert noon - 5 <= now["earliest_s"] <= now["latest_s"] <= noon + 3000
    box.say(f"advance {1000 * now['lockout_s'] + 11_000}")
    for number in (50, 51):
        assert "released" not in box.enter(installed.wrong(number))
    for code in ledger.used + ledger.retired:
        assert "released" not in box.enter(code)
        box.say(f"advance {1000 * box.show()['lockout_s']}")
    installed.host.box = box
    installed.host.open(1)
    records = {index: tuple(rest) for index, *rest in installed.host.log()}
    for index, record in ledger.log.items():
        if index >= box.show()["log_cleared"]:
            assert records[index] == record


def cut_every_write(
    workshop: Any, noon: int, power_lost: type[Exception], torn: int, again: int = 0
) -> int:
    """Play the day until it ends, with the power going in each write in turn, and in the `again`th
    write of the start that follows; gives how many cuts there were."""
    prepared = workshop.installed(kind=2, name=f"prepared-{torn}")
    prepared.box.say("advance 20000")
    prepared.box.close()
    cuts = 0
    while True:
        shutil.copy(workshop.directory / f"prepared-{torn}", workshop.directory / "copy")
        ledger = Ledger(shown={"tries_left": 5})
        how = ("--die-after-writes", str(cuts + 1), "--torn-seed", str(torn))
        try:
            prepared.box = workshop.start("copy", *how)
            prepared.host.box = prepared.box
            prepared.box.say("advance 11000")
            scripted_day(prepared, ledger, noon)
            prepared.box.close()
            return cuts
        except power_lost:
            cuts += 1
        if again:
            how = ("--die-after-writes", str(again), "--torn-seed", str(torn))
            with contextlib.suppress(power_lost):
                box = workshop.start("copy", *how)
                box.show()
            box.close()
        prepared.box = workshop.start("copy")
        if "uses" in ledger.shown:
            check_after(prepared, ledger, noon)
        prepared.box.close()


def test_a_cut_in_any_write_of_a_day_loses_nothing(
    workshop: Any, noon: int, power_lost: type[Exception]
) -> None:
    assert cut_every_write(workshop, noon, power_lost, torn=0) > 50


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_torn_anywhere_and_torn_again_at_the_next_start_a_day_loses_nothing(
    workshop: Any, noon: int, power_lost: type[Exception]
) -> None:
    cuts = sum(
        cut_every_write(workshop, noon, power_lost, torn, again=torn % 4) for torn in range(1, 21)
    )
    print(f"{cuts} cuts of power, and as many of three in four at the start after")
    assert cuts > 1_000


def test_a_cut_in_the_first_start_leaves_a_box_that_can_be_provisioned(
    workshop: Any, power_lost: type[Exception]
) -> None:
    for write in range(1, 16):
        with pytest.raises(power_lost):
            workshop.start(f"box-{write}", "--die-after-writes", str(write)).show()
        box = workshop.start(f"box-{write}")
        assert box.show()["fit"]
        workshop.provision(box)


def test_a_cut_while_provisioning_leaves_a_blank_or_a_provisioned_box(
    workshop: Any, power_lost: type[Exception]
) -> None:
    workshop.start("blank").close()
    cut = 0
    for write in range(1, 10):
        shutil.copy(workshop.directory / "blank", workshop.directory / "copy")
        box = workshop.start("copy", "--die-after-writes", str(write))
        try:
            workshop.provision(box)
        except power_lost:
            cut += 1
        box.close()
        # The same again does no harm where it was taken already.
        box = workshop.start("copy")
        workshop.provision(box)
        box.close()
    assert cut >= 1


def test_a_record_of_the_state_torn_at_any_byte_leaves_the_old_or_the_new(
    workshop: Any, noon: int
) -> None:
    """Not only what the simulator tears: every prefix of the newest copy over blank flash."""
    installed = workshop.installed()
    installed.box.say("advance 1000")
    old = installed.box.show()
    before = (workshop.directory / "box").read_bytes()
    installed.box.enter(installed.code(DAY, noon))
    after = (workshop.directory / "box").read_bytes()
    new = installed.box.show()
    installed.box.close()
    start = 4096
    changed = [i for i in range(start, start + 4 * 4096) if before[i] != after[i]]
    first, last = changed[0] // 1024 * 1024, changed[-1] // 1024 * 1024 + 1024
    for cut in [*range(first, last, 29), last - 1, last]:
        torn = before[:first] + after[first:cut] + before[cut:]
        (workshop.directory / "torn").write_bytes(torn)
        box = workshop.start("torn")
        shown = box.show()
        assert shown["fit"]
        assert (shown["uses"], shown["tries_left"]) in (
            (old["uses"], 5),
            (old["uses"], 4),
            (new["uses"], 5),
        )
        assert shown["secret_version"] == 1
        box.close()


def test_a_cut_while_the_clock_is_set_leaves_it_unknown_or_right(
    workshop: Any, noon: int, power_lost: type[Exception]
) -> None:
    """The RTC is minutes behind what codes have taught since: mixing the two would be wrong."""
    slow = ("--rtc-ppm", "-20")
    prepared = workshop.installed(*slow, name="prepared")
    box = prepared.box
    box.say(f"advance {300 * 86_400_000 - 10_000}")
    true_s = noon + 300 * 86_400
    assert box.enter(prepared.code(HOUR, true_s)) == GRANTED
    assert box.show()["earliest_s"] - box.show()["rtc_s"] > 500
    box.close()
    cuts = 0
    for write in range(1, 14):
        shutil.copy(workshop.directory / "prepared", workshop.directory / "copy")
        try:
            box = workshop.start("copy", "--die-after-writes", str(write), *slow)
            prepared.host.box = box
            prepared.host.open(2)
            prepared.host.set_clock(true_s)
        except power_lost:
            cuts += 1
        box.close()
        box = workshop.start("copy", *slow)
        shown = box.show()
        if shown["time_known"]:
            assert shown["earliest_s"] <= true_s <= shown["latest_s"]
        box.close()
    assert 5 < cuts < 13
