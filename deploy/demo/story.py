"""The story of a booking, told on the running town: what `--once` does in a person's place.

It types keys, holds cards, pulls the leaf and the cable, and looks: at the bus, at the hub's API,
at the agent's status. Whatever decides is elsewhere.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from deploy.demo.api import wait_until
from deploy.demo.broker import EmbeddedBrokerProcess
from deploy.demo.delivered import Comparison, compare
from deploy.demo.hut_story import HutStory
from deploy.demo.month_story import MonthStory
from deploy.demo.plan import (
    ARENA,
    CLOCK_IN,
    DOORS,
    GYM,
    GYM_DOOR,
    LAPTOP,
    OFFICE,
    SITES,
    STAFF_DOOR,
    card,
)
from deploy.demo.running import RunningTown
from deploy.demo.sample import Sample
from deploy.demo.site import DoorMechanics
from deploy.demo.steps import Detail, expect
from edge.control_socket import AgentAbsentError, Request, ask_agent

T = TypeVar("T")

_DEADLINE_S: Final = 20.0
_NOW_KEY: Final = "demo-now"
_LATER_KEY: Final = "demo-later"
_HOUR: Final = timedelta(hours=1)
_TOKYO: Final = ZoneInfo("Asia/Tokyo")
_PLANS: Final = {plan.key: plan for plan in DOORS}


class Story:
    """One telling; `began` is when the demo was started (monotonic seconds)."""

    def __init__(self, town: RunningTown, sample: Sample, began: float) -> None:
        self._town = town
        self._sample = sample
        self._began = began
        self._gym: DoorMechanics = town.world.door(_PLANS[GYM_DOOR])
        self._booking: dict[str, Any] = {}
        self._pin = ""
        self._later_pin = ""
        self._hut = HutStory(town, sample)
        self._month = MonthStory(town, sample)

    def steps(self) -> list[tuple[str, Callable[[], Detail]]]:
        """The steps in their order."""
        names = (
            "booking_made",
            "pin_placed",
            "early_pin_denied",
            "pin_opens",
            "bolt_moved",
            "entry_recorded",
            "wrong_pin_denied",
            "card_opens",
            "inside_counted",
            "punch_recorded",
            "remote_unlock_confirmed",
            "offline_pin_opens",
            "delivered_exactly_once",
            "cancelled_pin_denied",
            "done",
        )
        steps = [(name, getattr(self, name)) for name in names]
        month = names.index("punch_recorded") + 1
        hut = names.index("delivered_exactly_once")
        told = [*steps[:month], *self._month.steps(), *steps[month:hut]]
        return [*told, *self._hut.steps(), *steps[hut:]]

    # --- the steps -------------------------------------------------------------------------------

    def booking_made(self) -> Detail:
        """Book the gym from now on, and once more for later, over the HTTP API."""
        now = datetime.now(UTC)
        self._booking = self._book(_NOW_KEY, now, now + _HOUR)
        self._book(_LATER_KEY, now + 2 * _HOUR, now + 3 * _HOUR)
        self._pin, self._later_pin = self._digits(_NOW_KEY), self._digits(_LATER_KEY)
        expect(self._booking["state"] == "confirmed", "the booking is not confirmed")
        expect(self._pin != self._later_pin, "two bookings share a PIN")
        return {"booking": self._booking["id"], "digits": len(self._pin)}

    def pin_placed(self) -> Detail:
        """Both PINs are placed: the controller's digest is what the hub wants there."""
        for key in (_NOW_KEY, _LATER_KEY):
            self._wait(f"the placement of {key}", partial(self._placed, key))
        held = self._status(GYM)["policy"]
        [placement] = self._placements(_NOW_KEY)
        return {"state": placement["state"], "at": placement["placed_at"], "held": held}

    def early_pin_denied(self) -> Detail:
        """The PIN of the later booking does not open yet."""
        return self._denied(self._later_pin, "not_yet_valid")

    def pin_opens(self) -> Detail:
        """The PIN opens within its window, typed on the OSDP keypad."""
        return self._type_and_open()

    def bolt_moved(self) -> Detail:
        """The bolt went in on the bus's command, somebody enters, and it came out again."""
        expect(self._gym.view().secure, "the bus is not in its secure channel")
        expect(self._gym.pull(), "the leaf did not open")
        self._gym.shut()
        self._wait("the bolt coming out again", lambda: not self._gym.view().bolt_retracted)
        return {"retracted": self._gym.released, "extended": self._gym.secured}

    def entry_recorded(self) -> Detail:
        """The log names booking and person, and that the leaf opened after it."""

        def look() -> dict[str, Any] | None:
            for entry in self._entries(booking=self._booking["id"], kind="granted"):
                if entry["opened_at"] is not None:
                    return entry
            return None

        entry = self._wait("the entry in the log", look)
        expect(entry["reason"] == "pin_valid", f"reason {entry['reason']}")
        expect(entry["person_id"] == self._sample.resident, "the entry names another person")
        kept = ("id", "reason", "person_id", "booking_id", "outcome", "observed", "opened_at")
        return {name: entry[name] for name in kept}

    def wrong_pin_denied(self) -> Detail:
        """A PIN that nobody has does not open."""
        return self._denied(self._unknown_pin(), "unknown_pin")

    def card_opens(self) -> Detail:
        """A card that its reader verified opens the staff entrance."""
        door = self._town.world.door(_PLANS[STAFF_DOOR])
        last, before = self._newest(), door.released
        self._town.world.hold_card(_PLANS[STAFF_DOOR], card("hanako"))
        self._wait("the bolt of the staff entrance", lambda: door.released > before)
        expect(door.pull(), "the leaf of the staff entrance did not open")
        door.shut()
        entry = self._new_entry(last, STAFF_DOOR, "granted")
        expect(entry["person_id"] == self._sample.people["hanako"], "another person's card")
        return {"reason": entry["reason"], "person_id": entry["person_id"], "entry": entry["id"]}

    def inside_counted(self) -> Detail:
        """Who went in by card counts as inside the offices."""
        path = f"/api/v1/zones/{self._sample.zones[OFFICE]}/occupancy"

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._town.api.get(path)
            return found if found["count"] else None

        found = self._wait("somebody inside the offices", look)
        inside = [one["person_id"] for one in found["inside"]]
        expect(inside == [self._sample.people["hanako"]], f"inside are {inside}")
        return {"zone": found["zone_id"], "inside": inside}

    def punch_recorded(self) -> Detail:
        """A card that proved its key to the terminal clocks its holder in."""
        person = self._sample.people["hanako"]
        today = datetime.now(_TOKYO).date().isoformat()
        asked = f"from={today}&to={today}&person={person}"
        self._town.world.lay_on_terminal(CLOCK_IN, card("hanako"))
        try:
            path = f"/api/v1/attendance/punches?{asked}"
            punches = self._wait("the punch", partial(self._town.api.get, path))
        finally:
            self._town.world.clear_terminal(CLOCK_IN)
        [day] = self._town.api.get(f"/api/v1/attendance/days?{asked}")
        expect(day["is_in"], "the day does not show the person as in")
        [punch] = punches
        expect(punch["direction"] == "in", f"the punch says {punch['direction']}")
        return {"punch": punch["id"], "person_id": person, "work_date": day["work_date"]}

    def remote_unlock_confirmed(self) -> Detail:
        """The clerk opens from afar, the bolt's switch says so, and somebody pulls the leaf."""
        before = self._gym.released
        door = self._sample.doors[GYM_DOOR]
        body = {"action": "unlock", "reason": "DEMO"}
        sent = self._town.api.post(f"/api/v1/doors/{door}/commands", body)
        self._wait("the bolt", lambda: self._gym.released > before)
        expect(self._gym.pull(), "the leaf did not open")

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._town.api.get(f"/api/v1/commands/{sent['id']}")
            return found if found["state"] not in ("sent", "received") else None

        command = self._wait("the command's outcome", look)
        self._gym.shut()
        self._bolt_is_out()
        expect(command["state"] == "done", f"the command is {command['state']}")
        expect(command["observed"] == "bolt_retracted", f"seen was {command['observed']}")
        return {"command": sent["id"], "state": command["state"], "observed": command["observed"]}

    def offline_pin_opens(self) -> Detail:
        """With the network cable out, the PIN opens all the same."""
        self._town.world.set_cable(GYM, plugged=False)
        self._wait("the link's loss", lambda: not self._status(GYM)["link_up"])
        seen = self._type_and_open()
        self._bolt_is_out()
        return {**seen, "link_up": self._status(GYM)["link_up"]}

    def delivered_exactly_once(self) -> Detail:
        """With the cable back, the hub holds exactly what each agent journaled."""
        self._town.world.set_cable(GYM, plugged=True)
        self._wait("the link's return", lambda: self._status(GYM)["link_up"])
        agents = [*(site.key for site in SITES), LAPTOP]
        found = {name: self._compared(name) for name in agents}
        asked = partial(self._entries, booking=self._booking["id"], kind="granted")
        self._wait("the offline opening in the log", lambda: len(asked()) >= 2)
        opened = asked()
        expect(len(opened) == 2, f"{len(opened)} openings in the log, want 2")
        return {
            site: {"journaled": one.journaled, "lost": one.lost, "doubled": one.doubled}
            for site, one in found.items()
        }

    def cancelled_pin_denied(self) -> Detail:
        """Once the booking is cancelled and the door has confirmed it, its PIN is dead."""
        self._town.api.delete(f"/api/v1/bookings/{_NOW_KEY}")
        self._wait("the revocation", lambda: self._all_in(_NOW_KEY, ("revoked", "removed")))
        return self._denied(self._pin, "credential_revoked")

    def done(self) -> Detail:
        """Everything still runs; how long it took from the start is told, not judged: a machine
        with other things to do is no fault of the doors."""
        self._town.check()
        seconds = round(time.monotonic() - self._began, 1)
        embedded = isinstance(self._town.installation.broker, EmbeddedBrokerProcess)
        broker = "embedded" if embedded else "mosquitto"
        return {"seconds": seconds, "broker": broker}

    # --- hands and eyes --------------------------------------------------------------------------

    def _book(self, key: str, starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
        holder = {"name": "山田 太郎", "person_id": self._sample.resident}
        booking: dict[str, Any] = self._town.api.put(
            f"/api/v1/bookings/{key}",
            {
                "facility_id": self._sample.facilities[ARENA],
                "starts_at": starts_at.isoformat(),
                "ends_at": ends_at.isoformat(),
                "state": "confirmed",
                "contact": {"name": "山田 太郎", "email": "taro@example.jp"},
                "holders": [holder],
            },
        )
        return booking

    def _digits(self, key: str) -> str:
        [found] = self._town.api.get(f"/api/v1/bookings/{key}/pin")
        return str(found["pin"])

    def _unknown_pin(self) -> str:
        while True:
            digits = "".join(secrets.choice("0123456789") for _ in self._pin)
            if digits not in (self._pin, self._later_pin):
                return digits

    def _placements(self, key: str) -> list[dict[str, Any]]:
        booking = self._town.api.get(f"/api/v1/bookings/{key}")
        return [each for one in booking["credentials"] for each in one["placements"]]

    def _placed(self, key: str) -> bool:
        found = self._placements(key)
        return bool(found) and all(one["placed_at"] and not one["problems"] for one in found)

    def _all_in(self, key: str, states: tuple[str, ...]) -> bool:
        return all(one["state"] in states for one in self._placements(key))

    def _entries(self, **filters: str) -> list[dict[str, Any]]:
        asked = "&".join(f"{name}={value}" for name, value in filters.items())
        found: list[dict[str, Any]] = self._town.api.get(f"/api/v1/entries?{asked}")["items"]
        return found

    def _newest(self) -> int:
        return max((entry["id"] for entry in self._entries()), default=0)

    def _new_entry(self, after: int, door: str, kind: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            for entry in self._entries(door=self._sample.doors[door], kind=kind):
                if entry["id"] > after:
                    return entry
            return None

        return self._wait(f"the entry ({kind})", look)

    def _type_and_open(self) -> Detail:
        before, began = self._gym.released, time.monotonic()
        self._gym.press(f"{self._pin}#")
        self._wait("the bolt", lambda: self._gym.released > before)
        return {"bolt_after_ms": round((time.monotonic() - began) * 1000)}

    def _denied(self, pin: str, reason: str) -> Detail:
        last, before = self._newest(), self._gym.released
        self._gym.press(f"{pin}#")
        entry = self._new_entry(last, GYM_DOOR, "denied")
        expect(entry["reason"] == reason, f"denied for {entry['reason']}, want {reason}")
        expect(self._gym.released == before, "the bolt moved")
        return {"reason": entry["reason"], "entry": entry["id"]}

    def _bolt_is_out(self) -> None:
        self._wait("the bolt coming out", lambda: not self._gym.view().bolt_retracted)

    def _status(self, site: str) -> dict[str, Any]:
        socket = self._town.installation.edge_socket(site)
        status: dict[str, Any] = ask_agent(socket, Request("status"))
        return status

    def _compared(self, site: str) -> Comparison:
        made = self._town.installation
        socket = made.edge_socket(site)

        def look() -> Comparison | None:
            try:
                found = compare(socket, made.database, made.controllers[site])
            except AgentAbsentError:
                return None
            expect(not (found.doubled or found.altered), f"{found}")
            return found if found.agrees else None

        return self._wait(f"everything of {site} at the hub", look)

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        def watched() -> T | None:
            self._town.check()
            return look()

        return wait_until(what, watched, _DEADLINE_S)
