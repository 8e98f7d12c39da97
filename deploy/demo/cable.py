"""The network cable between a site and the town: a TCP proxy that can be pulled and put back.

Pulled, its connections end and new ones are refused on the spot; put back, it listens on the same
port again. What runs over it is TLS, of which it understands nothing.
"""

from __future__ import annotations

import selectors
import socket
import threading
from dataclasses import dataclass
from typing import Final

_CHUNK: Final = 65_536
_CONNECT_TIMEOUT_S: Final = 5.0


@dataclass(slots=True)
class _Pipe:
    """One direction's two ends."""

    source: socket.socket
    target: socket.socket


class NetworkCable:
    """A proxy on 127.0.0.1 from `port` to `target_port`; one thread carries all connections."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._selector.register(self._near, selectors.EVENT_READ, None)
        self._wanted = True
        self._ending = False
        self._settled = threading.Event()
        self._listener: socket.socket | None = None
        self._pipes: dict[socket.socket, _Pipe] = {}
        self.port = self._listen(0)
        self._thread = threading.Thread(target=self._run, name="network cable", daemon=True)
        self._thread.start()

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._wanted

    def pull(self) -> None:
        """Take the cable out: returns once every connection over it has ended."""
        self._set(wanted=False)

    def plug(self) -> None:
        """Put the cable back: returns once connections are taken again."""
        self._set(wanted=True)

    def close(self) -> None:
        """End the proxy."""
        with self._lock:
            self._ending = True
            self._far.send(b"x")
        self._thread.join()

    def _set(self, *, wanted: bool) -> None:
        with self._lock:
            if self._wanted == wanted:
                return
            self._wanted = wanted
            self._settled.clear()
            self._far.send(b"x")
        self._settled.wait()

    def _listen(self, port: int) -> int:
        listener = socket.create_server(("127.0.0.1", port))
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, None)
        self._listener = listener
        bound: int = listener.getsockname()[1]
        return bound

    def _run(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select():
                ready = key.fileobj
                if ready is self._near:
                    self._near.recv(_CHUNK)
                    self._follow()
                elif ready is self._listener:
                    self._accept()
                elif isinstance(ready, socket.socket):
                    self._carry(ready)
        self._cut()
        self._selector.close()
        self._near.close()
        self._far.close()

    def _follow(self) -> None:
        """Do what was wanted: cut, or listen again."""
        if not self._wanted:
            self._cut()
        elif self._listener is None:
            self._listen(self.port)
        self._settled.set()

    def _cut(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        for source in list(self._pipes):
            self._drop(source)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # gone before it was taken
        try:
            server = socket.create_connection(
                ("127.0.0.1", self._target_port), timeout=_CONNECT_TIMEOUT_S
            )
        except OSError:
            client.close()  # the broker is down: the client sees this and tries again
            return
        for one, other in ((client, server), (server, client)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.settimeout(_CONNECT_TIMEOUT_S)
            self._pipes[one] = _Pipe(one, other)
            self._selector.register(one, selectors.EVENT_READ, None)

    def _carry(self, source: socket.socket) -> None:
        pipe = self._pipes.get(source)
        if pipe is None:
            return  # its other end went in this same turn
        try:
            data = source.recv(_CHUNK)
            if data:
                pipe.target.sendall(data)
                return
        except OSError:
            data = b""
        self._drop(source)

    def _drop(self, source: socket.socket) -> None:
        """End a connection in both directions."""
        pipe = self._pipes.pop(source, None)
        if pipe is None:
            return
        self._pipes.pop(pipe.target, None)
        for end in (pipe.source, pipe.target):
            self._selector.unregister(end)
            end.close()
