"""A hall whose residents are told: a planner, and a sender whose channels are kept in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hub.bookings.facilities import FacilitiesService
from hub.bookings.holders import HolderPins
from hub.bookings.records import BookingWish, Contact, Facility
from hub.bookings.service import BookingsService
from hub.bookings.tables import Approval
from hub.bookings.windows import BookingRules
from hub.bootstrap import Hub
from hub.catalogue import Language
from hub.clock import HandMovedClock
from hub.database.scope import Scope
from hub.keyboxes.codes import OfflineCodes
from hub.notices import repository
from hub.notices.carrier import Outgoing
from hub.notices.composing import Composer
from hub.notices.domain import Channel, Notice, NoticeState, Outcome, Sent, email_address, line_user
from hub.notices.meters import NoticeMeters
from hub.notices.planner import NoticePlanner
from hub.notices.sender import NoticeSender
from hub.notices.settings import LineSettings, MailSettings
from hub.notices.subscriptions import Subscriptions
from hub.notices.texts import as_text
from hub.pins import placements
from hub.pins.links import PinLinks
from hub.pins.placement import PlacementEvent, PlacementState
from hub.pins.placements import Happening
from hub.pins.service import Pins
from hub.pins.tables import pin_placements
from hub.settings import Settings
from hub.web.rights import Principal, PrincipalKind, Role

LINE_USER = "U" + "0123456789abcdef" * 2
CHANNELS = (Channel.LINE, Channel.EMAIL)


@dataclass
class MemoryCarrier:
    """A channel that keeps what it is given, and answers as it is told to."""

    channel: Channel
    sent: list[Outgoing] = field(default_factory=list)
    tried: list[Outgoing] = field(default_factory=list)
    answers: list[Sent] = field(default_factory=list)
    while_sending: Callable[[], None] | None = None

    def address(self, text: str) -> str | None:
        return line_user(text) if self.channel is Channel.LINE else email_address(text)

    def send(self, message: Outgoing) -> Sent:
        self.tried.append(message)
        if self.while_sending is not None:
            self.while_sending()
        answer = self.answers.pop(0) if self.answers else Sent(Outcome.SENT)
        if answer.outcome is Outcome.SENT:
            self.sent.append(message)
        return answer

    def close(self) -> None:
        return


def text_of(message: Outgoing) -> str:
    """What somebody reads."""
    return message.said.subject + "\n" + as_text([*message.said.blocks, *message.said.footer])


def digits_in(message: Outgoing) -> str:
    """Every group of digits that is written like a PIN (48 27 16), without the spaces."""
    found = re.search(r"^(\d{2,3}( \d{2,3})+)$", text_of(message), re.MULTILINE)
    return found[1].replace(" ", "") if found else ""


@dataclass
class Desk:
    """A hall, its services, and what was sent."""

    hub: Hub
    town: Any
    bookings: BookingsService
    planner: NoticePlanner
    sender: NoticeSender
    mail: MemoryCarrier
    line: MemoryCarrier
    subscriptions: Subscriptions
    holders: HolderPins
    clerk: Principal
    facility: str
    doors: tuple[str, ...]
    count: int = 0

    @property
    def clock(self) -> HandMovedClock:
        clock: HandMovedClock = self.town.clock
        return clock

    def wish(self, start_h: float = 48, hours: float = 2, **more: Any) -> BookingWish:
        more.setdefault("facility_id", self.facility)
        more.setdefault("contact", Contact("山田 花子", "hanako@example.jp", "0123-45-6789"))
        start = self.clock.now() + timedelta(hours=start_h)
        return BookingWish(starts_at=start, ends_at=start + timedelta(hours=hours), **more)

    def put(self, key: str = "b1", **wished: Any) -> str:
        """Make or change a booking; give its id."""
        view, _ = self.bookings.put(self.clerk, key, self.wish(**wished))
        return view.booking.id

    def run(self) -> None:
        """One run of both jobs."""
        self.planner.run()
        self.sender.run()

    def let_pass(self, **by: float) -> None:
        """Move the clock in steps, the jobs running at each as they would."""
        until = self.clock.now() + timedelta(**by)
        while self.clock.now() < until:
            self.run()
            self.clock.set(min(until, self.clock.now() + timedelta(minutes=5)))
        self.run()

    def skip(self, **by: float) -> None:
        """Move the clock in one leap and run."""
        self.clock.advance(timedelta(**by))
        self.run()
        self.run()

    def settle(self) -> None:
        """Let what was just caused go out."""
        self.run()
        self.skip(seconds=61)

    def place(self) -> None:
        """Every door confirms every PIN that it should hold."""

        def write(scope: Scope) -> None:
            now, E = self.clock.now(), PlacementEvent
            for each in placements.where(scope, pin_placements.c.state.is_not(None)):
                if each.state is PlacementState.SCHEDULED:
                    each = placements.change(scope, each, Happening(E.SEND, now, "test"), version=1)
                if each.state is PlacementState.PLACING:
                    placements.change(scope, each, Happening(E.CONFIRM, now, "test"))

        self.hub.core.db.write(write)

    def digits(self, key: str = "b1") -> str:
        """The PIN of a booking with one holder, as the doors know it."""
        (revealed,) = self.bookings.reveal(self.clerk, key)
        assert revealed.pin is not None
        return revealed.pin

    def rows(self, booking_id: str) -> list[Notice]:
        with self.hub.core.db.read() as scope:
            return repository.of_booking(scope, booking_id)

    def kinds(self, carrier: MemoryCarrier | None = None) -> list[str]:
        """The kinds of what was sent, in order."""
        with self.hub.core.db.read() as scope:
            found = [repository.by_id(scope, m.id) for m in (carrier or self.mail).sent]
        return [each.kind.value for each in found if each]

    def open_rows(self, booking_id: str) -> list[Notice]:
        return [
            each
            for each in self.rows(booking_id)
            if each.state in (NoticeState.WAITING, NoticeState.SENDING)
        ]


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A town with both channels set up."""
    for name in ("token", "secret"):
        (tmp_path / name).write_text(f"{name}-of-the-test\n")
    return settings.model_copy(
        update={
            "mail": MailSettings.model_validate(
                {"host": "localhost", "security": "none", "from": "kagi@town.example.jp"}
            ),
            "line": LineSettings(
                token_file=tmp_path / "token",
                secret_file=tmp_path / "secret",
                api_url="http://127.0.0.1:9",
            ),
        }
    )


@pytest.fixture
def make_desk(hub: Hub, hub_town: Any) -> Callable[..., Desk]:
    """`make_desk(channels=..., approval=...)`."""

    def make(
        channels: tuple[Channel, ...] = CHANNELS,
        approval: Approval = Approval.AUTOMATIC,
        **notices: Any,
    ) -> Desk:
        core = hub.core
        if notices:
            changed = core.settings.notices.model_copy(update=notices)
            core = replace(core, settings=core.settings.model_copy(update={"notices": changed}))
        clerk = Principal(PrincipalKind.TOKEN, "clerk", "clerk", Role.CLERK)
        site = hub_town.site()
        controller = hub_town.controller(site)
        door = hub_town.door(site, controller)
        hub_town.reader(controller, door)
        facility = hub.services.get(FacilitiesService).create(
            clerk,
            Facility(
                "",
                site,
                "体育館",
                "たいいくかん",
                "Gym",
                (door,),
                approval,
                BookingRules(),
                "0123-45-6789",
            ),
        )
        pins = Pins(core.clock, core.ids, core.keys, hub_town.random.randrange)
        holders = HolderPins(
            core.clock, core.ids, pins, OfflineCodes(core.clock, core.ids, core.keys)
        )
        subscriptions = hub.services.get(Subscriptions)
        links = PinLinks(core.clock, core.ids, core.keys)
        mail, line = MemoryCarrier(Channel.EMAIL), MemoryCarrier(Channel.LINE)
        sender = NoticeSender(
            core,
            channels,
            {Channel.EMAIL: mail, Channel.LINE: line},
            Composer(core, holders, links, subscriptions),
            holders,
            subscriptions,
            NoticeMeters(CollectorRegistry()),
        )
        planner = NoticePlanner(
            core.db, core.clock, core.ids, core.settings.notices, channels, subscriptions
        )
        planner.begin()
        bookings = hub.services.get(BookingsService)
        return Desk(
            hub,
            hub_town,
            bookings,
            planner,
            sender,
            mail,
            line,
            subscriptions,
            holders,
            clerk,
            facility.id,
            (door,),
        )

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """The desk of a town with both channels."""
    return make_desk()


@pytest.fixture
def contact() -> Callable[..., Contact]:
    """`contact(line=True)`: somebody with an address."""

    def make(
        *, email: str = "hanako@example.jp", line: bool = False, language: Language = Language.JA
    ) -> Contact:
        user = LINE_USER if line else ""
        return Contact("山田 花子", email, "0123-45-6789", user, language)

    return make


@pytest.fixture
def read() -> Any:
    """`read.text(message)` and `read.digits(message)`: what somebody reads."""

    class Read:
        text = staticmethod(text_of)
        digits = staticmethod(digits_in)

    return Read
