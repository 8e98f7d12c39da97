"""The file a laptop carries to a key box: a day ticket, and what the hub sends to the box with it.

It is a secret for its day: whoever holds it and stands before that one box may do there what its
rights say. The hub makes it, `kagimori-edge keybox` reads it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final

import msgspec

from wire.clock import Instant
from wire.errors import WireError, WireFault
from wire.keybox_keys import KEY_LENGTH, MAC_LENGTH, Right, SecretEnvelope
from wire.policy_bodies import Id

TICKET_VERSION: Final = 1
_MAX_BYTES: Final = 4_096
_U32 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]


def _bytes(text: str, length: int, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise WireError(WireFault.BAD_FIELD, what) from error
    if len(data) != length:
        raise WireError(WireFault.BAD_FIELD, what)
    return data


class TicketReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The hub holds all records of that log epoch through that index; `mac` is base64."""

    log_epoch: _U32
    through: _U32
    mac: str

    @property
    def mac_bytes(self) -> bytes:
        """The 16 bytes of the receipt."""
        return _bytes(self.mac, MAC_LENGTH, "receipt")


class KeyboxTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket file. `day` is a `day_number`, `rights` the bits of `Right`, `ticket` the key in
    base64, `secret` an envelope (`SecretEnvelope.encode`) in base64, `expires` when the day ends in
    Japan. `then` is the same ticket under the secrets in the envelope: what the box knows once it
    has taken them, whether or not anybody heard it say so."""

    v: int
    device: Id
    day: _U32
    rights: Annotated[int, msgspec.Meta(ge=1, le=0x7F)]
    ticket: str
    expires: Instant
    receipt: TicketReceipt | None = None
    secret: str | None = None
    then: str | None = None

    def __repr__(self) -> str:
        return f"KeyboxTicket(device={self.device!r}, day={self.day}, rights={self.rights})"

    @property
    def right(self) -> Right:
        """What it allows."""
        return Right(self.rights)

    @property
    def key(self) -> bytes:
        """The ticket itself, 32 bytes."""
        return _bytes(self.ticket, KEY_LENGTH, "ticket")

    @property
    def key_then(self) -> bytes | None:
        """The ticket that holds once the box has its new secrets, 32 bytes."""
        return None if self.then is None else _bytes(self.then, KEY_LENGTH, "then")

    @property
    def envelope(self) -> SecretEnvelope | None:
        """New secrets for the box, if the hub sends any."""
        if self.secret is None:
            return None
        return SecretEnvelope.decode(_bytes(self.secret, SecretEnvelope.LENGTH, "secret"))


def make_ticket(
    device: str,
    day: int,
    rights: Right,
    key: bytes,
    expires: Instant,
    receipt: tuple[int, int, bytes] | None = None,
    envelope: SecretEnvelope | None = None,
    key_then: bytes | None = None,
) -> KeyboxTicket:
    """Put a ticket together; `receipt` is (log epoch, through, 16 bytes), `key_then` the ticket
    under the secrets in the envelope."""
    return KeyboxTicket(
        v=TICKET_VERSION,
        device=device,
        day=day,
        rights=int(rights),
        ticket=base64.b64encode(key).decode(),
        expires=expires,
        receipt=None
        if receipt is None
        else TicketReceipt(
            log_epoch=receipt[0], through=receipt[1], mac=base64.b64encode(receipt[2]).decode()
        ),
        secret=None if envelope is None else base64.b64encode(envelope.encode()).decode(),
        then=None if key_then is None else base64.b64encode(key_then).decode(),
    )


def encode_ticket(ticket: KeyboxTicket) -> bytes:
    """Make the file's bytes."""
    return msgspec.json.encode(ticket)


def decode_ticket(data: bytes) -> KeyboxTicket:
    """Read a ticket file, all of it; raise `WireError` with `TOO_LARGE` or `BAD_FIELD`."""
    if len(data) > _MAX_BYTES:
        raise WireError(WireFault.TOO_LARGE, f"a ticket of {len(data)} bytes")
    try:
        ticket = msgspec.json.decode(data, type=KeyboxTicket)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_FIELD, "not a ticket") from error
    if ticket.v != TICKET_VERSION:
        raise WireError(WireFault.BAD_FIELD, f"a ticket of version {ticket.v}")
    _check(ticket)
    return ticket


def _check(ticket: KeyboxTicket) -> None:
    """Read what stands in base64, so that a damaged file is refused at once."""
    _ = ticket.key, ticket.envelope, ticket.key_then
    if ticket.receipt is not None:
        _ = ticket.receipt.mac_bytes
