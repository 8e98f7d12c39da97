"""One site's agent: the production agent through its own bootstrap, on the demo's card service.

Two things differ from `kagimori-edge run`: a DEMO identity is allowed, and the machine's card
service is the virtual one. It starts while the hub does and serves once it is told to.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from deploy.demo.plan import TERMINALS
from deploy.demo.processes import end_with_parent, wait_for_go
from deploy.demo.virtual_card_service import VirtualCardService, VirtualReader, virtual_pcsc
from edge.bootstrap import build
from edge.drivers.pcsc_api import Pcsc
from edge.settings import load_settings


def main() -> None:
    """Run as `python -m deploy.demo.edge_process SETTINGS CARD_PORT...`: one a terminal, none for
    an agent without card readers."""
    parser = argparse.ArgumentParser(description="One simulated site's agent.")
    parser.add_argument("settings", type=Path)
    parser.add_argument("card_ports", type=int, nargs="*")
    given = parser.parse_args()
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    if not wait_for_go():
        return
    end_with_parent()
    changed = threading.Condition()
    readers = [
        VirtualReader(plan.reader_name, port, changed)
        for plan, port in zip(TERMINALS, given.card_ports, strict=False)
    ]

    def open_pcsc() -> Pcsc:
        return virtual_pcsc(VirtualCardService(*readers))

    agent = build(load_settings(given.settings), allow_demo=True, open_pcsc=open_pcsc)
    agent.start()
    ending.wait()
    agent.stop()


if __name__ == "__main__":
    main()
