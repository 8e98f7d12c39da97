"""OSDP: its decoder, its messages, and both ends of a session with an attacker between them."""

from __future__ import annotations

from typing import Final

from firmware_bridge.osdp.codes import OsdpError
from firmware_bridge.osdp.command_reader import decode_command
from firmware_bridge.osdp.framing import Decoder, encode_frame
from firmware_bridge.osdp.reply_reader import decode_reply
from tests.fuzz.osdp_scripts import KEY, Scene, Script
from tests.fuzz.target import PythonTarget

_PACKAGE: Final = "firmware_bridge.osdp"


def one_decoder(data: bytes) -> None:
    """Any bytes, in any pieces, give the same frames; each of them encodes to what it was."""
    whole = Decoder()
    frames = whole.feed(data)
    frames += whole.give_up()
    pieces = Decoder()
    singly = [frame for byte in data for frame in pieces.feed(bytes([byte]))]
    singly += pieces.give_up()
    assert frames == singly
    assert not whole.is_waiting
    for frame in frames:
        assert Decoder().feed(encode_frame(frame)) == [frame]


def one_command(data: bytes) -> None:
    """A payload is a command that encodes to itself, or the one named error."""
    try:
        commands = decode_command(data)
    except OsdpError:
        return
    if len(commands) == 1:
        again = decode_command(commands[0].encode())
        assert again == commands


def one_reply(data: bytes) -> None:
    """A payload is a reply that encodes to itself, or the one named error."""
    try:
        reply = decode_reply(data)
    except OsdpError:
        return
    assert decode_reply(reply.encode()) == reply


def one_panel(data: bytes) -> None:
    """Whatever an attacker without the key says to the panel, out come only keys that were pressed
    at the board, in order and each once."""
    scene = Scene(to_panel=True)
    scene.play(Script(data))
    opened = "".join(scene.opened())
    remaining = iter(scene.pressed)
    assert all(key in remaining for key in opened), (opened, scene.pressed)


def one_peripheral(data: bytes) -> None:
    """Whatever an attacker without the key says to the board, no output moves, no key changes and
    no file arrives."""
    scene = Scene(to_panel=False)
    scene.play(Script(data))
    assert not any(scene.device.outputs)
    assert scene.board.config.scbk == KEY
    assert scene.board.config.address == 1
    assert scene.device.take_changes() == ()


TARGETS: Final = tuple(
    PythonTarget(f"osdp_{one.__name__.removeprefix('one_')}", one, __name__, _PACKAGE)
    for one in (one_decoder, one_command, one_reply, one_panel, one_peripheral)
)
