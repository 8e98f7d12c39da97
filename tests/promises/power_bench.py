"""A disk that loses power: recorded operations, and what of them a cut can leave.

Everything synced is there. Of what was not, any subset of 512-byte sectors is there, is not, or
holds garbage; a file grown by it is long or short. Names change in the order in which they were
changed, and any number of the last changes may be missing until the folder was synced; that a file
was synced says nothing of its name.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

SECTOR: Final = 512
_HEAD: Final = struct.Struct("<cQQQII")


class Op(NamedTuple):
    """One recorded operation: create, write, truncate, allocate, sync, rename, unlink, mark."""

    kind: str
    inode: int
    x: int
    y: int
    path: str
    data: bytes


def read_ops(log: Path) -> list[Op]:
    """The recorder's log."""
    data, at, ops = log.read_bytes(), 0, []
    while at < len(data):
        kind, inode, x, y, path, count = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name = data[at : at + path].decode()
        at += path
        ops.append(Op(kind.decode(), inode, x, y, name, data[at : at + count]))
        at += count
    return ops


@dataclass(slots=True)
class File:
    """Bytes that are safe, and operations on them that are not yet."""

    safe: bytearray = field(default_factory=bytearray)
    loose: list[Op] = field(default_factory=list)

    def settle(self) -> None:
        """It was synced."""
        for op in self.loose:
            _apply(self.safe, op)
        self.loose.clear()

    def after_cut(self, chance: random.Random | None) -> bytes:
        """What a cut leaves; without chance everything, as when only the process died."""
        left = bytearray(self.safe)
        for op in self.loose:
            if chance is None:
                _apply(left, op)
            elif op.kind == "W":
                _apply_torn(left, op, chance)
            elif chance.random() < 0.5:
                _apply(left, op)
        return bytes(left)


def _apply(data: bytearray, op: Op) -> None:
    if op.kind == "T":
        del data[op.x :]
        data.extend(bytes(op.x - len(data)))
        return
    end = op.x + (op.y if op.kind == "A" else len(op.data))
    data.extend(bytes(max(end - len(data), 0)))
    if op.kind == "W":
        data[op.x : end] = op.data


def _apply_torn(data: bytearray, op: Op, chance: random.Random) -> None:
    kept = chance.choice((0.0, 0.5, 0.9, 1.0))
    if chance.random() < 0.5:  # the file's length came to the disk, whatever of its bytes did
        data.extend(bytes(max(op.x + len(op.data) - len(data), 0)))
    at = op.x
    while at < op.x + len(op.data):
        end = min((at // SECTOR + 1) * SECTOR, op.x + len(op.data))
        if chance.random() < kept:
            part = op.data[at - op.x : end - op.x]
        elif chance.random() < 0.1:
            part = chance.randbytes(end - at)
        else:
            part = b""
        if part:
            data.extend(bytes(max(end - len(data), 0)))
            data[at:end] = part
        at = end


class Disk:
    """A folder on a disk, operation by operation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[int, File] = {}
        self.names: dict[str, int] = {}
        self.loose_names: list[Op] = []
        self._folder_inode = folder.stat().st_ino

    def do(self, op: Op) -> None:
        """One operation happens."""
        if op.kind in "CRU":
            if op.path != str(self.folder):  # the folder itself, opened to be synced
                self.loose_names.append(op)
            if op.kind == "C":
                self.files[op.inode] = File()
        elif op.kind == "S" and op.inode == self._folder_inode:
            for one in self.loose_names:
                _rename(self.names, one)
            self.loose_names.clear()
        elif op.kind == "S":
            self.files[op.inode].settle()
        elif op.kind in "WTA":
            self.files[op.inode].loose.append(op)

    def cut(self, chance: random.Random | None) -> dict[str, tuple[int, bytes]]:
        """The folder after a cut: inode and bytes by name. Changes nothing."""
        names = dict(self.names)
        kept = len(self.loose_names) if chance is None else chance.randint(0, len(self.loose_names))
        for op in self.loose_names[:kept]:
            _rename(names, op)
        left: dict[int, bytes] = {}
        for inode in dict.fromkeys(names.values()):
            left[inode] = self.files[inode].after_cut(chance)
        return {Path(name).name: (inode, left[inode]) for name, inode in names.items()}


def _rename(names: dict[str, int], op: Op) -> None:
    if op.kind == "C":
        names[op.path] = op.inode
    elif op.kind == "U":
        names.pop(op.path, None)
    elif op.path in names:
        names[op.data.decode()] = names.pop(op.path)


def write_image(image: dict[str, tuple[int, bytes]], folder: Path) -> dict[int, int]:
    """Lay a cut's files into an empty folder; give the recorded inode of each real one."""
    inodes = {}
    for name, (inode, data) in image.items():
        target = folder / name
        target.write_bytes(data)
        inodes[target.stat().st_ino] = inode
    return inodes


@dataclass(slots=True)
class Promised:
    """What the writer was promised before the cut, and what was under way."""

    kept: list[int] = field(default_factory=list)
    trying: list[int] = field(default_factory=list)
    may_go: set[int] = field(default_factory=set)
    value: int = 0
    value_trying: int = 0
    policy: int = 0
    digests: dict[int, str] = field(default_factory=dict)
    offered: int = 0
    epochs: list[int] = field(default_factory=list)
    is_damaged: bool = False
    was_damaged: bool = False

    def take(self, mark: dict[str, object]) -> None:
        """A mark of the writer."""
        match mark:
            case {"tried": list(numbers), "value": int(value)}:
                self.trying, self.value_trying = numbers, value
            case {"kept": list(numbers), "value": int(value)}:
                self.kept += numbers
                self.trying, self.value = [], value
            case {"may_go": list(numbers)}:
                self.may_go.update(numbers)
            case {"policy_tried": int(version), "digest": str(digest)}:
                self.digests[version] = digest
            case {"policy": int(version)}:
                self.policy = version
            case {"offered": int(seq)}:
                self.offered = seq
            case {"epoch": int(epoch)}:
                if epoch not in self.epochs:
                    self.epochs.append(epoch)
                    self.offered = 0
            case {"damaged": True}:
                self.is_damaged = self.was_damaged = True
            case {"healed": True}:
                self.is_damaged = False
            case _:
                return


def cuts(ops: list[Op], folder: Path) -> Iterator[tuple[int, Disk, list[dict[str, object]]]]:
    """Every prefix: its number, the disk, and the marks told since the one before."""
    import json

    disk, marks = Disk(folder), []
    for number, op in enumerate(ops):
        if op.kind == "M":
            marks.append(json.loads(op.data))
            continue
        disk.do(op)
        yield number, disk, marks
        marks = []
    yield len(ops), disk, marks
