"""A network cable that can be cut and worse: a TCP proxy before the broker.

TCP keeps order and content, so this is all that a network can do to it: reset, also in the middle
of a message; fall silent, one way or both, for a while or for ever without a word (half-open);
bring bytes late and in pieces.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

_RESET = struct.pack("ii", 1, 0)


class Cable:
    """Forwards connections to a port; `cut` resets them all in the middle of what they carry."""

    TROUBLES = ("cut", "cut_in_a_message", "silence", "half_open", "dribble")

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._ended = False
        self._near: set[socket.socket] = set()
        self._dead: set[socket.socket] = set()
        self._cut_after: int | None = None
        self._silent: dict[bool, float] = {}
        self._piece = 0
        self._owed: dict[socket.socket, bytes] = {}
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        with self._lock:
            for one in list(self._peers):
                self._drop(one)

    def trouble(self, kind: str, chance: random.Random) -> None:
        """Do one of `TROUBLES` to what is connected now."""
        with self._lock:
            match kind:
                case "cut_in_a_message":
                    self._cut_after = chance.randrange(1, 400)
                case "silence":  # one way or the other, or both
                    ways = chance.choice(((True,), (False,), (True, False)))
                    end = time.monotonic() + chance.random() * 0.5
                    self._silent = dict.fromkeys(ways, end)
                case "half_open":  # nobody is told; what is sent vanishes
                    self._dead |= set(self._peers)
                case "dribble":
                    self._piece = chance.randrange(1, 60)
        if kind == "cut":
            self.cut()

    def heal(self) -> None:
        """The network is well; connections that are dead stay so."""
        with self._lock:
            self._cut_after, self._piece = None, 0
            self._silent.clear()

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self.cut()
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended:
            ready = self._selector.select(0.005 if self._owed else 0.02)
            with self._lock:
                self._pay()
                for key, _ in ready:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif not self._waits(key.fileobj):
                        self._forward(key.fileobj)
            if ready and self._silent:
                time.sleep(0.005)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)
        self._near.add(near)

    def _waits(self, one: socket.socket) -> bool:
        """Silence: the bytes of this direction lie where they are."""
        return time.monotonic() < self._silent.get(one in self._near, 0.0) or one in self._owed

    def _pay(self) -> None:
        """Bring the next piece of what dribbles."""
        for one, data in list(self._owed.items()):
            piece = self._piece or len(data)
            other = self._peers.get(one)
            if other is None:
                self._owed.pop(one, None)
                continue
            try:
                other.sendall(data[:piece])
            except OSError:
                self._drop(one)
                continue
            if data[piece:]:
                self._owed[one] = data[piece:]
            else:
                del self._owed[one]

    def _forward(self, one: socket.socket) -> None:
        if one not in self._peers:
            return
        try:
            data = one.recv(65_536)
            if data and one in self._dead:
                return
            if data and self._cut_after is not None:
                self._cut_after -= len(data)
                if self._cut_after < 0:
                    self._peers[one].sendall(data[: self._cut_after])
                    self._cut_after, data = None, b""
            if data and self._piece:
                self._owed[one] = data
                return
            if data:
                self._peers[one].sendall(data)
                return
        except OSError:
            data = b""
        self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        other = self._peers.pop(one, None)
        if other is None:
            return
        self._peers.pop(other, None)
        for end in (one, other):
            self._near.discard(end)
            self._dead.discard(end)
            self._owed.pop(end, None)
        for end in (one, other):
            self._selector.unregister(end)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.close()


@pytest.fixture
def cable() -> Iterator[Callable[[int], Cable]]:
    """A factory of cables to a port on loopback."""
    made: list[Cable] = []

    def lay(port: int) -> Cable:
        made.append(Cable(port))
        return made[-1]

    yield lay
    for one in made:
        one.close()
