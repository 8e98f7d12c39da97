"""Ports and wake-ups on real descriptors."""

from __future__ import annotations

import threading
import time

import pytest

from firmware_bridge.serial_link import (
    PortError,
    PtyPort,
    SerialPort,
    SerialSettings,
    Waker,
    wait,
)


def test_bytes_pass_both_ways_unchanged() -> None:
    with PtyPort() as near:
        far = SerialPort(SerialSettings(near.far_path, 115200))
        everything = bytes(range(256))
        waker = Waker()
        near.write(everything)
        assert wait(far, waker, 1.0)
        assert far.read() == everything
        far.write(everything)
        assert wait(near, waker, 1.0)
        assert near.read() == everything
        assert near.read() == b""
        waker.close()
        far.close()


def test_a_port_is_opened_by_one_only() -> None:
    with PtyPort() as near:
        first = SerialPort(SerialSettings(near.far_path, 9600))
        with pytest.raises(PortError, match="cannot be opened at 9600 baud"):
            SerialPort(SerialSettings(near.far_path, 9600))
        first.close()


def test_a_missing_port_is_named_with_its_remedy() -> None:
    with pytest.raises(PortError, match=r"/dev/ttyNONE: cannot be opened.*group dialout"):
        SerialPort(SerialSettings("/dev/ttyNONE", 9600))


def test_a_line_that_hangs_up_is_a_port_error() -> None:
    near = PtyPort()
    far = SerialPort(SerialSettings(near.far_path, 9600))
    near.close()
    with pytest.raises(PortError, match=r"hung up|lost while reading"):
        far.read()
    with pytest.raises(PortError, match="lost while writing"):
        far.write(b"x")
    far.close()


def test_another_thread_ends_a_wait() -> None:
    waker = Waker()
    threading.Timer(0.02, waker.wake).start()
    began = time.monotonic()
    assert not wait(None, waker, 5.0)
    assert time.monotonic() - began < 1.0
    waker.close()


def test_many_wake_ups_are_one_and_none_is_lost() -> None:
    waker = Waker()
    for _ in range(100_000):
        waker.wake()
    assert not wait(None, waker, 5.0)
    began = time.monotonic()
    assert not wait(None, waker, 0.01)
    assert time.monotonic() - began >= 0.009
    waker.close()


def test_a_closed_waker_touches_no_other_descriptor() -> None:
    waker = Waker()
    waker.close()
    waker.close()
    other = Waker()
    waker.wake()
    began = time.monotonic()
    assert not wait(None, other, 0.01)
    assert time.monotonic() - began >= 0.009
    other.close()
