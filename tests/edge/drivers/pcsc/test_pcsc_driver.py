"""What the driver makes of a card service's answers: each case the real one shows seldom."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from edge.cards.profile import ProfileError
from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.core.model import CardFailed, CardPresented, DeviceOffline, DeviceOnline
from edge.drivers.pcsc import PcscDriver, match_readers
from edge.drivers.pcsc_api import PNP, CardHandle, PcscCause, PcscError, ReaderState, open_pcsc
from edge.drivers.pcsc_watch import PcscTimes
from edge.drivers.pcsc_worker import CardReading
from wire.policy_bodies import DeviceBody, DeviceDriver

UNAVAILABLE, EMPTY, PRESENT, MUTE = 0x8, 0x10, 0x20, 0x200  # as the conftest's card service
READER = "ACS ACR1252 [CCID] 00 00"
PICC = "ACS ACR1252 1S CL Reader [ACR1252 Dual Reader PICC] 00 00"
SAM = "ACS ACR1252 1S CL Reader [ACR1252 Dual Reader SAM] 01 00"
SONY = "SONY FeliCa RC-S300/S (1234567) 02 00"
READING = CardReading(choose_profiles(load_profiles(), DEFAULT_PROFILES))
ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")


def device(name: str | None = None) -> DeviceBody:
    return DeviceBody(driver=DeviceDriver.PCSC, port="cards", reader_name=name)


@pytest.fixture
def driver(pcsc, inbox) -> Iterator[PcscDriver]:
    """A driver with one device, not yet started."""
    times = PcscTimes(retry_first_s=0.01, retry_most_s=0.02)
    driver = PcscDriver(READING, times, pcsc.opener)
    driver.configure({"front": device()}, {})
    yield driver
    driver.stop()


def test_a_card_swapped_while_its_reader_is_busy_is_a_tap_of_its_own(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    pcsc.read.clear()
    pcsc.card(events=1)
    pcsc.card(events=3)  # taken and laid again: PRESENT before and after, the same ATR
    pcsc.read.set()
    inbox.expect(CardPresented, 2)


def test_a_change_that_is_no_insertion_is_no_tap(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    pcsc.card(events=1)
    pcsc.card(events=1, flags=PRESENT | 0x100)  # in use: that is us
    pcsc.card(events=2, flags=EMPTY)
    pcsc.card(events=3)
    inbox.expect(CardPresented, 2)
    assert pcsc.changes.empty()
    assert inbox.count(CardPresented) == 2


def test_a_card_that_lies_there_after_the_service_restarted_is_stale(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    pcsc.card(events=1)
    assert not inbox.expect(CardPresented).stale
    pcsc.lying[READER] = ReaderState(READER, PRESENT, 1, ATR)
    pcsc.changes.put(PcscError(PcscCause.NO_SERVICE, "SCardGetStatusChange"))
    assert inbox.expect(CardPresented, 2).stale
    assert inbox.expect(DeviceOffline).cause == "service_absent"
    inbox.expect(DeviceOnline, 2)


def test_a_card_on_a_reader_that_was_unavailable_is_stale(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    pcsc.card(events=0, flags=UNAVAILABLE)
    pcsc.card(events=0)
    assert inbox.expect(CardPresented).stale


def test_a_reader_that_is_unplugged_and_plugged_in_again_is_told(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    assert inbox.expect(DeviceOnline).detail == READER
    pcsc.names = []
    pcsc.changes.put(PcscError(PcscCause.NO_READER, "SCardGetStatusChange"))
    assert inbox.expect(DeviceOffline).cause == "reader_absent"
    pcsc.names = [READER]
    pcsc.changes.put([ReaderState(PNP, 0, 0, b"")])
    inbox.expect(DeviceOnline, 2)
    pcsc.card(events=1)
    inbox.expect(CardPresented)


def test_the_watch_outlives_an_error_it_has_no_name_for(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    inbox.expect(DeviceOnline)
    pcsc.changes.put(RuntimeError("a library's own"))
    assert inbox.expect(DeviceOffline).cause == "reader_failed"
    inbox.expect(DeviceOnline, 2)
    pcsc.card(events=1)
    inbox.expect(CardPresented)


def test_a_card_that_does_not_answer_its_reset_is_mute(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    pcsc.card(events=1, flags=PRESENT | MUTE)
    assert inbox.expect(CardFailed).cause == "card_mute"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (PcscError(PcscCause.CARD_IN_USE, "SCardConnect"), "card_in_use"),
        (PcscError(PcscCause.NO_SERVICE, "SCardConnect"), "reader_failed"),
        (RuntimeError("anything"), "internal_error"),
    ],
)
def test_whatever_goes_wrong_with_a_card_is_one_named_failure(
    pcsc, driver, inbox, error, cause
) -> None:
    real, failing = pcsc.connect, [error]

    def connect(context: int, reader: str) -> CardHandle:
        if failing:
            raise failing.pop()
        return real(context, reader)

    pcsc.connect = connect
    driver.start(inbox)
    pcsc.card(events=1)
    assert inbox.expect(CardFailed).cause == cause
    pcsc.card(events=3)
    inbox.expect(CardPresented)
    assert inbox.count(CardFailed) == 1


def test_a_tap_at_a_reader_of_no_device_is_left_alone(pcsc, driver, inbox) -> None:
    pcsc.names = [READER, "Other 01 00"]
    driver.start(inbox)
    pcsc.card(events=1, reader="Other 01 00")
    pcsc.card(events=1)
    assert inbox.expect(CardPresented).source.device == "front"
    assert inbox.count(CardPresented) == 1


def test_devices_that_did_not_change_are_not_disturbed(pcsc, driver, inbox) -> None:
    pcsc.names = [READER, "Other 01 00"]
    driver.start(inbox)
    inbox.expect(DeviceOnline)
    driver.configure({"front": device(), "back": device("other"), "third": device("none")}, {})
    assert inbox.expect(DeviceOnline, 2).device == "back"
    assert inbox.expect(DeviceOffline).device == "third"
    driver.configure({"front": device()}, {})
    pcsc.card(events=1)
    inbox.expect(CardPresented)
    assert inbox.count(DeviceOnline) == 2


def test_a_reader_is_not_called_absent_before_anybody_has_looked(pcsc, inbox) -> None:
    looking = threading.Event()

    def opener():
        assert looking.wait(10)
        return pcsc

    driver = PcscDriver(READING, opener=opener)
    driver.start(inbox)
    driver.configure({"front": device()}, {})
    looking.set()
    inbox.expect(DeviceOnline)
    driver.stop()
    assert inbox.count(DeviceOffline) == 0


def test_a_driver_that_never_started_stops(driver) -> None:
    driver.stop()


def test_nothing_is_emitted_after_the_stop(pcsc, driver, inbox) -> None:
    driver.start(inbox)
    pcsc.read.clear()
    pcsc.card(events=1)
    driver.stop()
    told = len(inbox.items)
    pcsc.read.set()
    driver.configure({"new": device()}, {})
    assert len(inbox.items) == told


def test_a_missing_library_is_named_with_its_remedy(driver, pcsc, inbox, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(PcscError) as caught:
        open_pcsc()
    assert caught.value.cause is PcscCause.NO_LIBRARY
    pcsc.fail_to_open = [caught.value]
    with capture_logs() as logs:
        driver.start(inbox)
        assert inbox.expect(DeviceOffline).cause == "pyscard_missing"
        inbox.expect(DeviceOnline)
    assert [one["remedy"] for one in logs if "kagimori[pcsc]" in one["remedy"]]


def test_the_driver_loads_without_pyscard() -> None:
    code = "import sys; sys.modules['smartcard'] = None; import edge.drivers.pcsc"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_part_that_no_card_has_is_refused_when_it_is_set() -> None:
    with pytest.raises(ProfileError, match=r"settings: narrow_to: 'uid' is no part.*'uid\.first4'"):
        CardReading(READING.profiles, "uid")


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        (None, PICC),
        ("acr1252", PICC),
        ("Reader PICC]", PICC),
        ("*[ACR1252 Dual Reader SAM] ?? 00", SAM),
        ("SONY", SONY),
        ("RC-S*", None),
        ("OMNIKEY", None),
    ],
)
def test_a_reader_is_found_by_a_part_of_its_name_or_a_pattern_of_the_whole(
    name: str | None, reader: str | None
) -> None:
    names = [
        SONY,
        SAM,
        PICC,
    ]
    assert match_readers({"d": device(name)}, names).get("d") == reader


def test_one_reader_serves_one_device_and_named_devices_choose_first() -> None:
    devices = {"a": device(), "b": device("B"), "c": device("B")}
    assert match_readers(devices, ["B 00 00", "X 01 00"]) == {"b": "B 00 00", "a": "X 01 00"}


def test_a_device_keeps_its_reader_when_another_comes() -> None:
    devices = {"a": device(), "b": device()}
    held = {"b": "X 01 00"}
    assert match_readers(devices, ["A 00 00", "X 01 00"], held) == {"a": "A 00 00", "b": "X 01 00"}
