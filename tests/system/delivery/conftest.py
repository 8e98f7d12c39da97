"""A town with one controller, a real broker under TLS, a hub's database, and processes that die."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.delivery.runs import Delivery, Zygote, create_tables


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: SIGKILL loses nothing that a disk would keep."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kgm-delivery-", dir=where))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_tables() -> Callable[[Path], None]:
    """Makes an empty hub's database at a path."""
    return create_tables


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


@pytest.fixture
def delivery(zygote, town, mosquitto, memory_folder) -> Iterator[Callable[..., Delivery]]:
    """A factory of runs, by default over MQTT 5."""

    made: list[Delivery] = []

    def make(mqtt5: bool = True) -> Delivery:
        made.append(Delivery(zygote, town, mosquitto(), memory_folder, mqtt5))
        return made[-1]

    yield make
    for one in made:
        one.finish()
