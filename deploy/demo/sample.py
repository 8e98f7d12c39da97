"""Fills the demo's hub over its HTTP API, as a town's staff would: sites, doors, people, cards."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.demo.installation import CARD_PORT, OSDP_PORT
from deploy.demo.months import fill_months, last_month
from deploy.demo.plan import (
    ARENA,
    CARDS,
    DEPARTMENTS,
    DOORS,
    FACILITIES,
    GROUND,
    GROUND_HUT,
    GROUND_SITE,
    GYM,
    GYM_DOOR,
    KEY_BOX,
    LAPTOP,
    LAPTOP_PLAN,
    PHONE,
    SITES,
    STAFF_DOOR,
    TERMINALS,
    TOWN_HALL,
    ZONES,
    CardPlan,
    DepartmentPlan,
    DoorPlan,
    FacilityPlan,
    TerminalPlan,
    ZonePlan,
)
from deploy.demo.running import Login, RunningTown
from deploy.demo.site import BOLT, CONTACT, REX, STRIKE
from edge.cards.virtual_card import EcdsaCard

UNLOCK_MS: Final = 5_000
QUICK_UNLOCK_MS: Final = 1_000
"""For the story, which waits for the bolt to come out again."""
_TOKYO: Final = ZoneInfo("Asia/Tokyo")
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SLOT_MIN: Final = 15
"""As long as the margin before: the PIN of the next slot to be booked works at once."""
_FOUR_ALKALINE: Final = {
    "chemistry": "alkaline",
    "cells": 4,
    "cutoff_mv": 4300,
    "heartbeat_s": 90 * 86400,
    "heard_by": "visits",
}
"""What the key box runs on."""
_READER_NAMESPACE: Final = "felica"
_CHALLENGE_NAMESPACE: Final = "p256"
_CHALLENGE_PROFILE: Final = "iso7816-ecdsa-p256"


@dataclass(slots=True)
class Sample:
    """What was made, by the plan's keys: ids as the hub gave them."""

    sites: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    doors: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    departments: dict[str, str] = field(default_factory=dict)
    facilities: dict[str, str] = field(default_factory=dict)
    key_box: str = ""
    resident: str = ""
    pin: str = ""
    """Of the arena's booking that runs now, if one was made."""
    code: str = ""
    """Of the hut's, likewise."""
    made_on: date = date.min
    """The day in Tokyo from which last month is told."""

    def as_text(self, town: RunningTown) -> str:
        """Tell a person where to go and how to log in."""
        lines = [
            "",
            "鍵守 DEMO  (Kagimori demonstration; its keys are worthless)",
            "",
            f"  模擬の扉    simulated doors  {town.page_url}",
            f"  勤怠端末    attendance       {town.screen_url}",
            f"  予約        book the gym     {town.hub_url}/book",
            f"  鍵守の画面  the hub          {town.hub_url}/",
            "",
            "  ブラウザは認証局を知らず、警告を出します。進むか、次の証明書を取り込んでください。",
            "  The browser does not know this demo's authority and warns: go on, or import",
            f"  {town.installation.ca}",
            "",
        ]
        lines += [
            f"  {one.role}: login {one.login}  password {one.password}" for one in town.logins
        ]
        lines += ["", f"  API  {town.hub_url}/api/v1/docs", f"  token  {town.token}"]
        if self.pin:
            lines += [
                "",
                f"  アリーナの今の予約の暗証番号  PIN of the arena's booking now: {self.pin} #",
                f"  用具小屋の今の予約の番号      code of the hut's booking now:  {self.code} #",
            ]
        lines += ["", "  終わる: Ctrl-C to end", ""]
        return "\n".join(lines)

    def as_json(self, town: RunningTown) -> str:
        """Tell a program the same in one JSON line."""
        logins = [
            {"login": one.login, "password": one.password, "role": one.role} for one in town.logins
        ]
        told: dict[str, Any] = {
            "pin": self.pin,
            "code": self.code,
            "doors": town.page_url,
            "hub": town.hub_url,
            "terminal": town.screen_url,
            "logins": logins,
            "token": town.token,
        }
        return json.dumps({**told, "ca": str(town.installation.ca)}, ensure_ascii=False)


class _Maker:
    """Makes things one after another, each named by the id the hub gave the one before."""

    def __init__(self, town: RunningTown, unlock_ms: int) -> None:
        self._town = town
        self._unlock_ms = unlock_ms
        self.made = Sample()

    def add(self, kind: str, /, **body: Any) -> str:
        """POST to a collection and give the new id."""
        answer = self._town.api.post(f"/api/v1/{kind}", body)
        return str(answer["id"])

    def sites(self) -> None:
        for plan in SITES:
            site = self.add("sites", name=plan.name, name_en=plan.name_en, phone=PHONE)
            self.made.sites[plan.key] = site
            controller = self._town.installation.controllers[plan.key]
            names = {"name": f"{plan.name} 制御盤", "name_en": f"{plan.name_en}, controller"}
            self.add("controllers", id=controller, site_id=site, **names)
        self.made.sites[GROUND] = self.add(
            "sites", name=GROUND_SITE.name, name_en=GROUND_SITE.name_en, phone=PHONE
        )
        self.add(
            "controllers",
            id=self._town.installation.controllers[LAPTOP],
            site_id=self.made.sites[TOWN_HALL],
            name=LAPTOP_PLAN.name,
            name_en=LAPTOP_PLAN.name_en,
        )

    def key_box(self) -> None:
        """The box at the hut, made known to the hub and provisioned at the bench."""
        made = self.add(
            "key_boxes",
            site_id=self.made.sites[GROUND],
            name=KEY_BOX.name,
            name_en=KEY_BOX.name_en,
            place=KEY_BOX.place,
            closing=KEY_BOX.closing,
            key_holder="町役場 管財係",
        )
        bench = self._town.api.post(f"/api/v1/key_boxes/{made}/provisioning")
        self._town.world.box.provision(made, base64.b64decode(bench["maintenance_secret"]))
        self._town.api.put(f"/api/v1/devices/{made}/battery", _FOUR_ALKALINE)
        self.made.key_box = self._town.visits.key_box = made

    def zone(self, plan: ZonePlan) -> None:
        self.made.zones[plan.key] = self.add(
            "zones", site_id=self.made.sites[plan.site], name=plan.name, name_en=plan.name_en
        )

    def door(self, plan: DoorPlan) -> None:
        controller = self._town.installation.controllers[plan.site]
        device = self.add(
            "devices",
            controller_id=controller,
            name=f"{plan.name} 読取機",
            driver="osdp",
            port=OSDP_PORT,
            address=plan.address,
        )
        key = base64.b64encode(self._town.world.osdp_keys[plan.key]).decode()
        self._town.api.put(f"/api/v1/devices/{device}/secret", {"secret": key})
        point = {"device": device}
        door = self.add(
            "doors",
            site_id=self.made.sites[plan.site],
            controller_id=controller,
            name=plan.name,
            name_en=plan.name_en,
            egress="室内のボタンを押すか、取っ手を回す",
            key_holder="町役場 管財係",
            unlock_ms=self._unlock_ms,
            strike={**point, "channel": STRIKE},
            contact={**point, "channel": CONTACT},
            bolt={**point, "channel": BOLT} if plan.bolt_switch else None,
            rex={**point, "channel": REX},
            zone_in=self.made.zones[plan.zone_in] if plan.zone_in else None,
        )
        self.made.doors[plan.key] = door
        self.add(
            "readers",
            device_id=device,
            door_id=door,
            name=f"{plan.name} 読取機",
            keypad=plan.keypad,
            assurance="reader_verified",
        )

    def terminal(self, plan: TerminalPlan) -> None:
        device = self.add(
            "devices",
            controller_id=self._town.installation.controllers[TOWN_HALL],
            name=plan.name,
            driver="pcsc",
            port=CARD_PORT,
            address=TERMINALS.index(plan),
            reader_name=plan.reader_name,
        )
        self.add(
            "readers",
            device_id=device,
            name=plan.name,
            side="terminal",
            profiles=[_CHALLENGE_PROFILE],
            assurance="challenge",
            min_assurance="challenge",
            punch=plan.punch,
        )

    def facility(self, plan: FacilityPlan) -> None:
        at_gym = plan.site == GYM
        self.made.facilities[plan.key] = self.add(
            "facilities",
            site_id=self.made.sites[plan.site],
            name_ja=plan.name,
            name_easy=plan.name_easy,
            name_en=plan.name_en,
            doors=[self.made.doors[GYM_DOOR]] if at_gym else [],
            key_boxes=[] if at_gym else [self.made.key_box],
            approval="automatic" if plan.at_once else "required",
            slot_min=_SLOT_MIN,
            margin_before_min=_SLOT_MIN,
            phone=PHONE,
        )

    def person(self, plan: CardPlan, employed_on: date) -> None:
        """A member of staff with one card of two faces: what it proves to the terminal, and the
        number a door's reader sends once it has verified the card."""
        person = self.add(
            "people", name=plan.person, name_en=plan.person_en, staff_number=plan.staff_number
        )
        self.made.people[plan.key] = person
        self.add(
            "cards",
            person_id=person,
            namespace=_CHALLENGE_NAMESPACE,
            identity=plan.number.hex(),
            profile=_CHALLENGE_PROFILE,
            public_key=EcdsaCard.with_scalar(plan.number, plan.scalar).public_key,
            label="職員証（端末）",
        )
        self.add(
            "cards",
            person_id=person,
            namespace=_READER_NAMESPACE,
            identity=plan.reader_number.hex(),
            label="職員証（扉）",
        )
        self.add("grants", door_id=self.made.doors[STAFF_DOOR], person_id=person)
        self.add(
            f"staff/people/{person}/employments",
            starts_on=employed_on.isoformat(),
            department_id=self.made.departments[plan.department],
            kind="regular",
            post=plan.post,
            heads=plan.heads,
        )
        self.login(plan, person)

    def login(self, plan: CardPlan, person: str) -> None:
        """Let a member of staff see their own month, apply, and approve where they lead."""
        password = secrets.token_urlsafe(9)
        given = {"login": plan.key, "name": plan.person, "password": password}
        self.add("users", role="staff", person_id=person, **given)
        role = f"{plan.person} {plan.post} {plan.person_en}"
        self._town.logins.append(Login(plan.key, password, role))

    def department(self, plan: DepartmentPlan) -> None:
        """A department, below the one that its code begins with."""
        self.made.departments[plan.code] = self.add(
            "staff/departments",
            code=plan.code,
            name=plan.name,
            name_kana=plan.name_kana,
            name_en=plan.name_en,
            parent_id=self.made.departments.get(plan.code[:-2]),
        )

    def bookings(self, now: datetime) -> None:
        """Tomorrow: one that stands, one that waits for its approval."""
        morning = datetime.combine(now.astimezone(_TOKYO).date(), time(10), _TOKYO) + _DAY
        self.book("sample-volleyball", morning, 2, "confirmed", "バレーボール")
        self.book("sample-concert", morning + 4 * _HOUR, 3, "requested", "演奏会")

    def running_booking(self, now: datetime) -> None:
        """One that runs now, to try at once."""
        self.book("sample-now", now, 2, "confirmed", "バスケットボール")
        [found] = self._town.api.get("/api/v1/bookings/sample-now/pin")
        self.made.pin = found["pin"]
        self.book("sample-ground", now, 2, "confirmed", "少年野球", GROUND_HUT)
        [found] = self._town.api.get("/api/v1/bookings/sample-ground/pin")
        self.made.code = found["codes"][0]["digits"]

    def book(
        self,
        key: str,
        start: datetime,
        hours: int,
        state: str,
        purpose: str,
        facility: str = ARENA,
    ) -> None:
        name = "山田 太郎"
        body = {
            "facility_id": self.made.facilities[facility],
            "starts_at": start.isoformat(),
            "ends_at": (start + hours * _HOUR).isoformat(),
            "state": state,
            "purpose": purpose,
            "contact": {"name": name, "email": "taro@example.jp"},
            "holders": [{"name": name, "person_id": self.made.resident}],
        }
        self._town.api.put(f"/api/v1/bookings/{key}", body)


def make_sample(
    town: RunningTown, say: Callable[[str], None], *, to_play: bool, unlock_ms: int
) -> Sample:
    """Fill the hub, then start the agents: as with real ones, enrolment comes first."""
    say("sample people, cards and doors")
    maker = _Maker(town, unlock_ms)
    maker.sites()
    for zone in ZONES:
        maker.zone(zone)
    for plan in DOORS:
        maker.door(plan)
    for terminal in TERMINALS:
        maker.terminal(terminal)
    maker.key_box()
    for facility in FACILITIES:
        maker.facility(facility)
    for department in DEPARTMENTS:
        maker.department(department)
    now = datetime.now(UTC)
    maker.made.made_on = today = now.astimezone(_TOKYO).date()
    for card in CARDS:
        if card.known:
            maker.person(card, last_month(today).first)
    maker.made.resident = maker.add("people", name="山田 太郎", name_en="YAMADA Taro")
    maker.bookings(now)
    if to_play:
        maker.running_booking(now)
    say("two agents, and the laptop's")
    town.let_agents_go()
    # While they start.
    say("attendance since the first of last month")
    fill_months(town.api, maker.made.people, today)
    say("the first visit to the key box: its secrets and its clock")
    town.visits.first_visit()
    return maker.made
