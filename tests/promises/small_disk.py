"""Small disks that fill up, refuse to write or turn read-only, for a journal to live on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def need_root() -> None:
    """Mounting needs root: missing it is a failure in CI, and said elsewhere."""
    if os.geteuid() != 0:
        text = "small disks are mounted as root"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)


class SmallDisk:
    """A mounted disk that others fill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._others = folder / "others"

    def fill(self, leave: int = 0) -> None:
        """Others take everything but `leave` bytes."""
        with self._others.open("ab", buffering=0) as others:
            for size in (1 << 20, 1 << 12):
                while shutil.disk_usage(self.folder).free - leave >= size:
                    try:
                        others.write(b"x" * size)
                    except OSError:
                        break
        assert shutil.disk_usage(self.folder).free - leave < 1 << 12

    def free(self) -> None:
        """The others are gone."""
        self._others.unlink(missing_ok=True)


@contextmanager
def memory_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A tmpfs of that size."""
    need_root()
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True
    )
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


class CardImage:
    """An ext4 file system in an image, as a card's: an error of it turns it read-only at once."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.image, self.folder = image, folder
        folder.mkdir()
        with image.open("wb") as made:
            made.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)

    def mount(self) -> None:
        """Put it in."""
        options = "loop,errors=remount-ro"
        subprocess.run(["mount", "-o", options, self.image, self.folder], check=True)

    def fail(self) -> None:
        """The kernel finds an error and lets nobody write any more, open files or not."""
        source = subprocess.check_output(["findmnt", "-no", "SOURCE", self.folder], text=True)
        trigger = Path("/sys/fs/ext4") / Path(source.strip()).name / "trigger_fs_error"
        trigger.write_text("a test")

    def repair(self) -> None:
        """Check it and put it in again."""
        self.take_out()
        subprocess.run(["e2fsck", "-fy", self.image], check=False, capture_output=True)
        self.mount()

    def take_out(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "-l", self.folder], check=True)


@contextmanager
def refused_writes() -> Iterator[None]:
    """No file of this process can be written while it lasts: the limit of a file's size is 0."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
