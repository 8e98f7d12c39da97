"""The secure channel: session keys, cryptograms, the MAC chain, encryption and padding.

Both ends keep two chained MACs. A command is signed with the last reply's MAC as its
start value and a reply with the last command's; the complement of the same value is the
start value of the encryption. So a message replayed, dropped or reordered fails at once.
Source: SIA OSDP v2.2, Annex D. Random numbers come from the caller.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from firmware_bridge.osdp.codes import SCBK_D, Malformed, OsdpError
from firmware_bridge.osdp.commands import KEY_LEN
from firmware_bridge.osdp.framing import MAC_LEN

BLOCK_LEN: Final = 16
_PAD_START: Final = b"\x80"
_ALL_ONES: Final = (1 << 128) - 1


class _Block:
    """AES-128 one block at a time under one key, with its two contexts kept open."""

    __slots__ = ("_decrypt", "_encrypt")

    def __init__(self, key: bytes) -> None:
        # The standard chains blocks itself (Annex D.5), so the bare block cipher is its brick.
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        self._encrypt: CipherContext = cipher.encryptor()
        self._decrypt: CipherContext = cipher.decryptor()

    def encrypt(self, block: bytes) -> bytes:
        return self._encrypt.update(block)

    def decrypt(self, block: bytes) -> bytes:
        return self._decrypt.update(block)


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(BLOCK_LEN)


def _complement(block: bytes) -> bytes:
    return (int.from_bytes(block) ^ _ALL_ONES).to_bytes(BLOCK_LEN)


def pad(data: bytes) -> bytes:
    """`data`, 0x80 and zeros up to a whole number of blocks; always at least one byte more."""
    padded = data + _PAD_START
    return padded + bytes(-len(padded) % BLOCK_LEN)


def unpad(padded: bytes) -> bytes:
    """The data before the padding; OsdpError(PADDING) when there is none."""
    stripped = padded.rstrip(b"\x00")
    if not stripped.endswith(_PAD_START) or len(padded) - len(stripped) >= BLOCK_LEN:
        raise OsdpError(Malformed.PADDING, "no end marker in the last block")
    return stripped[:-1]


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The three keys that a base key and the panel's random number give."""

    encryption: bytes = field(repr=False)
    mac1: bytes = field(repr=False)
    mac2: bytes = field(repr=False)

    @classmethod
    def derive(cls, base_key: bytes, panel_nonce: bytes) -> SessionKeys:
        """Session keys from a 16-byte base key and the 8-byte nonce of the challenge (D.4.1)."""
        base = _Block(base_key)
        tail = panel_nonce[:6] + bytes(8)
        return cls(
            encryption=base.encrypt(b"\x01\x82" + tail),
            mac1=base.encrypt(b"\x01\x01" + tail),
            mac2=base.encrypt(b"\x01\x02" + tail),
        )

    def client_cryptogram(self, panel_nonce: bytes, peripheral_nonce: bytes) -> bytes:
        """The peripheral's proof (D.4.3)."""
        return _Block(self.encryption).encrypt(panel_nonce + peripheral_nonce)

    def server_cryptogram(self, panel_nonce: bytes, peripheral_nonce: bytes) -> bytes:
        """The panel's proof (D.4.4)."""
        return _Block(self.encryption).encrypt(peripheral_nonce + panel_nonce)

    def initial_mac(self, server_cryptogram: bytes) -> bytes:
        """The first link of the MAC chain (D.4.5)."""
        return _Block(self.mac2).encrypt(_Block(self.mac1).encrypt(server_cryptogram))


def same(left: bytes, right: bytes) -> bool:
    """Equality in a time that tells nothing about where the two differ."""
    return hmac.compare_digest(left, right)


def is_weak(key: bytes) -> bool:
    """Whether a base key is one that an attacker tries first: default, constant or a ramp."""
    steps = {(after - before) & 0xFF for before, after in pairwise(key)}
    return len(key) != KEY_LEN or key == SCBK_D or len(steps) == 1 or len(set(key)) < 5


class SecureSession:
    """One running secure channel; a failed check raises and leaves the chain as it was."""

    __slots__ = ("_command_mac", "_encryption", "_mac1", "_mac2", "_reply_mac")

    def __init__(self, keys: SessionKeys, initial_mac: bytes) -> None:
        self._encryption = _Block(keys.encryption)
        self._mac1 = _Block(keys.mac1)
        self._mac2 = _Block(keys.mac2)
        self._command_mac = bytes(BLOCK_LEN)
        self._reply_mac = initial_mac

    def sign_command(self, message: bytes) -> bytes:
        """The four MAC bytes of a command; moves the chain."""
        self._command_mac = self._mac(self._reply_mac, message)
        return self._command_mac[:MAC_LEN]

    def sign_reply(self, message: bytes) -> bytes:
        """The four MAC bytes of a reply; moves the chain."""
        self._reply_mac = self._mac(self._command_mac, message)
        return self._reply_mac[:MAC_LEN]

    def verify_command(self, message: bytes, mac: bytes) -> None:
        """Moves the chain if `mac` belongs to the command; OsdpError(MAC) if not."""
        self._command_mac = self._verified(self._reply_mac, message, mac)

    def verify_reply(self, message: bytes, mac: bytes) -> None:
        """Moves the chain if `mac` belongs to the reply; OsdpError(MAC) if not."""
        self._reply_mac = self._verified(self._command_mac, message, mac)

    def encrypt_command(self, data: bytes) -> bytes:
        """Padded and encrypted data of the next command; call before signing it."""
        return self._encrypt(_complement(self._reply_mac), data)

    def encrypt_reply(self, data: bytes) -> bytes:
        """Padded and encrypted data of the next reply; call before signing it."""
        return self._encrypt(_complement(self._command_mac), data)

    def decrypt_command(self, data: bytes) -> bytes:
        """Data of the verified command; OsdpError(PADDING) when it does not decrypt."""
        return self._decrypt(_complement(self._reply_mac), data)

    def decrypt_reply(self, data: bytes) -> bytes:
        """Data of the verified reply; OsdpError(PADDING) when it does not decrypt."""
        return self._decrypt(_complement(self._command_mac), data)

    def _mac(self, start: bytes, message: bytes) -> bytes:
        whole = message if message and len(message) % BLOCK_LEN == 0 else pad(message)
        for at in range(0, len(whole) - BLOCK_LEN, BLOCK_LEN):
            start = self._mac1.encrypt(_xor(start, whole[at : at + BLOCK_LEN]))
        return self._mac2.encrypt(_xor(start, whole[-BLOCK_LEN:]))

    def _verified(self, start: bytes, message: bytes, mac: bytes) -> bytes:
        expected = self._mac(start, message)
        if not same(expected[:MAC_LEN], mac):
            raise OsdpError(Malformed.MAC, "the message authentication code does not match")
        return expected

    def _encrypt(self, start: bytes, data: bytes) -> bytes:
        padded = pad(data)
        out = bytearray()
        for at in range(0, len(padded), BLOCK_LEN):
            start = self._encryption.encrypt(_xor(start, padded[at : at + BLOCK_LEN]))
            out += start
        return bytes(out)

    def _decrypt(self, start: bytes, data: bytes) -> bytes:
        if not data or len(data) % BLOCK_LEN:
            raise OsdpError(Malformed.PADDING, "encrypted data is not a number of blocks")
        out = bytearray()
        for at in range(0, len(data), BLOCK_LEN):
            block = data[at : at + BLOCK_LEN]
            out += _xor(start, self._encryption.decrypt(block))
            start = block
        return unpad(bytes(out))
