"""What is ordered of a visit, and what is reported of it: between command line and agent."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

JOURNALED: Final = "keybox/"
"""Prefix of the journal's named values: how far a device's log was journaled, by device id."""


class Errand(StrEnum):
    """What a visit is for. `sync` does everything the ticket has a right to."""

    SYNC = "sync"
    STATUS = "status"
    CLOCK = "clock"
    FIRMWARE = "firmware"


class VisitOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A visit: where the box is plugged in, the ticket file's text, and a firmware file in base64.
    Both are secrets of the day or bulky: neither is ever logged."""

    errand: Errand
    port: str
    ticket: str
    image: str | None = None

    def __repr__(self) -> str:
        return f"VisitOrder({self.errand.value}, {self.port!r})"


class Journaled(msgspec.Struct, frozen=True, kw_only=True):
    """How far a device's log was journaled: `next` is the index to go on from."""

    epoch: int
    next: int


class BoxReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a device stood. `clock_offset_s` is how far ahead its clock was, None where it had none
    or ours is not relied on."""

    device: str
    kind: str
    firmware: int
    boots: int
    clock_known: bool
    clock_offset_s: int | None
    clock_doubt_s: int | None
    battery_mv: int
    uses: int
    tries_left: int
    lockout_s: int
    log_epoch: int
    log_next: int
    inputs: tuple[str, ...]
    profile: int
    generation: int
    secret_version: int


class VisitReport(msgspec.Struct, kw_only=True):
    """What a visit came to. `journaled` counts records that are in the journal now, `lost` those
    that the device no longer had or could not read; `cleared_through` is the last index it forgot
    by the hub's receipt."""

    box: BoxReport | None = None
    journaled: int = 0
    lost: int = 0
    clock_set: bool = False
    cleared_through: int | None = None
    secret_installed: bool = False
    firmware_sent: int | None = None
    skipped: list[str] = msgspec.field(default_factory=list)
    """What the ticket or our clock did not allow, as short names."""


class VisitState(msgspec.Struct, frozen=True, kw_only=True):
    """How a visit stands: lines of progress from the one asked for on, and once it is over its
    report and, where it failed, the cause."""

    lines: list[str]
    over: bool
    report: VisitReport | None = None
    cause: str | None = None


class VisitRefusedError(Exception):
    """A visit that cannot begin; the text says what to do."""
