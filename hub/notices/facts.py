"""What a message about a booking is made of, read in the transaction that claims it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.bookings import repository as booking_rows
from hub.bookings.numbers import grouped
from hub.bookings.records import Booking, Facility, Revealed
from hub.bookings.steps import Step
from hub.catalogue import Language
from hub.database.scope import Scope
from hub.keyboxes import repository as box_rows
from hub.notices.domain import Rules
from hub.sites import repository as sites


@dataclass(frozen=True, slots=True)
class Names:
    """A thing's names: 日本語, やさしい日本語, English; the latter two may be empty."""

    ja: str
    easy: str = ""
    en: str = ""

    def in_(self, language: Language) -> str:
        """Give the name in a language, 日本語 where it has none."""
        return {Language.EASY: self.easy, Language.EN: self.en}.get(language) or self.ja


@dataclass(frozen=True, slots=True)
class HolderPin:
    """What one holder types at the doors."""

    holder: str = field(repr=False)
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BoxCode:
    """What one holder types at a key box; `opens` is when the code really opens it."""

    box: Names
    place: str
    holder: str = field(repr=False)
    digits: str = field(repr=False)
    opens: tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a message may say. `several` holders are named beside their digits."""

    town: Names
    facility: Names
    doors: tuple[Names, ...]
    boxes: tuple[tuple[Names, str], ...]
    address: str
    map_url: str
    phone: str
    name: str = field(repr=False)
    number: str
    """What people call the booking: its short number in groups."""
    booked: tuple[datetime, datetime]
    effective: tuple[datetime, datetime]
    confirmed: bool
    released: bool
    """Whether digits may be told: confirmed and, where that is asked, paid."""
    reason: str
    several: bool
    closing: str
    pins: tuple[HolderPin, ...] = field(default=(), repr=False)
    codes: tuple[BoxCode, ...] = field(default=(), repr=False)
    steps: tuple[Step, ...] = ()
    """What the facility asks of whoever uses it."""


def facts_of(
    scope: Scope,
    booking: Booking,
    revealed: Sequence[Revealed],
    rules: Rules,
    town: Names,
    town_phone: str,
) -> Facts:
    """Read what a message about a booking may say; `revealed` is empty where no digits go in."""
    facility = _facility(scope, booking)
    site = sites.site(scope, booking.site_id)
    known = sites.doors_by_id(scope, booking.doors)
    boxes = box_rows.boxes_by_id(scope, booking.key_boxes) if booking.key_boxes else {}
    doors = tuple(
        Names(known[each].name, "", known[each].name_en) for each in booking.doors if each in known
    )
    hung = tuple((Names(box.name, "", box.name_en), box.place) for box in boxes.values())
    holders = booking_rows.holders(scope, booking.id)
    names = {row.id: row.name for row in holders}
    placed = [*doors, *(box for box, _ in hung)]
    return Facts(
        town=town,
        facility=_names(facility) if facility else _joined(placed),
        doors=doors,
        boxes=hung,
        address=site.address if site else "",
        map_url=_map(site.latitude, site.longitude) if site else "",
        phone=(facility.phone if facility else "") or (site.phone if site else "") or town_phone,
        name=booking.contact.name,
        number=grouped(booking.number) or booking.reservation_key,
        booked=(booking.booked.starts_at, booking.booked.ends_at),
        effective=(booking.effective.starts_at, booking.effective.ends_at),
        confirmed=booking.state.value == "confirmed",
        released=booking.released,
        reason=booking.decision_reason,
        several=len(names) > 1,
        closing=rules.closing_in(booking.contact.language),
        pins=tuple(
            HolderPin(names.get(each.holder_id, ""), each.pin)
            for each in revealed
            if each.pin is not None
        ),
        codes=tuple(
            BoxCode(
                Names(boxes[shown.code.lock_id].name, "", boxes[shown.code.lock_id].name_en),
                boxes[shown.code.lock_id].place,
                names.get(each.holder_id, ""),
                shown.digits,
                shown.code.effective,
            )
            for each in revealed
            for shown in each.codes
            if shown.code.lock_id in boxes
        ),
        steps=facility.steps if facility else (),
    )


def _facility(scope: Scope, booking: Booking) -> Facility | None:
    return booking_rows.facility(scope, booking.facility_id) if booking.facility_id else None


def _names(facility: Facility) -> Names:
    return Names(facility.name_ja, facility.name_easy, facility.name_en)


def _joined(names: Sequence[Names]) -> Names:
    return Names("、".join(each.ja for each in names), "", ", ".join(e.en or e.ja for e in names))


def _map(latitude: float | None, longitude: float | None) -> str:
    """The map of the Geospatial Information Authority of Japan, which follows nobody."""
    if latitude is None or longitude is None:
        return ""
    return f"https://maps.gsi.go.jp/#17/{latitude:.6f}/{longitude:.6f}/"


def truth_of(booking: Booking, holders: Sequence[tuple[str, str]], address: str) -> bytes:
    """Give what a contact has to know of a booking beside its digits, as bytes to be hashed."""
    parts: list[str] = [
        booking.state.value,
        "released" if booking.released else "",
        booking.booked.starts_at.isoformat(),
        booking.booked.ends_at.isoformat(),
        booking.effective.starts_at.isoformat(),
        booking.effective.ends_at.isoformat(),
        booking.facility_id or "",
        *booking.doors,
        "",
        *booking.key_boxes,
        "",
        *(f"{holder_id}={name}" for holder_id, name in holders),
        "",
        address,
    ]
    return "\x1f".join(parts).encode()


def digits_of(revealed: Sequence[Revealed]) -> bytes:
    """Give all digits of a booking, as bytes to be hashed."""
    parts = [
        f"{each.holder_id}:{each.pin or ''}:"
        + ",".join(f"{shown.code.lock_id}={shown.digits}" for shown in each.codes)
        for each in sorted(revealed, key=lambda each: each.holder_id)
    ]
    return "\x1f".join(parts).encode()
