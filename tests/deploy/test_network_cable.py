"""The demo's network cable carries bytes untouched, and nothing at all while it is pulled."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading

import pytest

from deploy.demo.cable import NetworkCable


@pytest.fixture
def echo():
    """A server that says everything back; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(client: socket.socket) -> None:
        with client:
            while data := client.recv(65_536):
                client.sendall(data)

    def run() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=carry, args=(client,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def cable(echo):
    made = NetworkCable(echo)
    yield made
    made.close()


def talk(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(data)
        received = b""
        while len(received) < len(data) and (more := client.recv(65_536)):
            received += more
        return received


def test_bytes_pass_untouched(cable):
    data = secrets.token_bytes(300)
    assert talk(cable.port, data) == data


def test_pulling_it_ends_connections_and_refuses_new_ones(cable):
    with socket.create_connection(("127.0.0.1", cable.port), timeout=5) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        cable.pull()
        assert not cable.plugged
        with contextlib.suppress(ConnectionResetError):  # an end as good as the other
            assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", cable.port), timeout=5)


def test_plugging_it_back_serves_the_same_port(cable):
    port = cable.port
    for _ in range(5):
        cable.pull()
        cable.plug()
    assert cable.port == port
    assert talk(port, b"again") == b"again"


def test_a_server_that_is_down_is_a_closed_connection_not_a_dead_cable(echo):
    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    silent.close()
    cable = NetworkCable(port)
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", cable.port), timeout=5) as client:
            assert client.recv(1) == b""
    cable.close()
