"""How deep the stack can grow: the compiler's call graph (`-fcallgraph-info=su`) of a build.

A function's need is its own frame and the deepest of what it calls. The hardware table is called
through pointers, so such a call counts as the deepest function of the table, or, where requests are
given out, of all that carry one out; one within `flash.c` goes to the boot ROM. Recursion, and
frames whose size the compiler does not know, raise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_bridge.keybox.firmware.build import BuildError

INDIRECT: Final = "__indirect_call"
BOOT_ROM_BYTES: Final = 512
"""An allowance: the boot ROM's flash functions, of which no frame sizes are published."""
INTERRUPT_FRAME: Final = 32 + 4
"""What the processor pushes before a handler, aligned."""

_NODE: Final = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
_EDGE: Final = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
_BYTES: Final = re.compile(r"(\d+) bytes \((\w+)\)")
_TABLE: Final = re.compile(
    r"^(flash_nv|uart_link|ds3231_(read|write)|noise_random|panel_(key|inputs|bolt|feedback)"
    r"|supply_(battery|temperature)|watchdog_(kick|reboot|slot|reset)|.*firmware_main\.c:monotonic)"
)
_DISPATCHER: Final = "kb_requests_take"
_REQUEST: Final = re.compile(r"^kb_do_|.*kb_requests\.c:close_session$")
_INTERRUPTS: Final = ("uart_interrupt", "panel_interrupt")


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Frames in bytes and calls, by function."""

    frames: dict[str, int]
    calls: dict[str, set[str]]

    @classmethod
    def of(cls, folder: Path) -> CallGraph:
        """Read what the compiler left beside the objects; raise `BuildError`."""
        frames: dict[str, int] = {}
        calls: dict[str, set[str]] = {}
        for path in sorted(folder.glob("*.ci")):
            text = path.read_text()
            for name, label in _NODE.findall(text):
                size = _BYTES.search(label)
                if size is None:
                    continue
                if size[2] != "static":
                    raise BuildError(f"the frame of {name} is not bounded")
                frames[name] = int(size[1])
            for source, target in _EDGE.findall(text):
                calls.setdefault(source, set()).add(target)
        if not frames:
            raise BuildError(f"no call graph lies in {folder}")
        return cls(frames, calls)

    def depth(self, root: str) -> int:
        """Give the bytes of stack below `root`, the deepest interrupt on top included."""
        known: dict[str, int] = {}
        handlers = [self._depth(each, known, ()) for each in _INTERRUPTS if each in self.frames]
        interrupt = max(handlers) + INTERRUPT_FRAME if handlers else 0
        return self._depth(root, known, ()) + interrupt

    def _depth(self, name: str, known: dict[str, int], above: tuple[str, ...]) -> int:
        if name in known:
            return known[name]
        if name in above:
            raise BuildError(f"recursion: {' -> '.join((*above, name))}")
        path = (*above, name)
        deepest = max(
            (self._below(name, t, known, path) for t in self.calls.get(name, ())), default=0
        )
        known[name] = self.frames.get(name, 0) + deepest
        return known[name]

    def _below(self, name: str, target: str, known: dict[str, int], path: tuple[str, ...]) -> int:
        if target != INDIRECT:
            return self._depth(target, known, path)
        if "flash.c:" in name or name == "flash_start":
            return BOOT_ROM_BYTES
        targets = [each for each in self.frames if is_called_by_pointer(each, name)]
        return max(self._depth(each, known, path) for each in targets)


def is_called_by_pointer(function: str, caller: str = _DISPATCHER) -> bool:
    """Whether a call through a pointer in `caller` can come to a function."""
    if _TABLE.match(function):
        return True
    return caller == _DISPATCHER and _REQUEST.match(function) is not None
