"""Starting a broker: what goes wrong is told, nothing is left running."""

from __future__ import annotations

import pytest

from deploy.demo.broker import DemoMosquitto, EmbeddedBrokerProcess
from deploy.mosquitto import process
from deploy.mosquitto.process import BrokerError, MosquittoProcess
from provisioning.mosquitto import BROKER_KEY, CONFIGURATION

pytestmark = pytest.mark.mosquitto


@pytest.mark.parametrize("kind", [MosquittoProcess, DemoMosquitto, EmbeddedBrokerProcess])
def test_a_broker_that_cannot_start_says_why(town, mosquitto, kind):
    """Its key is missing: the error repeats the broker's own last words."""
    good = mosquitto()
    good.stop()
    (good.directory / BROKER_KEY).unlink()
    broken = kind(good.directory, good.port)
    with pytest.raises(BrokerError, match=r"did not start: .+"):
        broken.start()
    assert not broken.running


def test_a_missing_mosquitto_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "find_mosquitto", lambda: None)
    with pytest.raises(BrokerError, match="Mosquitto is not installed"):
        MosquittoProcess(tmp_path, 1).start()


def test_a_stopped_broker_starts_again(mosquitto):
    broker = mosquitto()
    broker.stop()
    assert not broker.running
    broker.start()
    assert broker.running
    assert (broker.directory / CONFIGURATION).exists()
