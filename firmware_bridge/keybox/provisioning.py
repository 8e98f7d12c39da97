"""Making a blank device somebody, at the bench: sans-I/O, and in clear.

    hello -> blank? -> provision -> done -> hello: is it who it should be now?

A device takes it once. docs/keybox-link.md, *Provisioning*, is the specification.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, TypeAlias

from firmware_bridge.keybox.codes import HelloFlag, MessageError, Type
from firmware_bridge.keybox.framing import Decoder, Frame, encode_frame
from firmware_bridge.keybox.host_events import cause_name
from firmware_bridge.keybox.opening import HelloAnswer, Provision, Refused

ANSWER_S: Final = 0.5
TRIES: Final = 5

Exchange: TypeAlias = Generator[bytes, bytes | None, HelloAnswer]
"""Yields bytes to send; is sent what came in within `ANSWER_S`, or None when nothing did."""


class ProvisioningError(Exception):
    """The device did not become who it should; `cause` is `no_answer`, `not_blank` (it is somebody
    already), `another_device` (it says that it is somebody else now) or the device's own word."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


def provision(message: Provision) -> Exchange:
    """Provision the device on a line; gives how it answers a hello afterwards. Raises
    `ProvisioningError`."""
    before = yield from _hello(1)
    if not before.flags & HelloFlag.BLANK:
        raise ProvisioningError("not_blank")
    answer = yield from _ask(Frame(Type.PROVISION, 2, message.encode()))
    # A repeated request whose first answer was lost finds the device no longer blank: whether it
    # was ours is told by the hello that follows.
    if answer.type != Type.DONE and _cause(answer) != "not_blank":
        raise ProvisioningError(_cause(answer))
    after = yield from _hello(3)
    if after.flags & HelloFlag.BLANK or after.device != message.device:
        raise ProvisioningError("another_device")
    return after


def _hello(seq: int) -> Generator[bytes, bytes | None, HelloAnswer]:
    answer = yield from _ask(Frame(Type.HELLO, seq, b""))
    try:
        return HelloAnswer.decode(answer.body)
    except MessageError as error:
        raise ProvisioningError(_cause(answer)) from error


def _ask(request: Frame) -> Generator[bytes, bytes | None, Frame]:
    decoder = Decoder()
    for _ in range(TRIES):
        received = yield encode_frame(request)
        while received is not None:
            for frame in decoder.feed(received):
                if frame.seq == request.seq and frame.type != request.type:
                    return frame
            received = yield b""
    raise ProvisioningError("no_answer")


def _cause(answer: Frame) -> str:
    if answer.type != Type.REFUSED_CLEAR:
        return "not_understood"
    try:
        return cause_name(Refused.decode(answer.body).cause)
    except MessageError:
        return "not_understood"
