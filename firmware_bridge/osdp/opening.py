"""One conversation up to ONLINE: what each state asks, and what its answer gives.

Made anew for every conversation, so that no nonce, proof or identity outlives one.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.osdp.codes import NakCode, SecurityBlock
from firmware_bridge.osdp.commands import AskCapabilities, AskIdentity, Command, KeySet
from firmware_bridge.osdp.events import OfflineReason, Online
from firmware_bridge.osdp.framing import Frame
from firmware_bridge.osdp.handshake import Handshake, HandshakeError, Proof, open_session
from firmware_bridge.osdp.keyring import KeyRing
from firmware_bridge.osdp.replies import Ack, Capabilities, Identity, Nak, Reply
from firmware_bridge.osdp.secure_channel import SecureSession
from firmware_bridge.osdp.states import LinkState


class Opening:
    """The steps before DRAINING; every step that fails raises HandshakeError."""

    __slots__ = ("_handshake", "_identity", "_keys", "_nonce", "_proof")

    def __init__(self, keys: KeyRing, nonce: Callable[[], bytes]) -> None:
        self._keys = keys
        self._nonce = nonce
        self._handshake: Handshake | None = None
        self._proof: Proof | None = None
        self._identity: Identity | None = None

    @property
    def is_default_key(self) -> bool:
        """Whether this conversation runs under the default key."""
        return self._handshake is not None and self._handshake.is_default_key

    def ask(self, state: LinkState) -> tuple[Command, SecurityBlock | None, bytes]:
        """The command of a state, with the security block that a handshake command needs."""
        if state is LinkState.CHALLENGING:
            self._handshake = Handshake(self._keys.current(), self._nonce())
            return self._handshake.challenge, SecurityBlock.CHALLENGE, self._handshake.key_kind
        if state is LinkState.PROVING and self._proof and self._handshake:
            return self._proof.command, SecurityBlock.CRYPTOGRAM, self._handshake.key_kind
        if state is LinkState.KEYING:
            return KeySet(self._keys.target), None, b""
        if state is LinkState.ASKING_CAPABILITIES:
            return AskCapabilities(), None, b""
        return AskIdentity(), None, b""

    def greeted(self, reply: Reply) -> None:
        """Somebody is there; only a refused check character counts, the rest is clear text."""
        if isinstance(reply, Nak) and reply.error == NakCode.BAD_CHECK:
            raise HandshakeError(OfflineReason.UNEXPECTED_REPLY)

    def challenged(self, frame: Frame, reply: Reply) -> None:
        """Checks the peripheral's proof and prepares ours."""
        if self._handshake is None:
            raise HandshakeError(OfflineReason.UNEXPECTED_REPLY)
        self._proof = self._handshake.prove(frame, reply)

    def proved(self, frame: Frame, reply: Reply) -> SecureSession:
        """The session that the accepted proof opens."""
        if self._proof is None:
            raise HandshakeError(OfflineReason.UNEXPECTED_REPLY)
        return open_session(self._proof, frame, reply)

    def settles_key(self) -> bool:
        """Notes that the key works; True when that settles a KEYSET whose answer was lost."""
        return self._handshake is not None and self._keys.proved(self._handshake.base_key)

    def keyed(self, reply: Reply) -> None:
        """The peripheral has taken its own key in place of the default one."""
        if not isinstance(reply, Ack):
            raise HandshakeError(OfflineReason.SECURITY_REFUSED)
        self._keys.installed()

    def identified(self, reply: Reply) -> None:
        """Keeps who the peripheral is, as it said inside the session."""
        if not isinstance(reply, Identity):
            raise HandshakeError(OfflineReason.UNEXPECTED_REPLY)
        self._identity = reply

    def completed(self, address: int, reply: Reply) -> Online:
        """The event that ends the opening."""
        if not isinstance(reply, Capabilities) or self._identity is None:
            raise HandshakeError(OfflineReason.UNEXPECTED_REPLY)
        return Online(address, self._identity, reply)
