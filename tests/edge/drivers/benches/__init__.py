"""What each driver needs to pass the contract of all drivers (`test_contract.py`): one file each.

A bench is a generator: it yields a `Bench` that has begun nothing yet, and clears up afterwards.
To add a driver write `benches/<driver>.py` and add its line here: to `BOARDS` if its devices have
cards, keys, inputs and outputs, to `LOCKS` if they have all of that but cards, to `READERS` if
they read cards only, to `RELAYS` if they have inputs and outputs only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from tests.edge.drivers.benches.bench import Bench
from tests.edge.drivers.benches.documented import documented
from tests.edge.drivers.benches.gpio import gpio
from tests.edge.drivers.benches.osdp import osdp
from tests.edge.drivers.benches.pcsc import pcsc
from tests.edge.drivers.benches.serial_lock import serial_lock
from tests.edge.drivers.benches.virtual import virtual

MakeBench: TypeAlias = Callable[[], Iterator[Bench]]

BOARDS: Final[dict[str, MakeBench]] = {
    "virtual": virtual,
    "osdp": osdp,
    "gpio": gpio,
}

LOCKS: Final[dict[str, MakeBench]] = {
    "serial_lock": serial_lock,
}

READERS: Final[dict[str, MakeBench]] = {
    "pcsc": pcsc,
}

RELAYS: Final[dict[str, MakeBench]] = {
    "documented": documented,
}
