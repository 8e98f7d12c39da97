"""Run as `python agent_process.py SETTINGS`: the production agent on a virtual reader, to which a
card is held for each line on stdin (the number of a person, or `-` for an unknown card)."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.bootstrap import build
from edge.drivers.virtual import VirtualDriver
from edge.settings import load_settings
from wire.samples import sample_id


def main() -> None:
    """Serve until stdin ends."""
    site = VirtualDriver()
    agent = build(load_settings(Path(sys.argv[1])), drivers={"site": site})
    agent.start()
    assert agent._page is not None
    assert agent._page.listening.wait(10)
    sys.stdout.write("serves\n")
    sys.stdout.flush()
    for line in sys.stdin:
        number = line.strip()
        identity = b"unknown" if number == "-" else int(number).to_bytes(7, "big")
        site.tap(sample_id(2_000), "uid", identity)
    agent.stop()


if __name__ == "__main__":
    main()
