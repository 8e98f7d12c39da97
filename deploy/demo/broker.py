"""Which broker the demo uses: Mosquitto where it is installed, the embedded one otherwise.

Both end with the demo, however it ends.
"""

from __future__ import annotations

import shutil
import sys

from deploy.mosquitto.process import BrokerProcess, MosquittoProcess


class DemoMosquitto(MosquittoProcess):
    """A Mosquitto that the kernel ends when the demo is gone, where util-linux can arrange it."""

    def command(self) -> list[str]:
        """Give Mosquitto's command line, behind setpriv(1) where there is one."""
        guard = shutil.which("setpriv")
        before = [guard, "--pdeathsig", "TERM"] if guard else []
        return [*before, *super().command()]


class EmbeddedBrokerProcess(BrokerProcess):
    """The embedded broker in a process of its own. It speaks MQTT 3.1.1 only."""

    def command(self) -> list[str]:
        """Give this Python and the embedded broker's module."""
        module = "deploy.demo.embedded_broker"
        return [sys.executable, "-m", module, str(self.directory), str(self.port)]
