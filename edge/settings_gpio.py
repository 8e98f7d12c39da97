"""How a Raspberry Pi's pins are wired: part of the agent's settings, since it is the electrician's
work and no hub's. A policy names a board by its `address` and a pin by its channel, no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

import msgspec

Bcm: TypeAlias = Annotated[int, msgspec.Meta(ge=2, le=27)]
"""A pin by its BCM number. 0 and 1 belong to the identification of HATs."""

Label: TypeAlias = Annotated[str, msgspec.Meta(max_length=32)]
Active: TypeAlias = Literal["high", "low"]
FrameBits: TypeAlias = Annotated[int, msgspec.Meta(ge=9, le=128)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables share: a misspelt key is an error, not a default."""


class OutputPin(_Table, frozen=True, kw_only=True):
    """A relay, a light, a buzzer. `active` is the level that turns it on; `label` is for people."""

    pin: Bcm
    active: Active = "high"
    label: Label = ""


class InputPin(_Table, frozen=True, kw_only=True):
    """A dry contact between the pin and ground, unless said otherwise. `active` is the level that
    counts as active; a level counts once it has stood for `debounce_ms`."""

    pin: Bcm
    active: Active = "low"
    pull: Literal["up", "down", "none"] = "up"
    debounce_ms: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 20
    label: Label = ""


class WiegandReader(_Table, frozen=True, kw_only=True):
    """A reader's two data lines, through a level shifter: they carry 5 V. `raw_bits` are lengths
    that are taken without a parity check; `face` says how a card's number is made into bits."""

    d0: Bcm
    d1: Bcm
    led: OutputPin | None = None
    buzzer: OutputPin | None = None
    raw_bits: tuple[FrameBits, ...] = ()
    face: str | None = None
    gap_ms: Annotated[int, msgspec.Meta(ge=3, le=200)] = 25


class GpioBoard(_Table, frozen=True, kw_only=True):
    """The pins that serve one door: one device of the policy, the one with this `address`.

    Channels are positions in these lists: the first output is 0, and so on.
    """

    address: Annotated[int, msgspec.Meta(ge=0, le=126)] = 0
    outputs: tuple[OutputPin, ...] = ()
    inputs: tuple[InputPin, ...] = ()
    tamper: InputPin | None = None
    readers: tuple[WiegandReader, ...] = ()

    def pins(self) -> Iterator[int]:
        """Every pin, as often as it is named."""
        for one in (*self.outputs, *self.inputs, self.tamper):
            if one is not None:
                yield one.pin
        for reader in self.readers:
            yield from (reader.d0, reader.d1)
            for light in (reader.led, reader.buzzer):
                if light is not None:
                    yield light.pin


class GpioPort(_Table, frozen=True, kw_only=True, tag="gpio", tag_field="driver"):
    """The pins of the Pi itself. `chip` is the number of its /dev/gpiochip, the header's where it
    is left out."""

    boards: tuple[GpioBoard, ...]
    chip: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None

    def __post_init__(self) -> None:
        addresses = Counter(board.address for board in self.boards)
        pins = Counter(pin for board in self.boards for pin in board.pins())
        for what, counts in (("address", addresses), ("pin", pins)):
            twice = sorted(number for number, count in counts.items() if count > 1)
            if twice:
                raise ValueError(f"{what} {twice[0]} is used twice")
