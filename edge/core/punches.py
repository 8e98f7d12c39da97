"""What a tap means for attendance. The edge never toggles between in and out: the hub derives."""

from __future__ import annotations

from typing import Final

from wire.events import PunchBody, PunchDirection
from wire.policy_bodies import Assurance, CardBody, PunchRule, ReaderBody

_BY_RULE: Final = {
    PunchRule.IN: PunchDirection.IN,
    PunchRule.OUT: PunchDirection.OUT,
    PunchRule.INFERRED: PunchDirection.INFERRED,
}

BY_KEY: Final = {
    "1": PunchDirection.IN,
    "2": PunchDirection.OUT,
    "3": PunchDirection.BREAK_START,
    "4": PunchDirection.BREAK_END,
}
"""The keys of a terminal where people choose, pressed before the tap."""


def punch_for(
    reader_id: str, reader: ReaderBody, card: CardBody, assurance: Assurance, chosen: str
) -> PunchBody | None:
    """Give the punch that a known card's tap makes at a reader, or None where it makes none.

    A terminal whose person chose nothing records the tap with its direction to be inferred.
    """
    if reader.punch is PunchRule.NONE or card.person is None:
        return None
    direction = (
        BY_KEY.get(chosen[-1:], PunchDirection.INFERRED)
        if reader.punch is PunchRule.CHOSEN
        else _BY_RULE[reader.punch]
    )
    return PunchBody(
        reader=reader_id,
        person=card.person,
        credential=card.credential,
        direction=direction,
        door=reader.door,
        assurance=assurance,
    )
