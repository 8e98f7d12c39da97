"""What the pages of card key sets show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.pages.views.card_profile import profile_name
from hub.pages.views.key_set import (
    Holder,
    KeySetLine,
    KeySetPage,
    key_set_line,
    late_cards,
)
from hub.pages.words import Words
from hub.people import repository as people_rows
from hub.people.domain import Card, CardState
from hub.people.kinds import CARD, CARD_KEY_SET
from hub.people.tables import cards
from hub.policy.exposure import holders_of_keys
from hub.sites import repository as sites
from hub.web.core import Core
from hub.web.rights import Principal, Right

MOST_LATE: Final = 100
_MOST_NAMED: Final = 200


@dataclass(frozen=True, slots=True)
class KeySetPages:
    """Reads for the pages of card key sets."""

    core: Core
    rows: AuditedRows

    def listed(self, words: Words) -> tuple[KeySetLine, ...]:
        """Give the sets, by name."""
        with self.core.db.read() as scope:
            return tuple(
                key_set_line(
                    each, people_rows.cards_of_key_set(scope, each.id, each.version), words
                )
                for each in people_rows.card_key_sets_by_name(scope)
            )

    def page(self, who: Principal, set_id: str, words: Words) -> KeySetPage:
        """Give one set; raises `not_found`."""
        found, t = self.rows.get(who, CARD_KEY_SET, set_id), words.t
        with self.core.db.read() as scope:
            counts = people_rows.cards_of_key_set(scope, set_id, found.version)
            late = people_rows.older_cards_of_key_set(scope, set_id, found.version, CARD.reach(who))
            late = tuple(
                sorted(late, key=lambda card: (card.state is not CardState.ACTIVE, card.id))
            )
            shown = late[:MOST_LATE]
            names = _names(scope, shown, words)
            holders, exposed = self._holders(scope, who, set_id, words)
        total = counts.cards + counts.older_cards
        since = words.date_time(found.renewed_at or found.created_at)
        return KeySetPage(
            id=found.id,
            name=found.name,
            profile=profile_name(found.profile, words),
            application=found.application,
            version=t("key_sets.version", version=found.version),
            since=t("key_sets.since", time=since),
            progress=t("key_sets.progress", done=counts.cards, total=total),
            done=counts.cards,
            total=total,
            is_moving=counts.older_cards > 0,
            still_open=counts.older_active,
            late=late_cards(shown, names, words),
            more=t("key_sets.more", count=len(late) - len(shown)) if len(late) > MOST_LATE else "",
            holders=holders,
            exposed=t("key_sets.exposed", count=exposed, controllers=len(holders)),
            may_write=who.may(Right.PEOPLE_WRITE) and who.sites is None,
        )

    def _holders(
        self, scope: Scope, who: Principal, set_id: str, words: Words
    ) -> tuple[tuple[Holder, ...], int]:
        """The controllers that hold keys of the set's cards, and how many cards there are."""
        query = sa.select(cards).where(cards.c.key_set_id == set_id, CARD.reach(who))
        mine = {each.id: each for each in as_all(Card, scope.all(query))}
        held = holders_of_keys(scope, mine)
        names = _names(scope, tuple(mine.values()), words)
        found = []
        for controller_id, card_ids in held.items():
            controller = sites.controller(scope, controller_id)
            site = sites.site(scope, controller.site_id) if controller is not None else None
            doors = sites.doors_of_controller(scope, controller_id)
            called = sorted(_called(mine[each], names, words) for each in card_ids)
            found.append(
                Holder(
                    name=" ".join(each.name for each in (site, controller) if each is not None),
                    doors=words.t("words.comma").join(
                        words.name(door.name, door.name_en) for door in doors
                    ),
                    count=words.t("key_sets.cards", count=len(card_ids)),
                    cards=tuple(called[:_MOST_NAMED]),
                )
            )
        held_ids = {each for card_ids in held.values() for each in card_ids}
        return tuple(sorted(found, key=lambda one: one.name)), len(held_ids)


def _names(scope: Scope, held: Sequence[Card], words: Words) -> dict[str, str]:
    known = people_rows.people_by_id(scope, {each.person_id for each in held if each.person_id})
    return {each.id: words.name(each.name, each.name_en) for each in known.values()}


def _called(card: Card, names: dict[str, str], words: Words) -> str:
    label = card.label or words.t("cards.no_label")
    whose = names.get(card.person_id or "", "")
    return f"{whose} {label}" if whose else label
