"""What a bus must be told: its peripherals, their keys and its times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.osdp.codes import BAUD_RATES, MAX_ADDRESS
from firmware_bridge.osdp.secure_channel import is_weak

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
_BITS_PER_BYTE: Final = 10
_LEAST_FRAGMENT_FRAME_LEN: Final = 128


class ConfigError(ValueError):
    """A bus or peripheral setting that cannot work; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class PDConfig:
    """One peripheral: its bus address (0..126) and its own 16-byte base key (SCBK).

    `formers` are keys that it may still have: each is tried, and used for nothing but giving it
    `scbk` (KEYSET).

    There is no setting without a key: a reader is first installed under its own key
    (`Bus.begin_install`), then spoken to in the secure channel only.
    """

    address: int
    scbk: bytes = field(repr=False)
    formers: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.address <= MAX_ADDRESS:
            raise ConfigError(f"address {self.address}: use 0..{MAX_ADDRESS}")
        if any(is_weak(key) for key in (self.scbk, *self.formers)):
            raise ConfigError(
                f"address {self.address}: scbk must be 16 random bytes; the default key, "
                "constants and ramps are refused"
            )


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of a bus. The defaults suit the standard's reply time of 200 ms."""

    reply_ns: int = 200 * MS
    # A lost peripheral is probed with a short wait, so that it costs its neighbours little;
    # one never heard gets the whole reply time each `full_probe_every`th time.
    probe_ns: int = 40 * MS
    full_probe_every: int = 5
    attempts: int = 4
    # A poll is given up this long after the slowest answer so far, but the last try waits on.
    answer_leeway_ns: int = 20 * MS
    active_ns: int = 5 * SECOND
    # A quiet board is polled this often; with many boards less often, to spare the processor.
    quiet_poll_ns: int = 50 * MS
    longest_quiet_poll_ns: int = 100 * MS
    quiet_polls_per_s: int = 80
    busy_retry_ns: int = 50 * MS
    busy_limit_ns: int = 3 * SECOND
    first_retry_ns: int = 500 * MS
    longest_retry_ns: int = 5 * SECOND
    character_gap_ns: int = 20 * MS
    malformed_report_ns: int = 1 * SECOND
    # A piece of a file holds the wire no longer than this, for the sake of the keypads.
    longest_fragment_ns: int = 60 * MS

    def fragment_frame_len(self, baud: int) -> int:
        """The longest frame with a piece of a file in it, in bytes."""
        return max(self.longest_fragment_ns // wire_ns(1, baud), _LEAST_FRAGMENT_FRAME_LEN)

    def quiet_interval_ns(self, board_count: int) -> int:
        """How often to poll each of that many boards while nothing happens."""
        shared_ns = board_count * SECOND // self.quiet_polls_per_s
        return min(max(self.quiet_poll_ns, shared_ns), self.longest_quiet_poll_ns)


def check_baud(baud: int) -> int:
    """`baud` when OSDP knows it, else ConfigError."""
    if baud not in BAUD_RATES:
        raise ConfigError(f"baud rate {baud}: use one of {', '.join(map(str, BAUD_RATES))}")
    return baud


def wire_ns(byte_count: int, baud: int) -> int:
    """How long that many bytes take on the wire (8N1)."""
    return byte_count * _BITS_PER_BYTE * SECOND // baud
