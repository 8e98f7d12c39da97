"""The hub's keys at work: sealing rows, blind indexes, token hashes, controllers' keys.

They live in two files outside the database and outside its backup (`provisioning.hub_keys`) and
are read again when a file changes, so that a new controller needs no restart.
"""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisioning.errors import ProvisioningError
from provisioning.hub_keys import ControllerKeys, DataKeys, load_data_keys, load_link_keys

T = TypeVar("T")

_NONCE_BYTES: Final = 12
_log = structlog.get_logger(__name__)


class KeyFileError(Exception):
    """A key file is missing or damaged, or a row was sealed with a key that it does not hold."""


class SealBrokenError(KeyFileError):
    """A sealed value was altered, or belongs to another row."""


class KeyFile(Generic[T]):
    """A file of keys, read at first use and again whenever it changes.

    A change that cannot be read leaves the keys read before in force and is logged as an error.
    """

    def __init__(self, path: Path, load: Callable[[Path], T]) -> None:
        self._path = path
        self._load = load
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._held: T | None = None

    def get(self) -> T:
        """Give what the file holds now; raise `KeyFileError` if it was never readable."""
        with self._lock:
            stamp = self._stamp_now()
            if self._held is None or (stamp is not None and stamp != self._stamp):
                self._read(stamp)
            assert self._held is not None  # noqa: S101  # _read raises if it has nothing to give
            return self._held

    def _read(self, stamp: tuple[int, int, int] | None) -> None:
        try:
            self._held = self._load(self._path)
        except (ProvisioningError, OSError) as error:
            if self._held is None:
                raise KeyFileError(
                    f"{self._path}: {error}; write it with `kagimori-provision` or restore it"
                ) from error
            _log.error("key_file_unreadable", path=str(self._path), error=str(error))
        self._stamp = stamp

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


class HubKeys:
    """What services ask of the keys; they never see the data keys themselves."""

    def __init__(
        self, data: Callable[[], DataKeys], links: Callable[[], dict[str, ControllerKeys]]
    ) -> None:
        self._data = data
        self._links = links

    @classmethod
    def from_files(cls, data_keys: Path, link_keys: Path) -> HubKeys:
        """Use `data-keys.json` and `link-keys.json`; each is read when first needed."""
        return cls(KeyFile(data_keys, load_data_keys).get, KeyFile(link_keys, load_link_keys).get)

    def check(self) -> None:
        """Raise `KeyFileError` unless both files can be read now."""
        self._data()
        self._links()

    def controller(self, controller_id: str) -> ControllerKeys | None:
        """Give a controller's K_link, K_pin and public key, or None if it was never enrolled."""
        return self._links().get(controller_id)

    def controllers(self) -> dict[str, ControllerKeys]:
        """Give every enrolled controller's keys by its id."""
        return dict(self._links())

    @property
    def active_key(self) -> str:
        """The id of the data key that new rows are sealed under."""
        return self._data().active

    def seal(self, plaintext: bytes, row: str) -> bytes:
        """Encrypt a value for one row (AES-256-GCM, `row` such as `cards:<id>` as associated
        data): key id length, key id, nonce, ciphertext and tag."""
        keys = self._data()
        kid = keys.active.encode()
        nonce = os.urandom(_NONCE_BYTES)
        body = AESGCM(keys.encrypt[keys.active]).encrypt(nonce, plaintext, row.encode())
        return bytes([len(kid)]) + kid + nonce + body

    def unseal(self, sealed: bytes, row: str) -> bytes:
        """Decrypt a value of this row. Raises `SealBrokenError` if it was altered or moved,
        `KeyFileError` if its key is not in the file."""
        end = 1 + sealed[0] if sealed else 1
        key = self._data().encrypt.get(sealed[1:end].decode(errors="replace"))
        if key is None:
            raise KeyFileError("the key that sealed this row is not in the key file")
        nonce, body = sealed[end : end + _NONCE_BYTES], sealed[end + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError("a sealed value does not belong to its row") from error

    def blind(self, label: str, *parts: bytes) -> str:
        """Give a keyed blind index (HMAC-SHA-256, 64 hexadecimal digits) over a label and parts,
        by which equal values can be found without being readable."""
        return hmac.digest(self._data().index, _framed(label, parts), "sha256").hex()

    def token_hash(self, label: str, token: str) -> str:
        """Give the peppered hash (HMAC-SHA-256, 64 hexadecimal digits) under which a random token
        of 128 bits or more is stored."""
        return hmac.digest(self._data().pepper, _framed(label, (token.encode(),)), "sha256").hex()


def _framed(label: str, parts: tuple[bytes, ...]) -> bytes:
    """Join unambiguously: each part behind its length."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in (label.encode(), *parts))
