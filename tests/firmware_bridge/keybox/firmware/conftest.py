"""A firmware that runs: the simulator under sanitizers, and a small host written from the page.

The host here is its own reading of docs/keybox-link.md and shares no code with the product, so that
one misreading does not pass on both ends.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import random
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from firmware_bridge.keybox.firmware import build
from wire.offline_profiles import PROFILES, Profile
from wire.sealed_codes import CodeKey, SealedCode, seal_code

DEVICE: Final = bytes(range(16))
DEVICE_ID: Final = "00010203-0405-0607-0809-0a0b0c0d0e0f"
MAINTENANCE: Final = hashlib.sha256(b"K_maint").digest()
SECRET: Final = hashlib.sha256(b"code secret").digest()
NOON: Final = 40_000_000 // 86_400 * 86_400 + 43_200
"""Some day at 12:00."""
DAY_S: Final = 86_400


def crc16(data: bytes) -> int:
    """CRC-16/IBM-3740, which the standard library has under the name of BinHex."""
    return binascii.crc_hqx(data, 0xFFFF)


def cobs_encode(data: bytes) -> bytes:
    """Consistent overhead byte stuffing (Cheshire and Baker 1999), without the delimiter."""
    out = bytearray()
    rest = data + b"\0"
    while rest:
        group = rest[: rest.index(0)][:254]
        out += bytes((len(group) + 1,)) + group
        # A full group stands for no zero; at the very end nothing follows it.
        rest = rest[len(group) + (len(group) < 254) :]
        if rest == b"\0" and len(group) == 254:
            break
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """Undo it; None for bytes that are none."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        if code == 0 or at + code > len(data):
            return None
        out += data[at + 1 : at + code]
        at += code
        if code != 0xFF and at < len(data):
            out.append(0)
    return bytes(out)


def frame_bytes(body: bytes) -> bytes:
    """A frame (version, type, seq, body) as it goes on the wire."""
    return cobs_encode(body + struct.pack(">H", crc16(body))) + b"\0"


def mac(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 over parts one after another."""
    return hmac.digest(key, b"".join(parts), "sha256")


class RefusedError(Exception):
    """The device refused; `cause` is the page's number."""

    def __init__(self, cause: int) -> None:
        self.cause = cause
        super().__init__(f"refused: {cause}")


class PowerLostError(Exception):
    """The simulated power went in the middle of a write."""


class Simulator:
    """A running `keybox-sim` with a clock that is moved by hand."""

    def __init__(self, program: Path, state: Path, *options: str) -> None:
        self.events: list[str] = []
        self.frames: list[bytes] = []
        self._process = subprocess.Popen(
            [program, "--state", state, "--link", "none", "--clock", "manual", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return line.rstrip("\n")
        _, problem = self._process.communicate(timeout=20)
        status = self._process.returncode
        if status == 70:
            raise PowerLostError
        raise AssertionError(f"the simulator ended with {status}: {problem}")

    def say(self, word: str) -> str:
        """Give a word; what happened meanwhile joins `events` and `frames`."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(word + "\n")
        except BrokenPipeError:
            self._line()
        while True:
            line = self._line()
            if line.startswith("event link "):
                raw = bytes.fromhex(line[11:])
                decoded = cobs_decode(raw[:-1])
                assert raw[-1] == 0
                assert decoded is not None
                assert crc16(decoded) == 0
                self.frames.append(decoded[:-2])
            elif line.startswith("event "):
                self.events.append(line[6:])
            elif line.startswith("ok"):
                return line[3:]
            else:
                raise AssertionError(f"{word!r}: {line}")

    def show(self) -> dict[str, Any]:
        """What the box knows."""
        shown: dict[str, Any] = json.loads(self.say("show"))
        return shown

    def enter(self, digits: str) -> list[str]:
        """Type digits and confirm; the feedback that is not that of a key."""
        before = len(self.events)
        self.say(f"keys {digits}#")
        return [each for each in self.events[before:] if each != "feedback key"]

    def close(self) -> None:
        """End it by the end of its stdin, in good order: the sanitizers have the last word."""
        process = self._process
        if process.returncode is not None:
            return
        _, problem = process.communicate(timeout=20)
        assert process.returncode in (0, 70), problem


@dataclass
class Host:
    """The host's end of the link, on the words of a simulator."""

    box: Simulator
    device: bytes = DEVICE
    maintenance: bytes = MAINTENANCE
    seq: int = 0
    counter: int = 0
    noticed: int = 0
    """The counter of the last notice."""
    keys: dict[str, bytes] = field(default_factory=dict)
    notices: list[bytes] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(1))

    def derived(self, label: str, rest: bytes = b"") -> bytes:
        """A key that follows from the maintenance secret."""
        return mac(self.maintenance, f"kagimori/keybox/{label}/v1".encode(), self.device, rest)

    def raw(self, body: bytes) -> list[bytes]:
        """Send a frame and give what comes back at once."""
        before = len(self.box.frames)
        self.box.say(f"link {frame_bytes(body).hex()}")
        return self.box.frames[before:]

    def clear(self, type_: int, body: bytes = b"") -> bytes:
        """A request in clear; gives the answer's body."""
        self.seq = (self.seq + 1) % 256
        (answer,) = (each for each in self.raw(bytes((1, type_, self.seq)) + body) if each[1] > 127)
        assert answer[2] == self.seq
        if answer[1] == 0xFE:
            raise RefusedError(answer[3])
        assert answer[1] == type_ + 0x80
        return answer[3:]

    def hello(self) -> bytes:
        """Give the answer's 42 bytes."""
        answer = self.clear(0x01)
        assert len(answer) == 42
        return answer

    def ticket(self, rights: int, day: int | None) -> bytes:
        """T: a day's ticket, or the link key where `day` is None."""
        if day is None:
            return self.derived("link", struct.pack(">H", rights))
        return self.derived("ticket", struct.pack(">IH", day, rights))

    def open(self, rights: int = 127, day: int | None = None) -> None:
        """Open a session by link key, or by a day's ticket."""
        self.box.frames.clear()
        device_nonce = self.hello()[25:41]
        host_nonce = self.random.randbytes(16)
        ticket = self.ticket(rights, day)
        proof = mac(ticket, b"open", device_nonce, host_nonce)[:16]
        head = struct.pack(">BIH", 2 if day is None else 1, day or 0, rights)
        answer = self.clear(0x02, head + host_nonce + proof)
        assert answer == mac(ticket, b"opened", device_nonce, host_nonce)[:16]
        self.keys = {
            f"{side}/{use}": mac(ticket, f"{side}/{use}".encode(), device_nonce, host_nonce)
            for side in ("host", "device")
            for use in ("mac", "enc")
        }
        self.counter = self.noticed = 0
        self.notices.clear()
        self.take_notices()

    def _crypt(self, side: str, type_: int, counter: int, body: bytes) -> bytes:
        stream = b"".join(
            mac(self.keys[f"{side}/enc"], struct.pack(">BIH", type_, counter, block))
            for block in range(len(body) // 32 + 1)
        )
        return bytes(one ^ other for one, other in zip(body, stream, strict=False))

    def secured(self, type_: int, seq: int, counter: int, body: bytes) -> bytes:
        """A secured frame of the host."""
        head = struct.pack(">BBBI", 1, type_, seq, counter)
        sealed = head + self._crypt("host", type_, counter, body)
        return sealed + mac(self.keys["host/mac"], sealed)[:16]

    def opened(self, frame: bytes) -> tuple[int, int, int, bytes]:
        """Type, seq, counter and body of a secured frame of the device."""
        sealed, tag = frame[:-16], frame[-16:]
        assert tag == mac(self.keys["device/mac"], sealed)[:16]
        _, type_, seq, counter = struct.unpack(">BBBI", sealed[:7])
        return type_, seq, counter, self._crypt("device", type_, counter, sealed[7:])

    def take_notices(self) -> None:
        """Answer the notices that wait, all of them."""
        told = [each for each in self.box.frames if each[1] == 0x60]
        self.box.frames[:] = [each for each in self.box.frames if each[1] != 0x60]
        while told and self.keys:
            _, seq, counter, body = self.opened(told[0])
            if counter != self.noticed:
                self.notices.append(body)
            self.noticed = counter
            came = self.raw(self.secured(0x61, seq, counter, b""))
            told = [each for each in came if each[1] == 0x60]
            self.box.frames[:] = [each for each in self.box.frames if each[1] != 0x60]

    def send(self, type_: int, body: bytes = b"") -> list[bytes]:
        """Send the next request; gives the frames that came back, notices aside."""
        self.seq = (self.seq + 1) % 256
        self.counter += 1
        came = self.raw(self.secured(type_, self.seq, self.counter, body))
        return [each for each in came if each[1] != 0x60]

    def ask(self, type_: int, body: bytes = b"") -> bytes:
        """Send a request and give its answer's body."""
        (frame,) = self.send(type_, body)
        return self.read_answer(type_, frame)

    def read_answer(self, type_: int, frame: bytes) -> bytes:
        """The body of the answer to the last request."""
        if frame[1] == 0xFE:
            raise RefusedError(frame[3])
        answer_type, seq, counter, body = self.opened(frame)
        assert (seq, counter) == (self.seq, self.counter)
        if answer_type == 0xFF:
            raise RefusedError(body[0])
        assert answer_type == type_ + 0x80
        self.take_notices()
        return body

    # --- what the tests ask for ------------------------------------------------------------------

    def status(self) -> dict[str, int]:
        """The 75 bytes of a status, by name."""
        layout = (
            "time:I clock:B earliest:I latest:I rate:h profile:B generation:B lockout_s:I level:B "
            "tries:B battery:H temperature:h uses:I inputs:H outputs:H epoch:I oldest:I next:I "
            "receipted:I secret_version:I firmware:I rollback:I slot:B slot_0:B slot_1:B reset:B "
            "boots:I lost:I"
        )
        names, codes = zip(*(each.split(":") for each in layout.split()), strict=True)
        answer = self.ask(0x10)
        assert len(answer) == 75
        return dict(zip(names, struct.unpack(">" + "".join(codes), answer), strict=True))

    def set_clock(self, time_s: int, error_s: int = 1) -> tuple[int, int]:
        """Offset and rate of the answer."""
        offset_s, rate = struct.unpack(">ih", self.ask(0x12, struct.pack(">IH", time_s, error_s)))
        return offset_s, rate

    def log(self) -> list[tuple[int, int, int, bytes]]:
        """Index, kind, reason and data of every record, oldest first."""
        status = self.status()
        at, records = status["oldest"], []
        while True:
            answer = self.ask(0x11, struct.pack(">IIB", status["epoch"], at, 255))
            epoch, _oldest, _next, count = struct.unpack(">IIIB", answer[:13])
            assert epoch == status["epoch"]
            assert len(answer) == 13 + 24 * count
            if not count:
                return records
            for start in range(13, len(answer), 24):
                record = answer[start : start + 24]
                assert crc16(record) == 0
                index, kind, reason = struct.unpack(">I8xBB", record[:14])
                records.append((index, kind, reason, record[14:22]))
            at = records[-1][0] + 1

    def envelope(
        self, version: int, profile: Profile, secret: bytes = SECRET, generation: int = 0
    ) -> bytes:
        """The body of `install_secret`; the maintenance secret stays."""
        wrap = self.derived("wrap")
        text = secret + self.maintenance + bytes((profile.number, generation))
        iv = self.random.randbytes(16)
        stream = b"".join(mac(mac(wrap, b"enc"), iv, struct.pack(">H", n)) for n in range(3))
        sealed = struct.pack(">I", version) + iv
        sealed += bytes(one ^ other for one, other in zip(text, stream, strict=False))
        return sealed + mac(mac(wrap, b"mac"), sealed)[:16]

    def install(self, version: int = 1, profile: str = "quarter", **fields: Any) -> None:
        """Install a code secret."""
        assert self.ask(0x14, self.envelope(version, PROFILES[profile], **fields)) == b""

    def token(self, label: bytes, *words: bytes) -> bytes:
        """The hub's receipt or token."""
        return mac(self.derived("receipt"), label, *words)[:16]


@dataclass
class Installed:
    """A box that was provisioned, has its secret, and knows the time."""

    box: Simulator
    host: Host
    profile: Profile
    key: CodeKey = field(default_factory=lambda: CodeKey.of(SECRET, DEVICE_ID))

    def code(self, shape: int, start_s: int, generation: int = 0, variant: int = 0) -> str:
        """The digits of the window of a shape that starts at or before a time."""
        slot = start_s // self.profile.shapes[shape].grid_s
        return seal_code(self.profile, self.key, SealedCode(shape, slot, generation, variant))

    def wrong(self, number: int) -> str:
        """Digits that open nothing now, different ones for each number."""
        return self.code(0, 1_000_000 + 900 * number)


@dataclass
class Workshop:
    """Makes boxes; each has its state file, which outlives it."""

    programs: Path
    directory: Path
    running: list[Simulator] = field(default_factory=list)

    def start(self, name: str = "box", *options: str) -> Simulator:
        """Power for the box of that name."""
        box = Simulator(
            self.programs / "keybox-sim", self.directory / name, "--seed", "7", *options
        )
        self.running.append(box)
        return box

    def provision(self, box: Simulator, kind: int = 1) -> Host:
        """Give a blank box its identity."""
        host = Host(box)
        assert host.clear(0x03, DEVICE + bytes((kind,)) + MAINTENANCE) == b""
        return host

    def installed(
        self, *options: str, kind: int = 1, profile: str = "quarter", name: str = "box"
    ) -> Installed:
        """A box that takes codes; it is NOON."""
        box = self.start(name, *options)
        host = self.provision(box, kind)
        host.open()
        host.set_clock(NOON)
        host.install(profile=profile)
        box.say("advance 10000")
        return Installed(box, host, PROFILES[profile])


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs, under AddressSanitizer and UndefinedBehaviorSanitizer."""
    return build.build("asan").parent


@pytest.fixture
def workshop(programs: Path, tmp_path: Path) -> Iterator[Workshop]:
    """Makes boxes and ends them."""
    shop = Workshop(programs, tmp_path)
    yield shop
    for box in shop.running:
        box.close()


@pytest.fixture
def installed(workshop: Workshop) -> Installed:
    """A key box that takes codes of profile `quarter`; it is NOON."""
    return workshop.installed()


@pytest.fixture
def noon() -> int:
    """The time at which an installed box begins, seconds since the epoch."""
    return NOON


@pytest.fixture
def refused() -> type[RefusedError]:
    """What a host raises."""
    return RefusedError


@pytest.fixture
def power_lost() -> type[PowerLostError]:
    """What a simulator raises whose power went."""
    return PowerLostError


@dataclass(frozen=True, slots=True)
class Wire:
    """How frames look, by the textbook."""

    frame: Callable[[bytes], bytes] = frame_bytes
    decode: Callable[[bytes], bytes | None] = cobs_decode
    crc: Callable[[bytes], int] = crc16


@pytest.fixture
def wire() -> Wire:
    """How frames look, by the textbook."""
    return Wire()
