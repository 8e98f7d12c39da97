"""What a Pi's pins are from power-on until the agent claims them: for the doctor.

GPIO 0 to 8 come up pulled high and the others low (BCM2835 ARM Peripherals, 6.2; the same on RP1),
unless a `gpio=` line of config.txt makes one an output at a level.
"""

from __future__ import annotations

import re
from typing import Final

from edge.settings_gpio import OutputPin

_PULLED_HIGH: Final = range(9)
_LINE: Final = re.compile(r"^\s*gpio=(?P<pins>[\d,\-]+)=(?P<options>[a-z0-9,]+)\s*$", re.MULTILINE)


def boots_on(wired: OutputPin, config: str) -> bool:
    """Whether an output is on while nothing runs, by what config.txt says and its pin's pull."""
    high = wired.pin in _PULLED_HIGH
    for line in _LINE.finditer(config):
        options = line["options"].split(",")
        if wired.pin in _numbers(line["pins"]) and "op" in options:
            high = "dh" in options
    return high == (wired.active == "high")


def _numbers(text: str) -> set[int]:
    """`1,4-6` is 1, 4, 5, 6."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        if first and (last or "-" not in part):
            found |= set(range(int(first), int(last or first) + 1))
    return found
