"""The panel's half of opening a secure channel, as values: challenge, proof, session.

Every check that fails raises HandshakeError with the reason that the link reports.
Source: SIA OSDP v2.2, Annex D.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.osdp.attacks import AttackKind
from firmware_bridge.osdp.codes import SCBK_D, SecurityBlock
from firmware_bridge.osdp.commands import Challenge, ServerCryptogram
from firmware_bridge.osdp.events import OfflineReason
from firmware_bridge.osdp.framing import Frame
from firmware_bridge.osdp.replies import ClientCryptogram, InitialMac, Nak, Reply
from firmware_bridge.osdp.secure_channel import SecureSession, SessionKeys, same


class HandshakeError(Exception):
    """The secure channel did not come about. `attack` says what it is where the peripheral has
    proved the key before."""

    def __init__(self, reason: OfflineReason, attack: AttackKind | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.attack = attack


@dataclass(frozen=True, slots=True)
class Proof:
    """What the panel sends to prove its key, and the MAC that a true peripheral answers."""

    command: ServerCryptogram
    keys: SessionKeys = field(repr=False)
    initial_mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handshake:
    """One attempt under one base key with one nonce, never used twice."""

    base_key: bytes = field(repr=False)
    nonce: bytes

    @property
    def is_default_key(self) -> bool:
        """Whether this attempt runs under the key that everybody knows."""
        return same(self.base_key, SCBK_D)

    @property
    def key_kind(self) -> bytes:
        """Block data that names the key: 0 the default, 1 the peripheral's own."""
        return b"\x00" if self.is_default_key else b"\x01"

    @property
    def challenge(self) -> Challenge:
        """The first command."""
        return Challenge(self.nonce)

    def prove(self, frame: Frame, reply: Reply) -> Proof:
        """The second command, once the peripheral has proved that it knows the key."""
        if isinstance(reply, Nak):
            raise HandshakeError(OfflineReason.SECURITY_REFUSED, AttackKind.DOWNGRADE)
        if not isinstance(reply, ClientCryptogram) or frame.block != SecurityBlock.CHALLENGE_REPLY:
            raise HandshakeError(OfflineReason.UNEXPECTED_REPLY, AttackKind.DOWNGRADE)
        if frame.block_data != self.key_kind:
            raise HandshakeError(OfflineReason.WRONG_KEY, AttackKind.DEFAULT_KEY)
        keys = SessionKeys.derive(self.base_key, self.nonce)
        if not same(keys.client_cryptogram(self.nonce, reply.nonce), reply.cryptogram):
            raise HandshakeError(OfflineReason.WRONG_KEY, AttackKind.IMPOSTOR)
        cryptogram = keys.server_cryptogram(self.nonce, reply.nonce)
        return Proof(ServerCryptogram(cryptogram), keys, keys.initial_mac(cryptogram))


def open_session(proof: Proof, frame: Frame, reply: Reply) -> SecureSession:
    """The session, once the peripheral has accepted the proof with the right first MAC."""
    if isinstance(reply, Nak):
        raise HandshakeError(OfflineReason.WRONG_KEY, AttackKind.IMPOSTOR)
    if not isinstance(reply, InitialMac) or frame.block != SecurityBlock.CRYPTOGRAM_REPLY:
        raise HandshakeError(OfflineReason.UNEXPECTED_REPLY, AttackKind.DOWNGRADE)
    if frame.block_data != b"\x01" or not same(reply.mac, proof.initial_mac):
        raise HandshakeError(OfflineReason.WRONG_KEY, AttackKind.IMPOSTOR)
    return SecureSession(proof.keys, proof.initial_mac)
