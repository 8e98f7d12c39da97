"""A revoked certificate no longer connects once Mosquitto has read the list again."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest

from provisioning import enrolment
from provisioning.hub_keys import LINK_KEYS, load_link_keys

pytestmark = pytest.mark.mosquitto


def connects(probe, port, context) -> bool:
    try:
        client = probe(port, context)
    except (ssl.SSLError, OSError):
        return False
    accepted = client.accepted()
    client.close()
    return accepted


def test_after_revocation_and_sighup_new_connections_are_refused(town, mosquitto, probe):
    """The revoked one is refused, the others go on, and the hub has forgotten its keys."""
    stolen, kept = town.add_controller(), town.add_controller()
    broker = mosquitto()
    assert connects(probe, broker.port, town.controller_context(stolen))
    now = datetime.now(UTC)
    enrolment.revoke(town.register, stolen, now, town.hub, broker.directory)
    broker.reload()
    broker.wait_for_log("Reloading config")
    assert not connects(probe, broker.port, town.controller_context(stolen))
    assert connects(probe, broker.port, town.controller_context(kept))
    assert set(load_link_keys(town.hub / LINK_KEYS)) == {kept}


def test_a_revoked_controller_that_is_connected_stays_until_it_is_cut(town, mosquitto, probe):
    """Mosquitto does not look at the list again for a live session: the hub must refuse its
    messages, and a restart of the broker ends it."""
    stolen = town.add_controller()
    broker = mosquitto()
    client = probe(broker.port, town.controller_context(stolen))
    assert client.accepted()
    enrolment.revoke(town.register, stolen, datetime.now(UTC), town.hub, broker.directory)
    broker.reload()
    broker.wait_for_log("Reloading config")
    client.subscribe("#")
    assert not client.closed.is_set()
    broker.stop()
    broker.start()
    assert client.closed.wait(8)
    assert not connects(probe, broker.port, town.controller_context(stolen))
