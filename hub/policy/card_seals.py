"""A card's own key, sealed to a controller where it is granted: the same text at each compilation.

The ephemeral key of the seal comes from the hub's index key over recipient, context and secret
together. Whoever has the index key and not the card's key learns nothing by it: the card's key, 128
random bits, is part of what is hashed.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.keys import HubKeys
from hub.people.card_key_domain import card_key_row
from hub.people.domain import Card
from wire.sealing import seal_context, seal_secret

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (SP 800-186, 3.2.1.3)."""


class CardSeals:
    """Seals cards' keys to one controller."""

    def __init__(
        self, keys: HubKeys, controller_id: str, recipient: ec.EllipticCurvePublicKey
    ) -> None:
        self._keys = keys
        self._controller_id = controller_id
        self._recipient = recipient
        self._point = recipient.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sealed(self, card: Card) -> str | None:
        """Give a card's key sealed for its policy entry; None for one that shares none. Raises
        `SealBrokenError` for a row that was altered."""
        if card.shared_key is None:
            return None
        secret = self._keys.unseal(card.shared_key, card_key_row(card.id))
        context = seal_context(self._controller_id, "card", card.id)
        return seal_secret(self._recipient, secret, context, self._ephemeral(secret, context))

    def _ephemeral(self, secret: bytes, context: bytes) -> ec.EllipticCurvePrivateKey:
        for attempt in count():
            parts = (bytes([attempt]), self._point, context, secret)
            scalar = int(self._keys.blind("card-seal", *parts), 16)
            if 0 < scalar < _ORDER:  # all but one of 2^32 are
                return ec.derive_private_key(scalar, ec.SECP256R1())
        raise AssertionError  # pragma: no cover
