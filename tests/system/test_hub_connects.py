"""The hub as it is built for production finds its broker, and names the file that it cannot use."""

from __future__ import annotations

import time

import pytest

from hub.backup.repository import under_review
from hub.bootstrap import build
from hub.database.migrate import migrate
from hub.settings import ConfigError, DatabaseSettings, MqttSettings, Settings
from provisioning import enrolment, hub_keys

DEADLINE_S = 10.0


@pytest.fixture
def hub_at(town):
    """`hub_at(port)` builds a hub on `town`'s keys for a broker at that port, in place of the one
    before."""
    built = []

    def make(port: int):
        while built:
            built.pop().stop()
        url = f"sqlite:///{town.directory / 'hub.db'}"
        migrate(url)
        settings = Settings(
            directory=town.hub,
            database=DatabaseSettings(url=url),
            mqtt=MqttSettings(host="127.0.0.1", port=port),
        )
        built.append(build(settings))
        return built[-1]

    yield make
    for hub in built:
        hub.stop()


def is_connected(hub) -> bool:
    return next(probe for probe in hub.probes if probe.name == "broker").ready()


def wait_until(condition, what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@pytest.mark.mosquitto
def test_readiness_says_whether_the_broker_is_reached(hub_at, mosquitto):
    """Not before the start, then yes, no longer once the broker is gone, and again with its
    return."""
    broker = mosquitto()
    hub = hub_at(broker.port)
    assert not is_connected(hub)
    hub.start()
    wait_until(lambda: is_connected(hub), "never connected")
    broker.kill()
    wait_until(lambda: not is_connected(hub), "the loss was not noticed")
    broker.start()
    wait_until(lambda: is_connected(hub), "never came back")


def test_a_broker_that_is_away_at_the_start_is_no_error(hub_at):
    hub = hub_at(1)
    hub.start()
    assert not is_connected(hub)


@pytest.mark.parametrize("name", ["hub-epoch.json", "signing.key", "mqtt.key", "mqtt.pem"])
def test_a_file_that_is_missing_stops_the_start_by_its_name(hub_at, town, name):
    (town.hub / name).unlink()
    with pytest.raises(ConfigError, match=name.replace(".", r"\.")):
        hub_at(1).start()


def test_key_files_older_than_the_database_stop_the_start(hub_at, town):
    """A restored directory of keys may not number policies anew under an old hub epoch."""
    path = town.hub / hub_keys.HUB_EPOCH
    first = path.read_bytes()
    enrolment.open_next_epoch(town.register, town.hub, hub_keys.load_hub_epoch(path).opened_at)
    hub_at(1).start()
    path.write_bytes(first)
    with pytest.raises(ConfigError, match="restore the newer file"):
        hub_at(1).start()


def test_a_new_epoch_that_no_restore_noted_is_looked_at_before_a_policy_is_sent(hub_at, town):
    """A restore that was cut off, or a database put back without it: what it does not know of
    cancelled PINs must not open doors."""
    hub = hub_at(1)
    hub.start()
    path = town.hub / hub_keys.HUB_EPOCH
    enrolment.open_next_epoch(town.register, town.hub, hub_keys.load_hub_epoch(path).opened_at)
    for _ in range(2):
        hub = hub_at(1)
        hub.start()
        with hub.core.db.read() as scope:
            waiting = under_review(scope)
        assert waiting is not None
        assert waiting.hub_epoch == 2
