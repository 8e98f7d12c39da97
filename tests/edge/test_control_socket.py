"""The agent's own socket lives, whatever somebody in its group sends."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.control_socket import ControlSocket, Request, ask_agent


def _say(path: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(line + b"\n")
        return connection.recv(65_536)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no JSON",
        b"\xff",
        b'{"ask":"\xff"}',
        b'{"ask":"status","x":' + b'{"x":' * 50_000,
        b'{"ask":"what?"}',
    ],
    ids=["empty", "text", "bytes", "no UTF-8", "nested", "unknown"],
)
def test_a_question_that_cannot_be_read_is_answered_and_the_next_one_as_well(tmp_path, line):
    served = ControlSocket(tmp_path / "edge.sock", {"status": lambda _request: "well"})
    served.start()
    try:
        assert _say(tmp_path / "edge.sock", line).startswith(b'{"error":"ask for one of')
        assert ask_agent(tmp_path / "edge.sock", Request("status")) == "well"
    finally:
        served.stop()
