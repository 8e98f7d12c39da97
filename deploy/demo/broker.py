"""Which broker the demo uses: Mosquitto where it is installed, the embedded one otherwise."""

from __future__ import annotations

import sys

from deploy.mosquitto.process import BrokerProcess


class EmbeddedBrokerProcess(BrokerProcess):
    """The embedded broker in a process of its own. It speaks MQTT 3.1.1 only."""

    def command(self) -> list[str]:
        """Give this Python and the embedded broker's module."""
        module = "deploy.demo.embedded_broker"
        return [sys.executable, "-m", module, str(self.directory), str(self.port)]
