"""The agent with its five drivers on their real lines, and whoever spoils what is said on them."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.bootstrap import build
from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.controller_files import load_controller
from edge.drivers.gpio import GpioDriver, GpioTimes
from edge.drivers.osdp import OsdpDriver
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_api import PcscCause, PcscError, ReaderState
from edge.drivers.pcsc_watch import PcscTimes
from edge.drivers.pcsc_worker import CardReading
from edge.drivers.serial_lock import SerialLockDriver
from edge.drivers.virtual import VirtualDriver
from edge.settings import load_settings
from edge.settings_gpio import GpioPort
from firmware_bridge.keybox.codes import Kind
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.osdp.framing import Check, Frame, encode_frame
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort, SerialSettings
from firmware_bridge.wiegand import encode_key
from tests.edge.conftest import made_id
from tests.edge.drivers.benches.gpio import BOARDS
from tests.edge.drivers.fake_pcsc import FakePcsc
from tests.edge.drivers.mock_pins import HandChip, bits_of
from tests.edge.test_agent import _make_installation
from tests.edge.test_agent_osdp import _leave_policy
from wire import policy_bodies as pb
from wire.events import EventKind, decode_event_body, decode_row
from wire.identity import pin_policy_id
from wire.keybox_keys import MaintenanceSecret
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind, encode_entry
from wire.sealing import seal_context, seal_secret

PIN = "48291537"
"""Eight digits: noise types them by chance once in 10^8 entries."""
PORTS = ("virtual", "osdp", "serial_lock", "gpio", "pcsc")
DEVICES = {port: made_id(500 + at) for at, port in enumerate(PORTS)}
DOORS = {port: made_id(520 + at) for at, port in enumerate(PORTS)}
READERS = {port: made_id(540 + at) for at, port in enumerate(PORTS)}
CARD, PERSON = made_id(560), made_id(561)
NUMBER = bytes.fromhex("04a1b2c3")


def acknowledge_all(journal: Any) -> None:
    """The hub has everything: noise must not fill the journal."""
    journal.offer(journal.last_seq)
    journal.acknowledge(journal.epoch, journal.last_seq)


@dataclass
class SpoiltPort:
    """A board's port, whose every word to the panel may come to harm on its way."""

    port: PtyPort
    chance: random.Random
    frames: bool
    harm: float = 0.0
    done: Counter[str] = field(default_factory=Counter)
    last: bytes = b""

    def write(self, data: bytes) -> None:
        if self.chance.random() >= self.harm:
            self.last = data
            self.port.write(data)
            return
        how = self.chance.choice(["flip", "cut", "double", "replay", "noise", "forge", "drop"])
        self.done[how] += 1
        self.port.write(self._spoil(how, data))

    def _spoil(self, how: str, data: bytes) -> bytes:
        chance = self.chance
        match how:
            case "flip":
                at = chance.randrange(len(data))
                return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
            case "cut":
                return data[: chance.randrange(len(data))]
            case "double":
                return data + data
            case "replay":
                return self.last
            case "noise":
                return chance.randbytes(chance.randrange(1, 300)) + data
            case "forge" if self.frames:
                payload = chance.randbytes(chance.randrange(1, 40))
                check = chance.choice(list(Check))
                return encode_frame(Frame(1, True, chance.randrange(4), payload, check))
            case "forge":
                return data[:2] + chance.randbytes(len(data))
            case _:
                return b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


class SpoiltCards(FakePcsc):
    """A card service that says anything."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance, self.harm = chance, 0.0

    def transmit(self, card: Any, command: bytes) -> bytes:
        if self.chance.random() >= self.harm:
            return super().transmit(card, command)
        if self.chance.random() < 0.3:
            raise PcscError(self.chance.choice(list(PcscCause)), "SCardTransmit")
        return self.chance.randbytes(self.chance.choice([0, 1, 2, 3, 9, 40, 258, 4_000]))


class Site:
    """The agent with five drivers, and the hands of whoever spoils their lines."""

    def __init__(self, folder: Path, chance: random.Random, stack: ExitStack) -> None:
        self.chance, self.stack = chance, stack
        file = _make_installation(folder, demo=False)
        loaded = load_settings(file)
        self.controller = load_controller(loaded)
        self.keys = {"osdp": secrets.token_bytes(16)}
        maintenance = secrets.token_bytes(32)
        link_key = MaintenanceSecret(maintenance).link_key(DEVICES["serial_lock"])
        self.keys["serial_lock"] = link_key
        _leave_policy(loaded, self._policy())
        self.virtual = VirtualDriver()
        self.chip, self.cards = HandChip(), SpoiltCards(chance)
        osdp, lock = (stack.enter_context(PtyPort()) for _ in range(2))
        self.osdp = SpoiltPort(osdp, chance, frames=True)
        self.lock = SpoiltPort(lock, chance, frames=False)
        board = SimulatedDoor(PeripheralConfig(1, self.keys["osdp"]))
        box = VirtualBox(DEVICES["serial_lock"], Kind.SERIAL_LOCK, maintenance, bolt_fitted=False)
        self.line = stack.enter_context(SimulatedLine(self.osdp, [board]))
        self.box = stack.enter_context(SimulatedBox(self.lock, box))
        self.agent = build(loaded, drivers=self._drivers(osdp, lock))
        self.agent.start()
        stack.callback(self.agent.stop)

    def _drivers(self, osdp: PtyPort, lock: PtyPort) -> dict[str, Any]:
        reading = CardReading(choose_profiles(load_profiles(), DEFAULT_PROFILES))
        gpio_times = GpioTimes(look_ms=10, retry_first_s=0.02, retry_most_s=0.02)
        return {
            "virtual": self.virtual,
            "osdp": OsdpDriver(SerialSettings(osdp.far_path, 115_200)),
            "serial_lock": SerialLockDriver(SerialSettings(lock.far_path, 115_200)),
            "gpio": GpioDriver(
                GpioPort(boards=BOARDS), {}, open_chip=lambda _number: self.chip, times=gpio_times
            ),
            "pcsc": PcscDriver(reading, PcscTimes(0.01, 0.02), self.cards.opener),
        }

    def _policy(self) -> tuple[bytes, ...]:
        entries: list[bytes] = []

        def add(kind: EntryKind, entry_id: str, body: pb.Body) -> None:
            entries.append(encode_entry(kind, entry_id, 1, body))

        for at, port in enumerate(PORTS):
            device, door = DEVICES[port], DOORS[port]
            sealed = None
            if port in self.keys:
                context = seal_context(self.controller.id, "device", device)
                public = self.controller.key.public_key()
                sealed = seal_secret(public, self.keys[port], context)
            body = pb.DeviceBody(
                driver=pb.DeviceDriver(port),
                port=port,
                address=1,
                sealed=sealed,
                reader_name=self.reader_name if port == "pcsc" else None,
            )
            add(EntryKind.DEVICE, device, body)
            strike = pb.Point(DEVICES["virtual" if port == "pcsc" else port], 0)
            if port == "pcsc":
                strike = pb.Point(DEVICES["virtual"], 1)
            door_body = pb.DoorBody(
                strike=strike,
                min_assurance=pb.Assurance.IDENTIFIER,
                on_untrusted_clock=pb.OnUntrustedClock.FLOOR_IN_WINDOW,
            )
            add(EntryKind.DOOR, door, door_body)
            reader = pb.ReaderBody(
                device=device, door=door, keypad=port != "pcsc", tries=20, lockout_s=60,
                lockout_max_s=60, card_tries=0,
            )  # fmt: skip
            add(EntryKind.READER, READERS[port], reader)
            credential = made_id(580 + at)
            digest = pin_digest(self.controller.pin, door, PIN)
            add(
                EntryKind.CREDENTIAL,
                pin_policy_id(credential, door),
                pb.PinBody(credential=credential, door=door, digest=digest),
            )
            add(EntryKind.GRANT, made_id(600 + at), pb.GrantBody(door=door, credential=credential))
            add(EntryKind.GRANT, made_id(620 + at), pb.GrantBody(door=door, person=PERSON))
        digest = card_digest(self.controller.pin, "uid", NUMBER)
        card = pb.CardBody(credential=CARD, namespace="uid", digest=digest, person=PERSON)
        add(EntryKind.CREDENTIAL, CARD, card)
        return tuple(entries)

    reader_name = "Reader 00 00"

    # --- what is done to it ----------------------------------------------------------------------

    def spoil(self, seconds: float) -> Counter[str]:
        """Let everything come to harm for so long; give what was done how often."""
        self.osdp.harm = self.lock.harm = 0.4
        self.cards.harm = 0.8
        done: Counter[str] = Counter()
        acts = (self._wires, self._card, self._virtual, self._osdp_keys, self._inputs)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act = self.chance.choice(acts)
            act()
            done[act.__name__.strip("_")] += 1
            if done.total() % 100 == 0:
                self.agent._ask(lambda parts, _now: acknowledge_all(parts.recorder.journal))
            time.sleep(0.002)
        self.osdp.harm = self.lock.harm = self.cards.harm = 0.0
        return done + self.osdp.done + self.lock.done

    def _wires(self) -> None:
        reader = BOARDS[0].readers[0]
        count = self.chance.choice([1, 3, 4, 5, 8, 25, 26, 27, 32, 33, 34, 35, 37, 64, 129, 300])
        bits = [self.chance.randrange(2) for _ in range(count)]
        with self.gpio._changed:
            self.chip.send_bits((reader.d0, reader.d1), [bits])

    @property
    def gpio(self) -> GpioDriver:
        return self.agent_driver("gpio")

    def agent_driver(self, port: str) -> Any:
        return self.agent._ask(lambda parts, _now: parts.acts._drivers.by_port[port])

    def _card(self) -> None:
        chance = self.chance
        if chance.random() < 0.1:
            self.cards.changes.put(PcscError(chance.choice(list(PcscCause)), "SCardGetStatus"))
            return
        self.cards.uid = chance.randbytes(chance.choice([0, 1, 3, 4, 5, 7, 8, 10, 33, 255]))
        name = chance.choice([self.reader_name, "", "nobody", "あ" * 99])
        atr = chance.randbytes(chance.randrange(40))
        flags = chance.getrandbits(16)
        self.cards.changes.put([ReaderState(name, flags, chance.getrandbits(16), atr)])

    def _virtual(self) -> None:
        chance = self.chance
        device = DEVICES["virtual"]
        keys = "".join(chance.choice("0123456789*#ABCDあ\0 ") for _ in range(chance.randrange(30)))
        self.virtual.press(device, keys.replace(PIN, ""), chance.randrange(-1, 20))
        namespace = chance.choice(["uid", "idm", "", "x" * 300, "wiegand26"])
        number = chance.randbytes(chance.choice([0, 1, 4, 7, 8, 64, 65, 5_000]))
        if number != NUMBER:
            self.virtual.tap(device, namespace, number, chance.randrange(-1, 20))

    def _osdp_keys(self) -> None:
        """Somebody types and shows cards meanwhile: what is spoilt are words that matter."""
        if self.chance.random() < 0.7:
            return  # a board tells one thing a poll
        self.line.press(1, self.chance.choice("0123456789*#"))
        bits = self.chance.choice([1, 26, 32, 37])
        self.line.present_card(1, bits, self.chance.randbytes((bits + 7) // 8))
        self.box.press(self.chance.choice("0123456789*#"))

    def _inputs(self) -> None:
        self.line.set_input(1, self.chance.randrange(4), self.chance.random() < 0.5)

    # --- what is seen ----------------------------------------------------------------------------

    def kinds(self) -> Counter[str]:
        rows = [decode_row(data) for _, data in self.agent.tail(2_000)]
        return Counter(str(getattr(row, "kind", "gap")) for row in rows)

    def granted(self, port: str) -> int:
        """How often that port's door was opened by its own reader."""
        rows = [decode_row(data) for _, data in self.agent.tail(2_000)]
        bodies = [
            decode_event_body(row)
            for row in rows
            if getattr(row, "kind", "") == EventKind.ACCESS_GRANTED
        ]
        return sum(getattr(body, "reader", None) == READERS[port] for body in bodies)

    def moved(self) -> list[str]:
        """The doors whose bolt moved."""
        moved = [str(act.target) for act in self.virtual.acts()]
        if any(self.line.outputs(1)):
            moved.append("osdp")
        if self.box.outputs:
            moved.append("serial_lock")
        relay = self.chip.pin(BOARDS[0].outputs[0].pin)
        if False in relay.driven:
            moved.append("gpio")
        return moved

    def good_pin(self, port: str) -> None:
        """Somebody types the right PIN, after whatever stood is cleared."""
        keys = f"*{PIN}#"
        match port:
            case "virtual":
                self.virtual.press(DEVICES[port], keys)
            case "osdp":
                self.line.press(1, keys)
            case "serial_lock":
                self.box.press(keys)
            case "gpio":
                reader = BOARDS[0].readers[0]
                with self.gpio._changed:
                    bursts = [bits_of(encode_key(key), 4) for key in keys]
                    self.chip.send_bits((reader.d0, reader.d1), bursts)

    def forgive(self) -> None:
        """Noise that looked like entries has spent tries: they are not what this is about."""
        self.agent._ask(lambda parts, _now: parts.memory.budgets.clear())
