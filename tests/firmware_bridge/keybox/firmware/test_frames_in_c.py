"""The reader of frames takes what the page says, and drops and counts the rest."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any


def read(programs: Path, stream: bytes) -> tuple[list[bytes], int]:
    """What the firmware makes of a stream: frames, and how many it lost."""
    done = subprocess.run([programs / "frame-check"], input=stream, capture_output=True, check=True)
    *frames, lost = done.stdout.decode().splitlines()
    return [bytes.fromhex(each) for each in frames], int(lost.removeprefix("lost "))


def oracle(
    stream: bytes,
    decode: Callable[[bytes], bytes | None],
    crc: Callable[[bytes], int],
) -> tuple[list[bytes], int]:
    """The same by the book: cut at zeros, then look at each piece as a whole."""
    frames, lost = [], 0
    for piece in stream.split(b"\0")[:-1]:
        if not piece:
            continue
        data = decode(piece)
        if data is None or not 5 <= len(data) <= 512 or data[0] != 1 or crc(data):
            lost += 1
        else:
            frames.append(data[:-2])
    return frames, lost


def random_frame(draw: random.Random) -> bytes:
    """Many zeros or none, and lengths about the edges of COBS and of the page."""
    length = draw.choice((0, 1, 2, 100, 249, 250, 251, 252, 253, 254, 255, 503, 506, 507, 508))
    filling = draw.choice((b"\0", b"\1", b"\xff", None))
    body = draw.randbytes(length) if filling is None else filling * length
    return bytes((1, draw.randrange(256), draw.randrange(256))) + body


def noise(draw: random.Random, sent: bytes) -> bytes:
    """What a bad line makes of a frame."""
    kind = draw.randrange(7)
    place = draw.randrange(len(sent))
    if kind == 0:
        return sent[:place] + bytes((draw.randrange(256),)) + sent[place + 1 :]
    if kind == 1:
        return sent[:place] + sent[place + 1 :]
    if kind == 2:
        return sent[:place] + draw.randbytes(draw.randrange(1, 6)) + sent[place:]
    if kind == 3:
        return draw.randbytes(draw.randrange(1, 40)) + sent
    if kind == 4:
        return b"\0" * draw.randrange(3) + sent
    if kind == 5:
        return bytes(draw.randrange(1, 256) for _ in range(draw.randrange(500, 700))) + b"\0" + sent
    return sent


def test_a_noisy_line_yields_what_an_oracle_reads_from_it(programs: Path, wire: Any) -> None:
    draw = random.Random(2)
    stream = b"".join(noise(draw, wire.frame(random_frame(draw))) for _ in range(6_000)) + b"\0"
    frames, lost = read(programs, stream)
    assert (frames, lost) == oracle(stream, wire.decode, wire.crc)
    assert len(frames) > 2_000
    assert lost > 1_000


def test_after_noise_the_next_zero_begins_anew(programs: Path, wire: Any) -> None:
    good = wire.frame(b"\1\1\1")
    assert read(programs, b"\x37\xff\x12" + good + good) == ([b"\1\1\1"], 1)


def test_a_frame_of_512_bytes_is_taken_and_one_of_513_is_not(programs: Path, wire: Any) -> None:
    for length, expected in ((507, 1), (508, 0)):
        frames, lost = read(programs, wire.frame(b"\1\1\1" + b"\7" * length))
        assert (len(frames), lost) == (expected, 1 - expected)


def test_another_version_is_dropped(programs: Path, wire: Any) -> None:
    assert read(programs, wire.frame(b"\2\1\1")) == ([], 1)


def test_what_the_firmware_sends_is_what_the_book_says(programs: Path, wire: Any) -> None:
    draw = random.Random(3)
    frames = [frame for frame in (random_frame(draw) for _ in range(400)) if len(frame) <= 510]
    text = "".join(f"{frame.hex()}\n" for frame in frames)
    done = subprocess.run(
        [programs / "frame-check", "encode"], input=text, capture_output=True, text=True, check=True
    )
    for frame, line in zip(frames, done.stdout.split(), strict=True):
        sent = bytes.fromhex(line)
        assert sent.index(0) == len(sent) - 1
        assert wire.decode(sent[:-1]) == frame + wire.crc(frame).to_bytes(2, "big")
