"""Everything in the demo that people can touch: doors, cards, terminal, network cables.

Shared by the page, where a person touches it, and by the story, which does so in their place.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from deploy.demo.cable import NetworkCable
from deploy.demo.hand import Hand
from deploy.demo.key_box import KeyBoxMechanics
from deploy.demo.plan import DOORS, SITES, CardPlan, DoorPlan
from deploy.demo.site import BoardPlan, DoorMechanics, Site
from edge.cards.virtual_card import EcdsaCard

_OSDP_KEY_BYTES: Final = 16
_READER_BITS: Final = 64


class World:
    """The simulated things of all sites. Safe to use from any thread."""

    def __init__(self, broker_port: int, terminal_ports: Mapping[str, int]) -> None:
        self._changed = threading.Condition()
        self.version = 0
        self._closed = False
        self.osdp_keys = {plan.key: secrets.token_bytes(_OSDP_KEY_BYTES) for plan in DOORS}
        self.sites = {site.key: self._build_site(site.key) for site in SITES}
        self.cables = {site.key: NetworkCable(broker_port) for site in SITES}
        self.box = KeyBoxMechanics(self._note)
        self._hands = {key: Hand(port) for key, port in terminal_ports.items()}
        self._on_terminal = dict.fromkeys(terminal_ports, "")

    def _build_site(self, key: str) -> Site:
        boards = [
            BoardPlan(plan.key, plan.address, self.osdp_keys[plan.key], plan.bolt_switch)
            for plan in DOORS
            if plan.site == key
        ]
        return Site(key, boards, self._note)

    def door(self, plan: DoorPlan) -> DoorMechanics:
        """Give a door's mechanics."""
        return self.sites[plan.site].doors[plan.key]

    def hold_card(self, plan: DoorPlan, card: CardPlan) -> None:
        """Hold a card to a door's reader, which sends its verified number."""
        self.door(plan).hold_card(_READER_BITS, card.reader_number)

    def lay_on_terminal(self, terminal: str, card: CardPlan) -> None:
        """Lay a card on one of the town hall's terminals, until `clear_terminal`."""
        self._hands[terminal].lay(EcdsaCard.with_scalar(card.number, card.scalar))
        self._on_terminal[terminal] = card.key
        self._note()

    def clear_terminal(self, terminal: str) -> None:
        """Take the card off a terminal."""
        self._hands[terminal].take()
        self._on_terminal[terminal] = ""
        self._note()

    def set_cable(self, site: str, *, plugged: bool) -> None:
        """Pull or plug a site's network cable."""
        if plugged:
            self.cables[site].plug()
        else:
            self.cables[site].pull()
        self._note()

    def snapshot(self) -> dict[str, Any]:
        """Give everything that can be seen, for the page."""
        return {
            "version": self.version,
            "doors": {plan.key: asdict(self.door(plan).view()) for plan in DOORS},
            "box": asdict(self.box.view()),
            "cables": {key: cable.plugged for key, cable in self.cables.items()},
            "terminals": dict(self._on_terminal),
        }

    @property
    def closed(self) -> bool:
        """Whether everything was switched off."""
        return self._closed

    def wait_beyond(self, version: int, timeout_s: float) -> int:
        """Wait until something has changed since `version`, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self.version > version, timeout_s)
            return self.version

    def close(self) -> None:
        """Switch everything off."""
        self._closed = True
        self._note()
        for hand in self._hands.values():
            hand.take()
        for cable in self.cables.values():
            cable.close()
        for site in self.sites.values():
            site.close()
        self.box.close()

    def _note(self) -> None:
        with self._changed:
            self.version += 1
            self._changed.notify_all()
