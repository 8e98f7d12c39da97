"""Whatever the answers, a message is delivered or has failed after exactly eight attempts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.database.engine import Database
from hub.database.scope import Scope
from hub.happenings.domain import Subject
from hub.webhooks import repository
from hub.webhooks.domain import (
    ATTEMPTS,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Fault,
    Outcome,
)
from hub.webhooks.outbox import Outbox
from hub.webhooks.payloads import Message
from hub.webhooks.settling import settle

LEASE = timedelta(seconds=60)
SUCCESS = Outcome(204, None, 5)
FAULTS = st.sampled_from([fault for fault in Fault if fault is not Fault.GONE])
OUTCOMES = st.one_of(
    st.just(SUCCESS),
    st.builds(
        Outcome,
        st.just(None),
        FAULTS,
        st.integers(0, 15_000),
        st.text(max_size=5).map(lambda text: text.replace("\x00", "")).filter(str.isprintable),
        st.none() | st.integers(0, 10**9),
    ),
    # Nothing came back: whoever sent it died, and its lease ends.
    st.none(),
)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


@pytest.fixture
def endpoint(town: Any) -> Endpoint:
    """An endpoint."""
    now = town.clock.now()
    made = Endpoint(
        id=town.ids.new(),
        url="https://hooks.example.jp/",
        description="",
        kinds=("*",),
        sites=None,
        insecure=False,
        include_contact=False,
        state=EndpointState.ACTIVE,
        failures=0,
        secret=b"",
        previous_secret=None,
        previous_until=None,
        created_at=now,
        updated_at=now,
        last_success_at=None,
        last_failure_at=None,
    )
    town.db.write(lambda scope: repository.write_endpoint(scope, made, new=True))
    return made


def new_delivery(town: Any, endpoint: Endpoint) -> Delivery:
    message = Message(town.ids.new(), "webhook.test", town.clock.now(), Subject())
    outbox = Outbox(town.clock, town.ids)
    made: Delivery = town.db.write(lambda scope: outbox.address(scope, endpoint, message))
    return made


def claimed(town: Any, delivery: Delivery) -> list[Delivery]:
    now = town.clock.now()

    def claim(scope: Scope) -> list[Delivery]:
        found = repository.claim(scope, delivery.endpoint_id, now, now + LEASE, 100)
        return [each for each in found if each.id == delivery.id]

    got: list[Delivery] = town.db.write(claim)
    return got


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(outcomes=st.lists(OUTCOMES, max_size=14), chance=st.floats(0, 1, exclude_max=True))
def test_it_is_delivered_or_fails_after_exactly_eight_attempts(
    town: Any, endpoint: Endpoint, outcomes: list[Outcome | None], chance: float
) -> None:
    delivery = new_delivery(town, endpoint)
    was, told = delivery, []
    failing = Outcome(500, Fault.STATUS, 1)
    for outcome in (*outcomes, *[failing] * (2 * ATTEMPTS)):
        (sent,) = claimed(town, delivery)
        assert claimed(town, delivery) == []  # while somebody is at it, nobody else is
        assert (sent.message_id, sent.payload) == (was.message_id, was.payload)
        if outcome is None:
            town.clock.advance(LEASE)
            continue
        told.append(outcome)
        at, result = town.clock.now(), outcome
        town.db.write(lambda scope, s=sent, o=result, t=at: settle(scope, s, o, t, chance))
        with town.db.read() as scope:
            found = repository.delivery(scope, delivery.id)
        assert found is not None
        if found.state is not DeliveryState.PENDING:
            break
        assert claimed(town, delivery) == []
        town.clock.set(found.next_at)
    assert found is not None
    assert found.attempts == found.tries == len(told)
    if SUCCESS in told:
        assert found.state is DeliveryState.DELIVERED
        assert told.index(SUCCESS) == len(told) - 1
    else:
        assert found.state is DeliveryState.FAILED
        assert len(told) == ATTEMPTS
    with town.db.read() as scope:
        numbers = [each.number for each in repository.attempts_of(scope, [found.id])[found.id]]
    assert numbers == list(range(1, len(told) + 1))


def test_whoever_lost_the_delivery_adds_to_its_log_alone(
    town: Any, endpoint: Endpoint, db: Database
) -> None:
    delivery = new_delivery(town, endpoint)
    (slow,) = claimed(town, delivery)
    town.clock.advance(LEASE)
    (quick,) = claimed(town, delivery)
    at = town.clock.now()
    failed = Outcome(500, Fault.STATUS, 1)
    late = db.write(lambda scope: settle(scope, slow, failed, at, 0.0))
    assert late == replace(quick, tries=1)
    done = db.write(lambda scope: settle(scope, quick, SUCCESS, at, 0.0))
    assert done is not None
    assert (done.state, done.attempts, done.tries) == (DeliveryState.DELIVERED, 1, 2)


def test_an_endpoint_removed_meanwhile_leaves_nothing_to_write(
    town: Any, endpoint: Endpoint
) -> None:
    (sent,) = claimed(town, new_delivery(town, endpoint))
    town.db.write(lambda scope: repository.delete_endpoint(scope, endpoint.id))
    at = town.clock.now()
    assert town.db.write(lambda scope: settle(scope, sent, SUCCESS, at, 0.0)) is None
