"""The device that the fire panel is wired to: no policy takes it out of service.

The agent's own settings name it, but where it is and under which key stands in the policy. So it
is served as it was last proven (it answered), whatever a policy drops or changes; what the policy
offers instead is tried only while the proven one does not answer, and the proven one again if
that does not answer either. A device that was really moved or given another key so comes back by
itself, and a hub that is mistaken or hostile cannot put the fire alarm out of action.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from wire.policy_bodies import DeviceBody

TRY_NS: Final = 30_000_000_000
"""How long one of two that might answer is tried before the other."""


class _Kept(msgspec.Struct, frozen=True):
    """What survives a restart."""

    device: str
    body: DeviceBody


class FireDevice:
    """Says as what the device is served. `can_serve` tells of a body whether its port and secret
    are ours."""

    def __init__(self, device: str, can_serve: Callable[[DeviceBody], bool]) -> None:
        self.device = device
        self._can_serve = can_serve
        self.serving: DeviceBody | None = None
        self._proven: DeviceBody | None = None
        self._offered: DeviceBody | None = None
        self._since_ns = 0

    @property
    def cause(self) -> str:
        """What is wrong between policy and service, in a word; empty where nothing is."""
        if self._offered == self.serving:
            return "" if self.serving is not None else "not_in_policy"
        return "dropped_by_policy" if self._offered is None else "changed_by_policy"

    def remember(self, data: bytes) -> None:
        """Take up what an earlier run had proven; raises `ValueError` for bytes that are none."""
        kept = msgspec.json.decode(data, type=_Kept)
        if kept.device == self.device:
            self.serving = self._proven = kept.body

    def save(self) -> bytes | None:
        """Give what is to survive a restart."""
        if self._proven is None:
            return None
        return msgspec.json.encode(_Kept(self.device, self._proven))

    def offer(self, body: DeviceBody | None, online: bool | None, now_ns: int) -> None:
        """Take what the policy says now; None where it has no such device."""
        self._offered = body
        if body is None or body == self.serving:
            return
        unproven = self._proven is None or online is False
        if self.serving is None or (unproven and self._can_serve(body)):
            self._serve(body, now_ns)

    def heard(self, online: bool | None) -> bool:
        """Take whether the device answers; tell whether it is thereby proven as it is served."""
        if not online or self._proven == self.serving:
            return False
        self._proven = self.serving
        return True

    def rekeyed(self) -> bool:
        """The device has taken the policy's key, over the line secured by its old one; tell whether
        it is thereby served, and proven, otherwise than before."""
        offered, serving = self._offered, self.serving
        if offered is None or serving is None or offered == serving:
            return False
        if msgspec.structs.replace(serving, sealed=offered.sealed) != offered:
            return False  # it is to be elsewhere as well
        self.serving = self._proven = offered
        return True

    def try_other(self, online: bool | None, now_ns: int) -> bool:
        """While it does not answer, go over to the other of the two; tell whether that was done."""
        if online is not False or now_ns - self._since_ns < TRY_NS:
            return False
        for body in (self._proven, self._offered):
            if body is not None and body != self.serving and self._can_serve(body):
                self._serve(body, now_ns)
                return True
        return False

    def _serve(self, body: DeviceBody, now_ns: int) -> None:
        self.serving, self._since_ns = body, now_ns
