"""Many simulated controllers in one process: one selector, one MQTT connection each.

    python -m bench.pin_path.fleet SITE PORT FOLDER CAPACITY

SITE is the folder of a `Site` with `fleet.json` in it, FOLDER takes the journals. Told by lines on
stdin, it answers each with one JSON line on stdout:

- `attach`: connects everybody and says nothing to the hub; `greet`: connects whoever is not, and
  greets the hub; answers once everybody has been welcomed and holds a policy.
- `detach`: ends all connections.
- `floor`: no answer; from now on a message on `down/floor` is committed bare and sent back.
- `tell`: what each controller committed, what came over the wire, what was refused.

End of stdin ends it. No TLS and no last will: everything else is as on a Pi.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.pin_path.controller import SimulatedController
from bench.pin_path.floors import BareDoor
from bench.pin_path.town import FLEET
from edge.ports import Publish
from hub.link.mqtt_packets import (
    PINGREQ,
    Accepted,
    PacketReader,
    Published,
    Subscribed,
    connect_packet,
    puback_packets,
    publish_packet,
    subscribe_packet,
)
from wire.certificates import load_certificates, signers_from
from wire.keys import LinkKey
from wire.topics import down_filter

KEEPALIVE_S: Final = 60
_PING_S: Final = 25.0
_TICK_S: Final = 0.1
_TURNS: Final = 20
"""A controller is told of the time every so many ticks: session timers are seconds long."""
_READ: Final = 65_536
_LAST_ID: Final = 65_535
FLOOR: Final = "/down/floor"


class Line:
    """One controller's connection, and what waits to go out on it."""

    def __init__(self, controller: SimulatedController, port: int, *, greets: bool) -> None:
        self.controller, self.greets = controller, greets
        self.socket = socket.create_connection(("127.0.0.1", port), 10.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.reader = PacketReader(mqtt5=True)
        self.stands, self.sent_at, self._last_id = False, time.monotonic(), 1
        self.out = bytearray(
            connect_packet(controller.controller, KEEPALIVE_S, mqtt5=True, receive_maximum=100)
        )

    def publish(self, messages: Iterable[Publish]) -> None:
        """Put messages behind what waits."""
        for message in messages:
            self._last_id = self._last_id % _LAST_ID + 1
            packet = publish_packet(message.topic, message.payload, self._last_id, mqtt5=True)
            self.out += bytes((packet[0] | message.retain,)) + packet[1:]

    def send(self) -> bool:
        """Send as much as goes; tell whether everything went."""
        while self.out:
            try:
                sent = self.socket.send(self.out)
            except BlockingIOError:
                return False
            del self.out[:sent]
            self.sent_at = time.monotonic()
        return True


class Fleet:
    """All of them, in one thread."""

    def __init__(self, site: Path, port: int, folder: Path, capacity: int) -> None:
        ca = load_certificates((site / "hub" / "ca.pem").read_bytes())[0]
        signing = load_certificates((site / "hub" / "signing.pem").read_bytes())
        signers = signers_from(ca, signing, datetime.now(UTC))
        self.controllers = [
            SimulatedController(name, LinkKey(bytes.fromhex(link)), signers, ca, folder, capacity)
            for name, link in json.loads((site / FLEET).read_text())
        ]
        self._port, self._folder = port, folder
        self._lines: dict[str, Line] = {}
        self._selector = selectors.DefaultSelector()
        self._floor: BareDoor | None = None
        self._waiting = ""
        self._turn, self._ticked_at = 0, time.monotonic()
        self._policy_bytes: list[int] = []
        self._lost = 0
        self._began_ns = 0

    def run(self) -> None:
        """Serve until stdin ends."""
        os.set_blocking(0, False)
        self._selector.register(0, selectors.EVENT_READ, None)
        _say(ready=len(self.controllers))
        rest = b""
        while True:
            for key, mask in self._selector.select(_TICK_S):
                if key.data is None:
                    data = os.read(0, 4096)
                    if not data:
                        return
                    *words, rest = (rest + data).split(b"\n")
                    for word in words:
                        self._obey(word.decode())
                    continue
                self._serve(key.data, mask)
            self._tick()
            self._answer()

    def _obey(self, word: str) -> None:
        match word:
            case "attach" | "greet":
                self._began_ns = time.time_ns()
                self._connect(greets=word == "greet")
                self._waiting = word
            case "detach":
                for line in list(self._lines.values()):
                    self._close(line)
                _say(detached=True)
            case "floor":
                self._floor = BareDoor(self._folder / "floor.db")
            case "tell":
                _say(**self._told())

    def _told(self) -> dict[str, Any]:
        told = {
            each.controller: {
                "held": [each.held.version, each.held.digest],
                "commits": [list(asdict(commit).values()) for commit in each.commits],
            }
            for each in self.controllers
        }
        alarms = sum(each.alarms for each in self.controllers)
        return {
            "controllers": told,
            "policy_bytes": self._policy_bytes,
            "alarms": alarms,
            "lost": self._lost,
        }

    def _connect(self, *, greets: bool) -> None:
        for each in self.controllers:
            line = self._lines.get(each.controller)
            if line is None:
                line = self._lines[each.controller] = Line(each, self._port, greets=greets)
                self._selector.register(line.socket, selectors.EVENT_READ, line)
                self._flush(line)
            elif greets and not line.greets:
                line.greets = True
                line.publish(each.connected())
                self._flush(line)

    def _serve(self, line: Line, mask: int) -> None:
        if mask & selectors.EVENT_READ and not self._receive(line):
            self._lost += 1
            self._close(line)
            return
        self._flush(line)

    def _receive(self, line: Line) -> bool:
        try:
            data = line.socket.recv(_READ)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for packet in line.reader.feed(data):
            match packet:
                case Accepted(code=0):
                    topics = down_filter(line.controller.controller)
                    line.out += subscribe_packet(1, topics, mqtt5=True)
                case Subscribed(granted=True):
                    line.stands = True
                    if line.greets:
                        line.publish(line.controller.connected())
                case Published():
                    self._arrived(line, packet)
                case Accepted() | Subscribed():
                    return False
        return bool(data)

    def _arrived(self, line: Line, packet: Published) -> None:
        topic = packet.topic.decode()
        if packet.packet_id:
            line.out += puback_packets([packet.packet_id])
        if self._floor is not None and topic.endswith(FLOOR):
            self._floor.take(packet.payload)
            line.publish([Publish(topic.replace("/down/", "/up/"), packet.payload)])
            return
        if topic.endswith("/policy"):
            self._policy_bytes.append(len(packet.payload))
        line.publish(line.controller.message(topic, packet.payload, retained=packet.retain))

    def _flush(self, line: Line) -> None:
        done = line.send()
        wanted = selectors.EVENT_READ | (0 if done else selectors.EVENT_WRITE)
        if self._selector.get_key(line.socket).events != wanted:
            self._selector.modify(line.socket, wanted, line)

    def _close(self, line: Line) -> None:
        self._selector.unregister(line.socket)
        line.socket.close()
        del self._lines[line.controller.controller]
        if line.greets:
            line.controller.disconnected()

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked_at < _TICK_S:
            return
        self._ticked_at, self._turn = now, (self._turn + 1) % _TURNS
        for each in self.controllers[self._turn :: _TURNS]:
            line = self._lines.get(each.controller)
            if line is None or not line.stands:
                continue
            if line.greets:
                line.publish(each.tick())
            if now - line.sent_at > _PING_S:
                line.out += PINGREQ
            self._flush(line)

    def _answer(self) -> None:
        """Say so once what was asked for last has come about."""
        if self._waiting == "attach" and all(line.stands for line in self._lines.values()):
            _say(attached=(time.time_ns() - self._began_ns) / 1e9)
        elif self._waiting == "greet" and all(
            each.welcomed_ns > self._began_ns and each.held.version for each in self.controllers
        ):
            welcomed = max(each.welcomed_ns for each in self.controllers)
            _say(
                welcomed=(welcomed - self._began_ns) / 1e9,
                held=(time.time_ns() - self._began_ns) / 1e9,
            )
        else:
            return
        self._waiting = ""


def _say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    Fleet(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])).run()
