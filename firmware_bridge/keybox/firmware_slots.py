"""The two firmware slots of a virtual device: what `firmware_begin` to `firmware_abort` do.

Its self-test always passes, so that a trial confirms itself at its start.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import Final, Protocol

from firmware_bridge.keybox.answers import NextOffset
from firmware_bridge.keybox.body import Empty
from firmware_bridge.keybox.codes import Cause, RecordKind, RefusedError, ResetCause, SlotState
from firmware_bridge.keybox.requests import (
    FirmwareAbort,
    FirmwareBegin,
    FirmwareData,
    FirmwareEnd,
)
from firmware_bridge.keybox.virtual_box import VirtualBox

_HEADER: Final = struct.Struct(">B3xIII32s")


class VerifyImage(Protocol):
    """Tells whether a header's signature is that of whoever may sign firmware."""

    def __call__(self, header: bytes, signature: bytes) -> bool: ...


@dataclass(slots=True)
class _Image:
    header: bytes
    firmware: int
    rollback: int
    size: int
    digest: bytes
    data: bytearray = field(default_factory=bytearray)


class FirmwareSlots:
    """Receives images at a virtual device; without `verify` it takes none."""

    def __init__(self, box: VirtualBox, verify: VerifyImage | None) -> None:
        self._box = box
        self._verify = verify
        self._image: _Image | None = None
        self.restart_due = False
        self.states = [SlotState.CONFIRMED, SlotState.EMPTY]
        self.running = 0

    def begin(self, request: FirmwareBegin) -> NextOffset:
        """Begin to receive, or go on where the same image stopped."""
        if self._image is not None and self._image.header == request.header:
            return NextOffset(len(self._image.data))
        if self._verify is None:
            raise RefusedError(Cause.NOT_SUPPORTED)
        kind, firmware, rollback, size, digest = _HEADER.unpack(request.header)
        if kind != self._box.kind or not 0 < size <= 1 << 20:
            self._refuse_image(Cause.BAD_VALUE, firmware, rollback)
        if not self._verify(request.header, request.signature):
            self._refuse_image(Cause.BAD_SIGNATURE, firmware, rollback)
        if rollback < self._box.rollback:
            self._refuse_image(Cause.TOO_OLD, firmware, rollback)
        self._image = _Image(request.header, firmware, rollback, size, digest)
        self.states[1 - self.running] = SlotState.RECEIVING
        return NextOffset(0)

    def _refuse_image(self, cause: Cause, firmware: int, rollback: int) -> None:
        data = struct.pack(">II", firmware, rollback)
        self._box.write(RecordKind.FIRMWARE_REFUSED, cause, data)
        raise RefusedError(cause)

    def data(self, request: FirmwareData) -> NextOffset:
        """Take bytes that fit on; tell where it goes on in any case."""
        image = self._image
        if image is None:
            raise RefusedError(Cause.BAD_VALUE)
        room = image.size - len(image.data)
        if request.offset == len(image.data) and len(request.data) <= room:
            image.data += request.data
        return NextOffset(len(image.data))

    def end(self, _request: FirmwareEnd) -> Empty:
        """Check the whole and have it started."""
        image, self._image = self._image, None
        if image is None or len(image.data) != image.size:
            self._image = image
            raise RefusedError(Cause.BAD_VALUE)
        if hashlib.sha256(image.data).digest() != image.digest:
            self.states[1 - self.running] = SlotState.BAD
            self._refuse_image(Cause.BAD_SIGNATURE, image.firmware, image.rollback)
        self.running = 1 - self.running
        self.states[self.running] = SlotState.CONFIRMED
        box = self._box
        box.firmware, box.rollback = image.firmware, image.rollback
        self.restart_due = True
        return Empty()

    def abort(self, _request: FirmwareAbort) -> Empty:
        """Forget what came so far."""
        self._image = None
        self.states[1 - self.running] = SlotState.EMPTY
        return Empty()

    def restart(self, now_ns: int) -> None:
        """Start the image that was taken; this virtual device's self-test always passes."""
        self.restart_due = False
        self._box.start(ResetCause.UPDATE, now_ns)
        data = struct.pack(">II", self._box.firmware, self._box.rollback)
        self._box.write(RecordKind.FIRMWARE_UPDATED, 0, data)
