"""What a source signs is booked once, in order, or refused and told why; nobody else gets in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from standardwebhooks import Webhook

from hub.clock import HandMovedClock
from hub.settings import Settings
from hub.webhooks.settings import WebhooksSettings

SOURCES = "/api/v1/webhook_sources"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


@dataclass
class Sender:
    """A booking system at the other end, which signs by the reference library."""

    client: TestClient
    clock: HandMovedClock
    source: dict[str, Any]
    count: int = 0

    def send(
        self, told: Any, *, message: str = "", secret: str = "", late_s: float = 0, **headers: str
    ) -> Any:
        self.count += 1
        self.clock.advance(timedelta(milliseconds=1))
        body = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
        message = message or f"msg_{self.count}"
        at = self.clock.now() - timedelta(seconds=late_s)
        signed = {
            "webhook-id": message,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.source["secret"]).sign(message, at, body),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        # Nobody is known here but by the signature.
        bearer = self.client.headers.pop("Authorization", None)
        try:
            return self.client.post(self.source["path"], content=body.encode(), headers=signed)
        finally:
            if bearer is not None:
                self.client.headers["Authorization"] = bearer

    def received(self, **asked: str) -> list[dict[str, Any]]:
        answer = self.client.get(f"{SOURCES}/{self.source['id']}/received", params=asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def booking(self, key: str = "R-1") -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/bookings/{key}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def sender(admin: TestClient, clock: HandMovedClock) -> Sender:
    made = admin.post(SOURCES, json={"name": "施設予約システム"})
    assert made.status_code == 201, made.text
    return Sender(admin, clock, made.json())


@pytest.fixture
def told(facility: dict[str, Any], clock: HandMovedClock) -> Any:
    """`told("booking.created", start_h=30)` gives what a booking system says."""

    def make(kind: str = "booking.created", start_h: float = 24, **more: Any) -> dict[str, Any]:
        start = clock.now() + timedelta(hours=start_h)
        data = {
            "reservation_key": "R-1",
            "facility_id": facility["id"],
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=2)).isoformat(),
            "contact": {"name": "山田 花子", "phone": "0123-45-6789"},
            **more,
        }
        return {"type": kind, "timestamp": clock.now().isoformat(), "data": data}

    return make


def bare(kind: str, **data: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "timestamp": "2026-04-06T00:00:00Z",
        "data": {"reservation_key": "R-1"} | data,
    }


def test_a_booking_is_made_changed_paid_and_cancelled(sender: Sender, told: Any) -> None:
    made = sender.send(told())
    assert (made.status_code, made.json()["result"]) == (200, "created"), made.text
    booking = sender.booking()
    assert made.json()["booking_id"] == booking["id"]
    assert booking["source"] == "webhook"
    assert booking["contact"]["name"] == "山田 花子"
    assert sender.send(bare("booking.changed")).json()["result"] == "unchanged"
    assert sender.send(told("booking.changed", 26)).json()["result"] == "changed"
    assert sender.booking()["booked"]["starts_at"] != booking["booked"]["starts_at"]
    assert sender.send(bare("booking.paid")).json()["result"] == "changed"
    assert sender.booking()["paid"] is True
    assert sender.send(bare("booking.cancelled")).json()["result"] == "cancelled"
    assert sender.booking()["state"] == "cancelled"
    assert sender.send(bare("booking.cancelled")).json()["result"] == "unchanged"
    results = [each["result"] for each in reversed(sender.received())]
    assert results == ["created", "unchanged", "changed", "changed", "cancelled", "unchanged"]


def test_a_change_says_what_it_changes_and_drops_nothing(sender: Sender, told: Any) -> None:
    """A new telephone number leaves the name, the window and the PIN."""
    sender.send(told())
    before = sender.booking()
    sender.send(bare("booking.changed", contact={"phone": "0123-99-9999"}))
    after = sender.booking()
    assert after["contact"] == before["contact"] | {"phone": "0123-99-9999"}
    assert after["booked"] == before["booked"]
    assert after["credentials"] == before["credentials"]


def test_a_message_without_line_unlinks_nobody(
    sender: Sender, told: Any, admin: TestClient
) -> None:
    sender.send(told())
    own = {"line": "U1", "language": "ja-easy"}
    before = admin.put("/api/v1/bookings/R-1", json={"contact": own}).json()["contact"]
    sender.send(told("booking.changed", 26, contact={"name": "山田", "phone": "0123-99-9999"}))
    assert sender.booking()["contact"] == before | {"name": "山田", "phone": "0123-99-9999"} | own


def test_the_same_message_is_done_once_and_answered_alike(sender: Sender, told: Any) -> None:
    message = told()
    first = sender.send(message, message="m")
    again = sender.send(message, message="m")
    assert first.json() == again.json()
    sender.send(bare("booking.cancelled"), message="n")
    assert sender.send(message, message="m").json() == first.json()
    assert sender.booking()["state"] == "cancelled"
    assert {each["message_id"]: each["times"] for each in sender.received()} == {"m": 3, "n": 1}
    sender.clock.advance(timedelta(hours=48))
    assert sender.send(bare("booking.cancelled"), message="n").json()["result"] == "cancelled"


def test_another_body_under_an_id_that_was_taken_is_refused(sender: Sender, told: Any) -> None:
    sender.send(told(), message="m")
    answer = sender.send(told(start_h=50), message="m")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_id_reused")


def test_what_was_refused_is_judged_anew_once_it_was_put_right(
    sender: Sender, told: Any, facility: dict[str, Any]
) -> None:
    message = told(facility_id="武道場")
    answer = sender.send(message, message="m")
    assert (answer.status_code, answer.json()["code"]) == (422, "facility_unknown")
    body = {"site_id": facility["site_id"], "name_ja": "武道場", "doors": facility["doors"]}
    sender.client.post("/api/v1/facilities", json=body | {"approval": "automatic"})
    assert sender.send(message, message="m").json()["result"] == "created"
    (kept,) = sender.received()
    assert (kept["result"], kept["times"]) == ("created", 2)


def test_whoever_cannot_sign_gets_nothing_and_no_hint(sender: Sender, told: Any) -> None:
    message = told()
    wrongs: list[dict[str, Any]] = [
        {"secret": "whsec_" + "A" * 44},
        {"late_s": 302},
        {"late_s": -302},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": ""},
        {"webhook_id": "other"},
        {"webhook_timestamp": "0"},
        {"webhook_timestamp": "1e9"},
    ]
    for wrong in wrongs:
        answer = sender.send(message, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "webhook_signature"), wrong
        assert not {"detail", "errors"} & answer.json().keys()
    assert sender.received() == []


def test_a_source_that_is_none_answers_like_a_wrong_signature(sender: Sender, told: Any) -> None:
    sender.source["path"] = "/api/v1/hooks/0190a000-0000-7000-8000-00000000dead"
    answer = sender.send(told())
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_signature")


def test_what_is_not_genuine_is_not_read(sender: Sender) -> None:
    for body in ("{" * 100_000, "\ud7ff", "[" * 50_000 + "]" * 50_000):
        assert sender.send(body, secret="whsec_" + "A" * 44).status_code == 401


def test_what_cannot_be_understood_is_refused_by_name_and_kept_without_its_content(
    sender: Sender,
) -> None:
    begun = '{"type":"booking.created","data":{"reservation_key":"k",'
    email = '"contact":{"email":"' + "a" * 300 + '"}}}'
    bodies = {
        "": "json",
        "{": "json",
        "[" * 50_000 + "]" * 50_000: "json",
        "NaN": "json",
        '"\\ud800"': "json",
        "[]": "kind",
        '{"type":"booking.created"}': "reservation_key",
        '{"type":"booking.created","data":{"reservation_key":"a b"}}': "reservation_key",
        '{"type":"booking.eaten","data":{"reservation_key":"k"}}': "kind",
        begun + '"starts_at":"x"}}': "starts_at",
        begun + email: "contact.email",
        begun + '"contact":{"language":"tlh"}}}': "contact.language",
    }
    for body, field in bodies.items():
        answer = sender.send(body)
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook_not_understood")
        assert answer.json()["errors"][0]["field"] == f"body.{field}", body[:80]
        kept = sender.received(result="refused")[0]
        assert kept["field"].removeprefix("body.") == field
        assert "aaaa" not in json.dumps(kept)


def test_a_booking_that_cannot_be_says_why_and_leaves_the_rest(
    sender: Sender, told: Any, book: Any
) -> None:
    book("R-0", 24)
    answer = sender.send(told())
    assert (answer.status_code, answer.json()["code"]) == (409, "double_booked")
    (kept,) = sender.received()
    assert (kept["code"], kept["reservation_key"]) == ("double_booked", "R-1")
    assert sender.client.get("/api/v1/bookings/R-1").status_code == 404


# --- the order of things -------------------------------------------------------------------------


def test_what_is_older_than_what_is_known_is_ignored(sender: Sender, told: Any) -> None:
    sender.send(told(start_h=30, updated_at="2026-04-06T02:00:00Z"))
    booked = sender.booking()["booked"]
    late = sender.send(told("booking.changed", 40, updated_at="2026-04-06T01:00:00Z"))
    assert (late.status_code, late.json()["result"], late.json()["reason"]) == (
        200,
        "ignored",
        "stale",
    )
    assert sender.booking()["booked"] == booked


def test_a_cancellation_that_overtakes_its_booking_stays(sender: Sender, told: Any) -> None:
    first = sender.send(bare("booking.cancelled", updated_at="2026-04-06T02:00:00Z"))
    assert (first.json()["result"], first.json()["reason"]) == ("ignored", "unknown")
    late = sender.send(told(updated_at="2026-04-06T01:00:00Z"))
    assert (late.json()["result"], late.json()["reason"]) == ("ignored", "stale")
    assert sender.client.get("/api/v1/bookings/R-1").status_code == 404


def test_a_payment_is_neither_lost_to_a_newer_change_nor_undone_by_an_older_one(
    sender: Sender, told: Any
) -> None:
    at = "2026-04-06T0{}:00:00Z".format
    sender.send(told(paid=False, updated_at=at(1)))
    sender.send(told("booking.changed", 30, updated_at=at(4)))
    assert sender.send(bare("booking.paid", updated_at=at(3))).json()["result"] == "changed"
    assert sender.booking()["paid"] is True
    sender.send(told("booking.created", paid=False, updated_at=at(2)))
    assert sender.booking()["paid"] is True
    sender.send(bare("booking.paid", reservation_key="R-1", updated_at=at(6)))
    sender.send(told("booking.changed", 32, paid=False, updated_at=at(5)))
    assert sender.booking()["paid"] is True
    sender.send(told("booking.changed", 32, paid=False, updated_at=at(7)))
    assert sender.booking()["paid"] is False


def test_whoever_takes_the_money_tells_of_bookings_that_others_made(
    admin: TestClient, clock: HandMovedClock, book: Any
) -> None:
    made = admin.post(SOURCES, json={"name": "決済", "preset": "payment"}).json()
    payments = Sender(admin, clock, made)
    early = payments.send({"reservation_key": "R-1", "paid": True}, message="p")
    assert (early.status_code, early.json()["code"]) == (422, "booking_unknown")
    book("R-1")
    assert (
        payments.send({"reservation_key": "R-1", "paid": True}, message="p").json()["result"]
        == "changed"
    )
    assert payments.booking()["paid"] is True
    assert payments.booking()["source"] == "api"
    assert payments.booking()["contact"]["name"] == "山田 花子"


def test_a_facility_is_found_by_its_name_where_only_one_has_it(
    sender: Sender, told: Any, facility: dict[str, Any]
) -> None:
    assert sender.send(told(facility_id="体育館")).json()["result"] == "created"
    body = {"site_id": facility["site_id"], "name_ja": "体育館", "doors": facility["doors"]}
    sender.client.post("/api/v1/facilities", json=body)
    answer = sender.send(told(facility_id="体育館", reservation_key="R-2"))
    assert answer.json()["code"] == "facility_unknown"


def test_a_source_books_at_its_sites_alone(
    admin: TestClient, clock: HandMovedClock, told: Any, book: Any, hub_town: Any
) -> None:
    other = hub_town.site()
    made = admin.post(SOURCES, json={"name": "別館", "sites": [other]}).json()
    stranger = Sender(admin, clock, made)
    assert stranger.send(told()).json()["code"] == "facility_unknown"
    book("R-1")
    answer = stranger.send(bare("booking.cancelled"))
    assert (answer.status_code, answer.json()["code"]) == (404, "booking_unknown")
    assert stranger.booking()["state"] == "confirmed"


# --- setting up ----------------------------------------------------------------------------------


def test_while_a_secret_is_rotated_both_are_taken(
    sender: Sender, told: Any, admin: TestClient
) -> None:
    old = sender.source["secret"]
    one = f"{SOURCES}/{sender.source['id']}"
    new = admin.post(f"{one}/rotate", json={"grace_h": 1}).json()["secret"]
    assert sender.send(told(), secret=old).status_code == 200
    assert sender.send(told(), secret=new).status_code == 200
    sender.clock.advance(timedelta(hours=1))
    assert sender.send(told(), secret=old).status_code == 401
    assert sender.send(told(), secret=new).status_code == 200
    assert "secret" not in admin.get(one).json()
    theirs = Webhook(b"made by the other side, long")
    given = {"grace_h": 0, "secret": "whsec_bWFkZSBieSB0aGUgb3RoZXIgc2lkZSwgbG9uZw=="}
    assert admin.post(f"{one}/rotate", json=given).json()["secret"] == given["secret"]
    assert theirs.sign("m", sender.clock.now(), "") == Webhook(given["secret"]).sign(
        "m", sender.clock.now(), ""
    )
    assert sender.send(told(), secret=new).status_code == 401


def test_while_it_is_paused_senders_are_told_to_come_again(
    sender: Sender, told: Any, admin: TestClient
) -> None:
    one = f"{SOURCES}/{sender.source['id']}"
    admin.patch(one, json={"state": "paused"})
    answer = sender.send(told(), message="m")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")
    admin.patch(one, json={"state": "active"})
    assert sender.send(told(), message="m").json()["result"] == "created"


def test_a_profile_that_cannot_be_is_refused_by_name(admin: TestClient) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"reservation_key": ""}, "reservation_key"),
        ({"reservation_key": "no"}, "reservation_key"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"kinds": {"a": "eat"}}, "kinds.a"),
        ({"stamp": "/~2"}, "stamp"),
        ({"states": {"a": "maybe"}}, "states.a"),
        ({"eval": "1"}, "eval"),
    ]
    for changed, field in wrong:
        body = {"name": "x", "profile": {"reservation_key": "/k"} | changed}
        answer = admin.post(SOURCES, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
        assert answer.json()["errors"][0]["field"] == f"body.profile.{field}"


def test_a_profile_is_kept_changed_and_used(
    sender: Sender, admin: TestClient, facility: dict[str, Any], clock: HandMovedClock
) -> None:
    profile = {
        "reservation_key": "/no",
        "key_prefix": "x-",
        "facility": "/room",
        "facilities": {"A": facility["id"]},
        "starts_at": "/from",
        "ends_at": "/to",
        "zone": "Asia/Tokyo",
        "holders": "/who",
    }
    one = f"{SOURCES}/{sender.source['id']}"
    assert admin.patch(one, json={"profile": profile}).status_code == 200
    assert profile.items() <= admin.get(one).json()["profile"].items()
    message = {"no": 7, "room": "A", "from": "2026-04-08 18:00", "to": "2026-04-08 20:00"}
    assert sender.send(message | {"who": ["山田 花子", "佐藤 太郎"]}).json()["result"] == "created"
    booking = sender.booking("x-7")
    assert booking["booked"]["starts_at"] == "2026-04-08T09:00:00Z"
    assert {each["holder"] for each in booking["credentials"]} == {"山田 花子", "佐藤 太郎"}
    assert admin.delete(one).status_code == 204
    assert sender.send(message).status_code == 401
    assert sender.booking("x-7")["state"] == "confirmed"


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        few = WebhooksSettings(receive_a_minute=2, receive_max_bytes=2_048)
        return settings.model_copy(update={"webhooks": few})

    def test_a_source_that_floods_is_told_to_wait(self, sender: Sender, told: Any) -> None:
        message = told()
        assert [sender.send(message).status_code for _ in range(3)] == [200, 200, 429]
        assert sender.send(message, message="msg_1").status_code == 200  # known already
        sender.clock.advance(timedelta(minutes=1))
        assert sender.send(told()).status_code == 200

    def test_a_body_that_is_too_large_is_not_read(self, sender: Sender, told: Any) -> None:
        answer = sender.send(told(purpose="a" * 4_000))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.postgres
class TestOnPostgresql:
    """There a refusal spoils its transaction, unless it is undone by itself."""

    @pytest.fixture
    def database_at(self, postgresql_at: str) -> str:
        return postgresql_at

    def test_what_is_refused_is_kept_and_undoes_itself_alone(
        self, sender: Sender, told: Any, book: Any
    ) -> None:
        book("R-0", 24)
        assert sender.send(told(), message="m").status_code == 409
        assert sender.send("{").status_code == 422
        assert sender.send(told(start_h=48, updated_at=2), message="n").status_code == 200
        assert sender.send(told(start_h=72, updated_at=1)).json()["reason"] == "stale"
        results = [each["result"] for each in reversed(sender.received())]
        assert results == ["refused", "refused", "created", "ignored"]
        assert sender.booking()["source"] == "webhook"
