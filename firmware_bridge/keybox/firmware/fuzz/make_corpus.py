"""Writes the seeds of the fuzz targets anew:
`python -m firmware_bridge.keybox.firmware.fuzz.make_corpus`.

The events are those of `events.c`. A crash that was found becomes a seed, named for what it shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.keybox.images import sign_image

CORPUS: Final = Path(__file__).parent / "corpus"
KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BOX, LOCK, BLANK = 0, 1, 0x80
RAW, CLEAR, REQUEST, OPEN, WAIT, SWITCHES, PRESS = range(7)
CODE, CLOCK, CUT, REPEAT, NOTICED, RESTART = range(7, 13)
ALL_RIGHTS: Final = 127


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def request(kind: int, body: bytes = b"") -> bytes:
    """An authentic request."""
    return bytes((REQUEST, kind)) + _two(len(body)) + body


def clear(kind: int, body: bytes = b"") -> bytes:
    """A frame in clear."""
    return bytes((CLEAR, kind)) + _two(len(body)) + body


def opened(rights: int = ALL_RIGHTS, *, link: bool = True, day: int = 2) -> bytes:
    """A session; a day of 2 is today."""
    return bytes((OPEN, int(link), day)) + _two(rights)


def wait(seconds: float) -> bytes:
    """Time passes."""
    return bytes((WAIT,)) + _two(round(seconds * 8))


def keys(text: str) -> bytes:
    """Keys are pressed."""
    return b"".join(bytes((PRESS, "0123456789*#".index(each))) for each in text)


def code(shape: int, slots: int = 0, generation: int = 0, variant: int = 0) -> bytes:
    """A real code is typed, so many slots from now."""
    return bytes((CODE, shape, slots & 0xFF, generation << 4 | variant))


def keypad_seeds() -> dict[str, bytes]:
    """What people do at a box, and what thieves do."""
    box = bytes((BOX,))
    wrong = keys("000000000#")
    return {
        "valid": box + code(0) + wait(8),
        "expired": box + code(0, -20),
        "not_yet": box + code(0, 20),
        "early": box + code(0, 4) * 7,
        "retired": box + code(0, generation=8) + code(0, generation=3) + code(0, generation=0),
        "once_twice": box + code(10) + wait(8) + code(10),
        "once_through_a_cut": b"".join((box, bytes((CUT, 3)), code(10), wait(8), code(10))),
        "lockout": box + wrong * 6 + code(0) + wait(301) + code(0),
        "lockout_through_restarts": box + wrong * 5 + bytes((RESTART,)) * 3 + code(0),
        "clock_stopped": box + bytes((CLOCK,)) + code(0) + bytes((CLOCK,)) + code(0),
        "clock_lost_over_a_restart": box + bytes((CLOCK, RESTART, CLOCK)) + code(0),
        "cleared": box + keys("12*") + code(0),
        "left_alone": box + keys("12") + wait(11) + code(0),
        "spoilt": box + keys("12345678901") + code(0) + code(0),
        "short": box + keys("1234#"),
        "hour_profile": bytes((BOX | 1 << 1,)) + code(0) + code(11) + code(21),
        "hour_8_profile": bytes((BOX | 2 << 1,)) + code(0) + code(8) + code(8),
        "stay_profile": bytes((BOX | 3 << 1,)) + code(0) + code(38) + code(60) + code(125),
        "a_lock": bytes((LOCK,)) + code(0) + wait(11) + code(0) + bytes((SWITCHES, 0, 4)),
        "switches": box + b"".join(bytes((SWITCHES, 0, 1 << n)) + wait(1) for n in range(8)),
    }


def _firmware() -> bytes:
    image = bytes(range(256)) * 3
    file = sign_image(KEY, image, kind=2, firmware=2, rollback=1)
    pieces = [
        request(0x17, offset.to_bytes(4, "big") + image[offset : offset + 256])
        for offset in range(0, len(image), 256)
    ]
    begin = request(0x16, file.header.pack() + file.signature)
    return begin + pieces[0] + begin + b"".join(pieces[1:]) + request(0x18)


def link_seeds() -> dict[str, bytes]:
    """What hosts do, and what strangers do on their line."""
    lock = bytes((LOCK,))
    start = lock + opened()
    entry = bytes(range(24))
    return {
        "hello": lock + clear(1) + clear(2, bytes(39)) + wait(1) + clear(2, bytes(39)),
        "wrong_proofs": lock + (clear(1) + clear(2, b"\2" + bytes(38))) * 6 + opened(),
        "noise": lock + bytes((RAW, 9)) + b"\0\1\2\3\4\0\xff\xff\0",
        "provision": bytes((LOCK | BLANK,))
        + clear(1)
        + clear(3, bytes(range(1, 17)) + b"\2" + bytes((0x51, 0x52, 0x53)) + bytes(29))
        + opened()
        + request(0x10),
        "status": start + request(0x10) + bytes((REPEAT,)) + wait(11) + request(0x10),
        "log": start + request(0x11, bytes(8) + b"\x10") + request(0x13, bytes(24)),
        "clock": start + request(0x12, (50_000_100).to_bytes(4, "big") + _two(5)),
        "secret": start + request(0x14, bytes(102)) + request(0x15, bytes(17)),
        "firmware": start + _firmware() + wait(5) + opened() + request(0x10) + wait(1),
        "firmware_through_a_cut": start + bytes((CUT, 6)) + _firmware() + opened() + _firmware(),
        "firmware_aborted": start + _firmware()[:600] + request(0x19) + request(0x18),
        "operate": start + request(0x20, bytes(3) + b"\xff") + request(0x21) + request(0x22),
        "signal": start + b"".join(request(0x23, bytes((n,))) for n in range(6)),
        "list": start
        + request(0x24, _two(1) + bytes(32))
        + request(0x25, entry)
        + request(0x26)
        + request(0x27),
        "notices": start + keys("12#") + bytes((NOTICED,)) + bytes((SWITCHES, 0, 9, NOTICED)),
        "a_ticket": lock + opened(5, link=False) + request(0x10) + opened(1, link=False, day=0),
        "no_right": lock + opened(1) + b"".join(request(n) for n in range(0x10, 0x28)),
        "unknown": start + request(0x50) + request(0x70) + request(0x10),
    }


def storage_seeds() -> dict[str, bytes]:
    """Records of the right form, and such of none."""
    made = {f"area_{how}": bytes((how, LOCK)) + bytes(range(64)) for how in range(8)}
    header = sign_image(KEY, bytes(range(64)), kind=1, firmware=2, rollback=1).header.pack()
    slots = b"\3\0" + bytes(48) + b"\2\1" + header
    made["update_on_trial"] = bytes((1, BOX)) + b"\1" + bytes(4) + b"\0\0" + bytes(10) + slots
    made["update_failed"] = bytes((1, BOX)) + b"\1" + bytes(4) + b"\0\2" + bytes(10) + slots
    made["state_of_another"] = bytes((0, BOX)) + b"\1\1" + bytes(range(200))
    made["state_spoilt"] = bytes((5, BOX)) + b"\x18" + b"\xff" * 40
    return made


def main() -> None:
    """Write all of them."""
    seeds = {"keypad": keypad_seeds(), "link": link_seeds(), "storage": storage_seeds()}
    for target, made in seeds.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in made.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
