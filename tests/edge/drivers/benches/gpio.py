"""The GPIO driver on the bench: two boards of gpiozero's mock pins, with Wiegand readers."""

from __future__ import annotations

from collections.abc import Iterator

from edge.drivers.gpio import GpioDriver, GpioTimes
from edge.settings_gpio import GpioBoard, GpioPort, InputPin, OutputPin, WiegandReader
from firmware_bridge.wiegand import encode_key
from tests.edge.drivers.benches.bench import DEVICES, Bench
from tests.edge.drivers.mock_pins import HandChip, bits_of
from wire.policy_bodies import DeviceBody, DeviceDriver

BOARDS = tuple(
    GpioBoard(
        address=address,
        outputs=(OutputPin(pin=relay, active="low"),),
        inputs=tuple(InputPin(pin=pin, debounce_ms=1) for pin in inputs),
        readers=(
            WiegandReader(d0=d0, d1=d0 + 1, led=OutputPin(pin=led, active="low"), raw_bits=(32,)),
        ),
    )
    for address, relay, inputs, d0, led in ((1, 17, (22, 23), 5, 18), (2, 27, (24, 25), 12, 19))
)


def gpio() -> Iterator[Bench]:
    chip = HandChip()
    boards = dict(zip(DEVICES, BOARDS, strict=True))
    times = GpioTimes(look_ms=10, retry_first_s=0.02, retry_most_s=0.02)
    driver = GpioDriver(GpioPort(boards=BOARDS), {}, open_chip=lambda _number: chip, times=times)

    def send(device: str, bursts: list[list[int]]) -> None:
        reader = boards[device].readers[0]
        with driver._changed:  # the machine's load must not stretch the gaps between bits
            chip.send_bits((reader.d0, reader.d1), bursts)

    def set_broken(device: str, broken: bool) -> None:
        for number in boards[device].pins():
            chip.pin(number).broken = broken

    yield Bench(
        driver,
        {
            device: DeviceBody(driver=DeviceDriver.GPIO, port="p", address=board.address)
            for device, board in boards.items()
        },
        {},
        press=lambda device, keys: send(device, [bits_of(encode_key(key), 4) for key in keys]),
        tap=lambda device: send(device, [bits_of(0x01020304, 32)]),
        set_input=lambda device, number, on: chip.pin(boards[device].inputs[number].pin).put(
            not on
        ),
        output=lambda device, number: not chip.pin(boards[device].outputs[number].pin)._state,
        unplug=lambda device: set_broken(device, True),
        plug=lambda device: set_broken(device, False),
    )
    driver.stop()
