"""The story of the key box that has no network: book, get the code, open, collect the log, see it.

Nothing but a laptop ever connects the box to the hub, here as at a real hut.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from deploy.demo.api import wait_until
from deploy.demo.plan import GROUND_HUT
from deploy.demo.running import RunningTown
from deploy.demo.sample import Sample
from deploy.demo.steps import Detail, expect

T = TypeVar("T")

_KEY: Final = "demo-ground"
_DEADLINE_S: Final = 20.0
_HOUR: Final = timedelta(hours=1)


class HutStory:
    """The hut's part of the telling."""

    def __init__(self, town: RunningTown, sample: Sample) -> None:
        self._town = town
        self._sample = sample
        self._box = town.world.box
        self._booking: dict[str, Any] = {}
        self._digits = ""

    def steps(self) -> list[tuple[str, Callable[[], Detail]]]:
        """The steps in their order."""
        return [
            ("offline_code_given", self.offline_code_given),
            ("offline_code_opens", self.offline_code_opens),
            ("wrong_code_refused", self.wrong_code_refused),
            ("key_box_log_collected", self.key_box_log_collected),
            ("key_box_entry_recorded", self.key_box_entry_recorded),
        ]

    def offline_code_given(self) -> Detail:
        """A booking of the hut has a code of its own, computed and never placed: nobody can ask the
        box."""
        now = datetime.now(UTC)
        self._booking = self._town.api.put(
            f"/api/v1/bookings/{_KEY}",
            {
                "facility_id": self._sample.facilities[GROUND_HUT],
                "starts_at": now.isoformat(),
                "ends_at": (now + 2 * _HOUR).isoformat(),
                "state": "confirmed",
                "contact": {"name": "山田 太郎", "email": "taro@example.jp"},
                "holders": [{"name": "山田 太郎", "person_id": self._sample.resident}],
            },
        )
        offline = self._booking["offline"]
        expect(not offline["can_be_confirmed"], "a box without a network cannot confirm anything")
        [found] = self._town.api.get(f"/api/v1/bookings/{_KEY}/pin")
        [code] = found["codes"]
        expect(found["pin"] is None, "a booking of the hut alone has a networked PIN")
        self._digits = code["digits"]
        return {"digits": len(self._digits), "effective": code["effective"], "offline": offline}

    def offline_code_opens(self) -> Detail:
        """The box opens for the code by itself; somebody takes the key, and hangs it back."""
        before = self._box.uses
        self._box.press(f"{self._digits}#")
        self._wait("the box", lambda: self._box.uses > before)
        expect(self._box.open_lid(), "the lid did not open")
        self._wait("the lid", lambda: self._box.view().lid_open)
        expect(self._box.move_key(inside=False), "the key could not be taken")
        self._wait("the key", lambda: not self._box.view().key_inside)
        expect(self._box.move_key(inside=True), "the key could not be hung back")
        self._box.close_lid()
        return {"uses": self._box.uses}

    def wrong_code_refused(self) -> Detail:
        """A number nobody was given does not open."""
        uses, entries = self._box.uses, self._box.view().entries
        wrong = str((int(self._digits) + 1) % 10 ** len(self._digits)).zfill(len(self._digits))
        self._box.press(f"{wrong}#")
        self._wait("the box's answer", lambda: self._box.view().entries > entries)
        expect(self._box.uses == uses, "the box opened")
        return {"light": self._box.view().light}

    def key_box_log_collected(self) -> Detail:
        """A clerk goes there with a ticket, and `kagimori-edge keybox sync` reads the log."""
        report = self._town.visits.visit("DEMO")
        expect(report["journaled"] > 0, "nothing was collected")
        expect(report["lost"] == 0, f"{report['lost']} records are lost")
        return {name: report[name] for name in ("journaled", "lost", "clock_set")}

    def key_box_entry_recorded(self) -> Detail:
        """The hub's log names box, booking and person, and when it was by the box's clock."""
        entry = self._wait("the entry in the log", self._opening)
        expect(entry["reason"] == "sealed_code_valid", f"reason {entry['reason']}")
        expect(entry["person_id"] == self._sample.resident, "the entry names another person")
        refused = self._entries(door=self._sample.key_box, kind="denied")
        expect(bool(refused), "the wrong number is not in the log")
        kept = ("id", "reason", "door_id", "person_id", "booking_id", "occurred_at")
        return {name: entry[name] for name in kept}

    def _opening(self) -> dict[str, Any] | None:
        found = self._entries(booking=self._booking["id"], kind="granted")
        return found[0] if found else None

    def _entries(self, **filters: str) -> list[dict[str, Any]]:
        asked = "&".join(f"{name}={value}" for name, value in filters.items())
        found: list[dict[str, Any]] = self._town.api.get(f"/api/v1/entries?{asked}")["items"]
        return found

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        def watched() -> T | None:
            self._town.check()
            return look()

        return wait_until(what, watched, _DEADLINE_S)
