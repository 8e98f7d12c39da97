"""Edge, broker and hub in network namespaces of their own, joined by cables that can be cut.

A namespace belongs to a thread, and a thread's children inherit it: so whatever is started by
`Namespace.run` speaks over that namespace's network, in this one process. Needs root; where the
right is missing the test fails and says so.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_numbers = itertools.count()

BROKER_AT = {"edge": "10.77.1.1", "hub": "10.77.2.1"}
"""Under which address the broker is reached from each end."""


def ip(*words: str) -> None:
    """Run iproute2; fail with what it says."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr} (root is needed)"


class Namespace:
    """One network namespace."""

    def __init__(self, name: str) -> None:
        self.name = name
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")

    def run(self, work: Callable[[], T]) -> T:
        """Call `work` in a thread that is inside; give what it returns, raise what it raises."""
        results: list[T] = []
        errors: list[BaseException] = []

        def inside() -> None:
            try:
                handle = os.open(Path("/run/netns", self.name), os.O_RDONLY)
                try:
                    if _libc.setns(handle, _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                finally:
                    os.close(handle)
                results.append(work())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def remove(self) -> None:
        """Take it away, with the ends of cables that are in it."""
        ip("netns", "del", self.name)


class Cables:
    """Three namespaces, and a cable from `edge` and from `hub` to `broker`.

    A cable is cut at the broker's end: who holds the other end sees its interface stand and learns
    nothing, as behind a switch or a mobile modem.
    """

    def __init__(self) -> None:
        mark = f"kgm{os.getpid()}x{next(_numbers)}"
        self.spaces: dict[str, Namespace] = {}
        self._near: dict[str, str] = {}
        self.cuts = 0
        try:
            for role in ("edge", "broker", "hub"):
                self.spaces[role] = Namespace(f"{mark}{role}")
            for number, role in enumerate(BROKER_AT, 1):
                self._lay(role, number)
        except BaseException:
            self.remove()
            raise

    def _lay(self, role: str, number: int) -> None:
        far, near = self.spaces[role].name, self.spaces["broker"].name
        self._near[role] = f"to-{role}"
        ip("-n", near, "link", "add", f"to-{role}", "type", "veth", "peer", "up0", "netns", far)
        ip("-n", near, "addr", "add", f"{BROKER_AT[role]}/24", "dev", f"to-{role}")
        ip("-n", far, "addr", "add", f"10.77.{number}.2/24", "dev", "up0")
        ip("-n", near, "link", "set", f"to-{role}", "up")
        ip("-n", far, "link", "set", "up0", "up")

    def cut(self, role: str) -> None:
        """Nothing passes any more."""
        self.cuts += 1
        ip("-n", self.spaces["broker"].name, "link", "set", self._near[role], "down")

    def mend(self, role: str) -> None:
        """Everything passes again."""
        ip("-n", self.spaces["broker"].name, "link", "set", self._near[role], "up")

    def remove(self) -> None:
        """Take all namespaces away."""
        for space in self.spaces.values():
            space.remove()
