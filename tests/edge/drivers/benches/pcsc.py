"""The card readers of a PC/SC service on the bench; the service itself is in memory."""

from __future__ import annotations

from collections.abc import Iterator

from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_api import PNP, ReaderState
from edge.drivers.pcsc_watch import PcscTimes
from edge.drivers.pcsc_worker import CardReading
from tests.edge.drivers.benches.bench import DEVICES, Bench
from tests.edge.drivers.fake_pcsc import FakePcsc
from wire.policy_bodies import DeviceBody, DeviceDriver


def pcsc() -> Iterator[Bench]:
    """Two readers of cards: no keys, no inputs, no outputs."""
    service = FakePcsc()
    readers = {device: f"Reader {number:02} 00" for number, device in enumerate(DEVICES)}
    taps = dict.fromkeys(DEVICES, -1)
    service.uid, service.names = b"\x01\x02\x03\x04", list(readers.values())

    def tap(device: str) -> None:
        taps[device] += 2  # laid down and taken away
        service.card(taps[device], reader=readers[device])

    def plug(device: str, there: bool) -> None:
        others = [name for name in service.names if name != readers[device]]
        service.names = [*others, readers[device]] if there else others
        service.changes.put([ReaderState(PNP, 0, 0, b"")])

    reading = CardReading(choose_profiles(load_profiles(), DEFAULT_PROFILES))
    times = PcscTimes(retry_first_s=0.01, retry_most_s=0.02)
    driver = PcscDriver(reading, times, service.opener)
    yield Bench(
        driver,
        {
            device: DeviceBody(driver=DeviceDriver.PCSC, port="p", reader_name=name)
            for device, name in readers.items()
        },
        {},
        press=_has_none,
        tap=tap,
        set_input=_has_none,
        output=lambda _device, _number: False,
        unplug=lambda device: plug(device, there=False),
        plug=lambda device: plug(device, there=True),
    )
    driver.stop()


def _has_none(*_: object) -> None:
    raise AssertionError("a card reader has neither keys nor inputs")
