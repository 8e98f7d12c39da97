"""The secret keys of cards that share one with us: opened when first needed, kept in memory alone.

The policy brings each card's own key sealed to this controller, for the cards that are granted here
and no others. The loop hands in what the policy holds; readers' threads ask.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from edge.cards.identity import Identity
from wire.card_keys import CARD_KEY_LEN
from wire.errors import WireError
from wire.keys import PinKey
from wire.pins import card_digest
from wire.policy_bodies import CardBody

_log: Final = structlog.get_logger(__name__)


class CardKeys(Protocol):
    """Where whoever reads cards finds a card's secret key."""

    def key_of(self, identity: Identity) -> bytes | None:
        """Give the 16 bytes that a card of this identity shares with us; None where it has none."""


class NoCardKeys:
    """No card shares a key with us."""

    def key_of(self, identity: Identity) -> bytes | None:  # noqa: ARG002  # the port's signature
        """Give None."""
        return None


@dataclass(frozen=True, slots=True)
class _Opened:
    sealed: str
    key: bytes | None = field(repr=False)


class CardKeyring:
    """Opens keys once each. `open_key(credential, sealed)` raises `WireError` for what was not
    sealed for that card and this controller: such a card has no key, and the log names it."""

    def __init__(self, pin: PinKey, open_key: Callable[[str, str], bytes]) -> None:
        self._pin = pin
        self._open = open_key
        self._lock = threading.Lock()
        self._sealed: Mapping[tuple[str, str], CardBody] = {}
        self._opened: dict[str, _Opened] = {}

    def follow(self, sealed: Mapping[tuple[str, str], CardBody]) -> None:
        """Take up the cards of the policy that have a sealed key, by namespace and digest: a
        mapping that nobody changes any more."""
        with self._lock:
            self._sealed = sealed
            held = {card.credential for card in sealed.values()}
            self._opened = {name: one for name, one in self._opened.items() if name in held}

    def key_of(self, identity: Identity) -> bytes | None:
        """Give the key of the card that has this identity; from any thread."""
        digest = card_digest(self._pin, identity.namespace, identity.value)
        with self._lock:
            card = self._sealed.get((identity.namespace, digest))
        return None if card is None else self.key_for(card)

    def key_for(self, card: CardBody) -> bytes | None:
        """Give a card's key; from any thread."""
        if card.sealed is None:
            return None
        with self._lock:
            known = self._opened.get(card.credential)
            if known is None or known.sealed != card.sealed:
                known = _Opened(card.sealed, self._key(card.credential, card.sealed))
                self._opened[card.credential] = known
        return known.key

    def _key(self, credential: str, sealed: str) -> bytes | None:
        try:
            key = self._open(credential, sealed)
        except WireError:
            _log.error("card_key_not_ours", card=credential)
            return None
        if len(key) != CARD_KEY_LEN:
            _log.error("card_key_not_ours", card=credential)
            return None
        return key
