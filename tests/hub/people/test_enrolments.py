"""Enrolment at a reader: one at a time, the next unknown card that is held up twice is taken up, a
known one is refused with whose it is, and of two different ones neither is taken."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient

from hub.audit.rows import AuditedRows
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.database.scope import Scope
from hub.people import enrolment_repository, repository
from hub.people.enrolment_chore import TakeOffers
from hub.people.enrolment_domain import opened_first_read
from hub.people.enrolment_projector import PROJECTOR
from hub.policy.tables import policy_dirty
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.rights import Role
from tests.hub.people.test_key_recovery import answer_of, point_of
from wire.card_offers import CardOffer, seal_offer
from wire.events import CardOfferBody, EventKind
from wire.policy_bodies import Assurance

NUMBER = bytes.fromhex("0123456789abcdef")


class Desk:
    """A reader on a desk, and the controller that tells what is held to it."""

    def __init__(self, hub: Hub, clock: HandMovedClock, client: TestClient, place: Any) -> None:
        self.hub, self.clock, self.client = hub, clock, client
        self.journal = MemoryJournal(start=clock.now(), controller="gym0000000000001")
        device = {"controller_id": "gym0000000000001", "driver": "virtual", "port": "v"}
        self.device = self.add("devices", name="板", **device)
        self.reader = self.add("readers", device_id=self.device, name="窓口", side="terminal")
        self.door = place.door

    def add(self, path: str, **body: Any) -> str:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def start(self, **body: Any) -> Any:
        return self.client.post(f"/api/v1/readers/{self.reader}/enrolment", json=body)

    def started(self, **body: Any) -> str:
        answer = self.start(**body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def offer_twice(self, enrolment: str, number: bytes = NUMBER, **more: Any) -> None:
        self.offer(enrolment, number, **more)
        self.offer(enrolment, number, **more)

    def offer(
        self,
        enrolment: str,
        number: bytes = NUMBER,
        *,
        reader: str | None = None,
        assurance: Assurance = Assurance.IDENTIFIER,
        **more: Any,
    ) -> None:
        with self.hub.core.db.read() as scope:
            found = enrolment_repository.enrolment(scope, enrolment)
        assert found is not None
        card = CardOffer(**{"namespace": "felica", "identity": number, **more})
        body = CardOfferBody(
            enrolment=enrolment,
            reader=reader or self.reader,
            sealed=seal_offer(found.public_key, enrolment, card),
            assurance=assurance,
        )
        at_s = int((self.clock.now() - self.journal.start).total_seconds())
        self.journal.add(EventKind.CARD_OFFERED, body, at_s)
        self.work()

    def work(self) -> None:
        core = self.hub.core
        projection = ProjectionWorker(core.db, self.journal.after, [PROJECTOR])
        while projection.step():
            continue
        chore = TakeOffers(core.clock, core.ids, core.keys, self.hub.services.get(AuditedRows))
        with core.db.read() as scope:
            due = chore.is_due(scope)
        if due:
            core.db.write(chore.run)

    def seen(self, enrolment: str) -> Any:
        return self.client.get(f"/api/v1/enrolments/{enrolment}").json()


@pytest.fixture
def desk(hub: Hub, clock: HandMovedClock, admin: TestClient, gym: Any) -> Desk:
    return Desk(hub, clock, admin, gym)


def _marks(scope: Scope) -> set[tuple[str, str]]:
    return {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}


def test_the_next_unknown_card_is_taken_up_with_what_the_reader_vouches_for(
    desk: Desk, hana: str
) -> None:
    enrolment = desk.started(person_id=hana, label="職員証 1")
    assert desk.seen(enrolment)["state"] == "waiting"
    desk.offer_twice(enrolment)
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["copyable"]) == ("done", True)
    card = seen["card"]
    assert (card["person_id"], card["label"], card["namespace"]) == (hana, "職員証 1", "felica")
    assert (card["assurance"], card["reader_id"]) == ("identifier", desk.reader)
    look = {"namespace": "felica", "identity": NUMBER.hex()}
    assert desk.client.post("/api/v1/cards/lookup", json=look).json()["id"] == card["id"]


def test_the_first_hold_shows_what_was_read_and_takes_nothing(desk: Desk, hub: Hub) -> None:
    """Kind, last digits and who could copy it, kept sealed, and no longer than until the end."""
    enrolment = desk.started()
    desk.offer(enrolment)
    seen = desk.seen(enrolment)
    read = {"namespace": "felica", "ends_with": "CDEF", "clone_risk": "anybody_near"}
    assert (seen["state"], seen["card"], seen["read"]) == ("again", None, read)
    assert desk.client.get("/api/v1/cards").json()["items"] == []
    with hub.core.db.read() as scope:
        found = enrolment_repository.enrolment(scope, enrolment)
        rows = str(scope.connection.exec_driver_sql("SELECT * FROM card_enrolments").all())
    assert found is not None
    assert found.first_read is not None
    assert "CDEF" not in rows.upper() + repr(found).upper()
    desk.offer(enrolment)
    assert desk.seen(enrolment)["read"] == read
    with hub.core.db.read() as scope:
        found = enrolment_repository.enrolment(scope, enrolment)
    assert found is not None
    assert (found.first_read, found.first_index) == (None, "")


def test_of_two_different_cards_neither_is_taken_and_the_enrolment_ends(desk: Desk) -> None:
    enrolment = desk.started()
    desk.offer(enrolment)
    desk.offer(enrolment, b"another1")
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["refusal"], seen["card"]) == ("cancelled", "two_cards", None)
    desk.offer(enrolment)
    desk.offer(enrolment)
    assert desk.client.get("/api/v1/cards").json()["items"] == []
    actions = [each["action"] for each in desk.client.get("/api/v1/audit").json()["items"]]
    assert "enrolment.two_cards" in actions


def test_the_same_hold_told_twice_counts_once(desk: Desk, clock: HandMovedClock) -> None:
    """A controller's events may be projected anew while an enrolment is open."""
    enrolment = desk.started()
    desk.offer(enrolment)
    core = desk.hub.core
    again = ProjectionWorker(core.db, desk.journal.after, [replace(PROJECTOR, name="anew")])
    while again.step():
        continue
    desk.work()
    assert desk.seen(enrolment)["state"] == "again"
    desk.offer(enrolment)
    assert desk.seen(enrolment)["state"] == "done"


def test_what_is_vouched_for_is_what_both_readings_were(desk: Desk) -> None:
    for second, taken in ((Assurance.READER_VERIFIED, "reader_verified"), (None, "identifier")):
        number = taken.encode()[:8]
        enrolment = desk.started()
        desk.offer(enrolment, number, assurance=Assurance.READER_VERIFIED)
        risk = desk.seen(enrolment)["read"]["clone_risk"]
        assert risk == "reader_keys"
        desk.offer(enrolment, number, assurance=second or Assurance.IDENTIFIER)
        assert desk.seen(enrolment)["card"]["assurance"] == taken


def test_a_card_that_answered_once_is_not_taken_by_its_number_the_second_time(desk: Desk) -> None:
    """Or it would be known as weaker than it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    proof = {"namespace": "p256", "profile": "iso7816-ecdsa-p256"}
    enrolment = desk.started()
    desk.offer(enrolment, answer=answer_of(key, b"one"), **proof)
    assert desk.seen(enrolment)["read"]["clone_risk"] == "nobody"
    desk.offer(enrolment, namespace="p256")
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["refusal"], seen["card"]) == ("waiting", "bad_answer", None)


def _key_set(desk: Desk, profile: str = "desfire-ev2-aes") -> str:
    return desk.add("card-key-sets", name="職員証", profile=profile)


def test_a_card_of_another_kind_than_the_key_set_is_refused_and_another_awaited(
    desk: Desk,
) -> None:
    """A FeliCa card, and a number too short, where DESFire cards are enrolled."""
    enrolment = desk.started(key_set_id=_key_set(desk))
    for number, namespace in ((NUMBER, "felica"), (bytes(range(4)), "uid")):
        desk.offer(enrolment, number, namespace=namespace)
        seen = desk.seen(enrolment)
        assert (seen["state"], seen["refusal"], seen["read"]) == ("waiting", "other_kind", None)
    right = bytes.fromhex("04782E21801D80")
    desk.offer(enrolment, right, namespace="uid")
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["refusal"]) == ("again", "none")
    assert seen["read"]["clone_risk"] == "stolen_controller"
    desk.offer(enrolment, right, namespace="uid")
    card = desk.seen(enrolment)["card"]
    assert (card["has_key"], card["profile"], card["key_version"]) == (True, "desfire-ev2-aes", 1)


def test_a_felica_card_is_taken_up_with_the_key_of_its_set_and_its_risk_is_told(
    desk: Desk,
) -> None:
    enrolment = desk.started(key_set_id=_key_set(desk, "felica-lite-s"))
    idm = bytes.fromhex("0120220427678116")
    desk.offer(enrolment, idm, namespace="felica")
    assert desk.seen(enrolment)["read"]["clone_risk"] == "stolen_controller"
    desk.offer(enrolment, idm, namespace="felica")
    card = desk.seen(enrolment)["card"]
    assert (card["has_key"], card["profile"], card["namespace"]) == (
        True,
        "felica-lite-s",
        "felica",
    )


def test_a_card_of_another_kind_than_a_key_of_its_own_is_refused(desk: Desk) -> None:
    key = "a7b1c2d3e4f5061728394a5b6c7d8e92"
    enrolment = desk.started(key=key, profile="iso7816-aes-cmac")
    desk.offer_twice(enrolment, bytes.fromhex("04782E21801D80"), namespace="uid")
    assert desk.seen(enrolment)["refusal"] == "other_kind"
    desk.offer_twice(enrolment, bytes(range(1, 9)), namespace="cmac")
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["card"]["has_key"]) == ("done", True)


def test_the_number_is_readable_nowhere_and_the_key_is_gone(desk: Desk, hub: Hub) -> None:
    enrolment = desk.started()
    desk.offer_twice(enrolment)
    assert NUMBER.hex() not in desk.client.get("/api/v1/audit").text.lower()
    with hub.core.db.read() as scope:
        found = enrolment_repository.enrolment(scope, enrolment)
        assert not enrolment_repository.any_offer(scope)
    assert found is not None
    assert found.private_key is None
    assert desk.journal.rows[0].data.find(NUMBER.hex().encode()) == -1
    assert base64.b64encode(NUMBER) not in desk.journal.rows[0].data


def test_one_enrolment_at_a_reader_at_a_time_until_it_is_cancelled_or_over(
    desk: Desk, clock: HandMovedClock
) -> None:
    first = desk.started()
    assert (desk.start().status_code, desk.start().json()["code"]) == (409, "conflict")
    assert desk.client.post(f"/api/v1/enrolments/{first}/cancel").json()["state"] == "cancelled"
    second = desk.started()
    clock.advance(timedelta(seconds=60))
    assert desk.seen(second)["state"] == "expired"
    desk.started()
    assert desk.seen(second)["state"] == "expired"


def test_a_card_offered_after_the_end_is_not_taken_up(desk: Desk, clock: HandMovedClock) -> None:
    cancelled = desk.started()
    desk.client.post(f"/api/v1/enrolments/{cancelled}/cancel")
    desk.offer(cancelled)
    over = desk.started()
    clock.advance(timedelta(seconds=64))
    desk.work()
    desk.offer(over)
    assert desk.client.get("/api/v1/cards").json()["items"] == []


def test_when_an_enrolment_ends_its_controller_is_told(
    desk: Desk, hub: Hub, clock: HandMovedClock
) -> None:
    enrolment = desk.started()
    clock.advance(timedelta(seconds=64))
    hub.core.db.write(lambda scope: scope.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    desk.work()
    with hub.core.db.read() as scope:
        assert ("enrolment", enrolment) in _marks(scope)


def test_a_card_of_somebody_is_refused_with_whose_and_another_is_still_awaited(
    desk: Desk, hana: str
) -> None:
    first = desk.started(person_id=hana)
    desk.offer_twice(first)
    second = desk.started()
    desk.offer(second)
    seen = desk.seen(second)
    assert (seen["state"], seen["refusal"]) == ("waiting", "known")
    assert seen["refused_person_id"] == hana
    desk.offer_twice(second, b"another1")
    seen = desk.seen(second)
    assert (seen["state"], seen["refusal"], seen["refused_card_id"]) == ("done", "none", None)


def test_a_withdrawn_card_is_refused_as_such(desk: Desk) -> None:
    first = desk.started()
    desk.offer_twice(first)
    card = desk.seen(first)["card"]["id"]
    desk.client.post(f"/api/v1/cards/{card}/withdraw", json={})
    second = desk.started()
    desk.offer(second)
    assert desk.seen(second)["refusal"] == "withdrawn"


def test_a_card_that_answers_is_held_up_twice_and_its_key_is_known(desk: Desk, hub: Hub) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    proof = {"namespace": "p256", "profile": "iso7816-ecdsa-p256"}
    enrolment = desk.started()
    desk.offer(enrolment, answer=answer_of(key, b"one"), **proof)
    assert desk.seen(enrolment)["state"] == "again"
    desk.offer(enrolment, answer=answer_of(key, b"two"), **proof)
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["copyable"]) == ("done", False)
    assert seen["card"]["assurance"] == "challenge"
    with hub.core.db.read() as scope:
        card = repository.card(scope, seen["card"]["id"])
    assert card is not None
    assert (card.profile, card.public_key) == ("iso7816-ecdsa-p256", point_of(key))


def test_two_answers_of_two_keys_under_one_number_are_refused(desk: Desk) -> None:
    proof = {"namespace": "p256", "profile": "iso7816-ecdsa-p256"}
    enrolment = desk.started()
    for message in (b"one", b"two"):
        key = ec.generate_private_key(ec.SECP256R1())
        desk.offer(enrolment, answer=answer_of(key, message), **proof)
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["refusal"]) == ("again", "bad_answer")


def test_what_is_offered_for_another_reader_or_sealed_wrongly_is_dropped(desk: Desk) -> None:
    enrolment = desk.started()
    desk.offer(enrolment, reader="another")
    other = desk.add("readers", device_id=desk.device, name="隣", channel=1, side="terminal")
    answer = desk.client.post(f"/api/v1/readers/{other}/enrolment", json={})
    elsewhere = answer.json()["id"]
    with desk.hub.core.db.read() as scope:
        found = enrolment_repository.enrolment(scope, elsewhere)
    assert found is not None
    card = CardOffer(namespace="felica", identity=NUMBER)
    sealed = seal_offer(found.public_key, elsewhere, card)
    body = CardOfferBody(
        enrolment=enrolment,
        reader=desk.reader,
        sealed=sealed,
        assurance=Assurance.CHALLENGE,
    )
    desk.journal.add(EventKind.CARD_OFFERED, body)
    desk.work()
    assert desk.seen(enrolment)["state"] == "waiting"


def test_a_card_enrolled_in_the_place_of_another_has_its_rights(desk: Desk, hana: str) -> None:
    first = desk.started(person_id=hana, label="職員証 1")
    desk.offer_twice(first)
    old = desk.seen(first)["card"]["id"]
    grant = desk.add("grants", door_id=desk.door, card_id=old)
    desk.client.post(f"/api/v1/cards/{old}/lost", json={"reason": "紛失"})
    second = desk.started(replaces_id=old)
    desk.offer_twice(second, b"new card")
    new = desk.seen(second)["card"]
    assert (new["person_id"], new["label"], new["replaces_id"]) == (hana, "職員証 1", old)
    assert desk.client.get(f"/api/v1/cards/{old}").json()["state"] == "withdrawn"
    assert desk.client.get(f"/api/v1/grants/{grant}").json()["card_id"] == new["id"]


@pytest.mark.parametrize("role", [Role.CLERK, Role.VIEWER, Role.STAFF])
def test_only_who_writes_people_enrols(
    desk: Desk, as_role: Callable[[Role], TestClient], role: Role
) -> None:
    as_role(role)
    assert desk.start().status_code == 403


def test_what_cannot_be_is_refused_by_name(desk: Desk) -> None:
    for body, field in (
        ({"person_id": "nobody"}, None),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "body.valid_until"),
        ({"replaces_id": "nothing"}, None),
    ):
        answer = desk.start(**body)
        assert answer.status_code in {404, 422}
        if field is not None:
            assert answer.json()["errors"][0]["field"] == field


def test_reissue_in_one_request(desk: Desk, hana: str) -> None:
    card = {"namespace": "felica", "identity": NUMBER.hex(), "person_id": hana, "label": "A"}
    old = desk.add("cards", **card)
    grant = desk.add("grants", door_id=desk.door, card_id=old)
    body = {"namespace": "felica", "identity": "AA", "reason": "破損"}
    made = desk.client.post(f"/api/v1/cards/{old}/reissue", json=body)
    assert made.status_code == 201
    new = made.json()
    assert (new["person_id"], new["label"], new["replaces_id"]) == (hana, "A", old)
    assert desk.client.get(f"/api/v1/grants/{grant}").json()["card_id"] == new["id"]
    gone = desk.client.get(f"/api/v1/cards/{old}").json()
    assert (gone["state"], gone["state_reason"]) == ("withdrawn", "破損")
    assert desk.client.post(f"/api/v1/cards/{old}/reissue", json=body).status_code == 409
    actions = [each["action"] for each in desk.client.get("/api/v1/audit").json()["items"]]
    assert "card.reissued" in actions


def test_a_reissue_of_a_card_that_is_known_changes_nothing(desk: Desk, hana: str) -> None:
    old = desk.add("cards", namespace="felica", identity="AA", person_id=hana)
    desk.add("cards", namespace="felica", identity="BB")
    body = {"namespace": "felica", "identity": "BB"}
    assert desk.client.post(f"/api/v1/cards/{old}/reissue", json=body).status_code == 409
    assert desk.client.get(f"/api/v1/cards/{old}").json()["state"] == "active"


def test_a_card_that_was_to_be_replaced_and_is_gone_ends_that_enrolment_and_no_other(
    desk: Desk, hana: str
) -> None:
    """What went wrong with one offer must not keep everybody else's card from being taken up."""
    old = desk.add("cards", namespace="felica", identity="AA", person_id=hana)
    stuck = desk.started(replaces_id=old)
    desk.client.post(f"/api/v1/cards/{old}/withdraw", json={})
    desk.offer_twice(stuck)
    assert desk.seen(stuck)["state"] == "cancelled"
    look = {"namespace": "felica", "identity": NUMBER.hex()}
    assert desk.client.post("/api/v1/cards/lookup", json=look).status_code == 404
    free = desk.started(person_id=hana)
    desk.offer_twice(free)
    assert desk.seen(free)["state"] == "done"


def test_a_reading_that_was_tampered_with_ends_that_enrolment_and_no_other(desk: Desk) -> None:
    """Else the hub would stumble over it at each ring, and enrol nobody's card any more."""
    stuck = desk.started()
    desk.offer(stuck)
    with desk.hub.core.db.read() as scope:
        found = enrolment_repository.enrolment(scope, stuck)
    assert found is not None
    assert found.first_read is not None
    bad = {"first_read": found.first_read[:-1] + bytes([found.first_read[-1] ^ 1])}
    desk.hub.core.db.write(lambda scope: enrolment_repository.change(scope, stuck, bad))
    desk.offer(stuck)
    assert desk.seen(stuck)["state"] == "cancelled"
    free = desk.started()
    desk.offer_twice(free)
    assert desk.seen(free)["state"] == "done"


def test_a_second_answer_that_counts_as_the_first_counts_once(desk: Desk) -> None:
    """What it was read from is told anew as well as any other."""
    one, two = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    proof = {"namespace": "p256", "profile": "iso7816-ecdsa-p256"}
    enrolment = desk.started()
    desk.offer(enrolment, answer=answer_of(one, b"one"), **proof)
    desk.offer(enrolment, answer=answer_of(two, b"two"), **proof)
    assert desk.seen(enrolment)["refusal"] == "bad_answer"
    with desk.hub.core.db.read() as scope:
        found = enrolment_repository.enrolment(scope, enrolment)
    assert found is not None
    read = opened_first_read(desk.hub.core.keys, enrolment, found.first_read or b"")
    assert read.offer.endswith("-2")


def test_a_card_heard_of_long_after_the_time_is_not_taken_up(
    desk: Desk, clock: HandMovedClock
) -> None:
    """The hub was away meanwhile, and who started it has been told that it is over."""
    enrolment = desk.started()
    clock.advance(timedelta(hours=1))
    desk.offer_twice(enrolment)
    assert desk.seen(enrolment)["state"] == "expired"
    assert desk.client.get("/api/v1/cards").json()["items"] == []


def test_the_same_answer_twice_tells_no_key(desk: Desk) -> None:
    """One answer fits two keys: told twice, it fits both still."""
    key = ec.generate_private_key(ec.SECP256R1())
    same = answer_of(key, b"one")
    proof = {"namespace": "p256", "profile": "iso7816-ecdsa-p256", "answer": same}
    enrolment = desk.started()
    desk.offer(enrolment, **proof)
    desk.offer(enrolment, **proof)
    seen = desk.seen(enrolment)
    assert (seen["state"], seen["refusal"]) == ("again", "bad_answer")
