"""Bookings made and cancelled by many callers at once, while doors' policies follow."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from hub.bookings.records import BookingWish
from hub.bookings.service import BookingsService
from hub.database import postgresql
from hub.policy.compiler import Compiler
from hub.web.rights import SYSTEM

pytestmark = pytest.mark.postgres
CALLERS, EACH = 4, 12


# On SQLite there is one writer.
@pytest.mark.parametrize("database_at", ["postgresql"], indirect=True)
def test_no_two_of_them_ever_wait_for_one_another(
    hub: Any, hub_town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock would cost a second each, and after a few of them the booking."""
    site = hub_town.site()
    controller = hub_town.controller(site)
    doors = [hub_town.door(site, controller) for _ in range(CALLERS)]
    service = hub.services.get(BookingsService)
    compiler = Compiler(hub.core.clock, hub.core.keys)
    monkeypatch.setattr(postgresql, "_AGAIN", frozenset())  # the first deadlock raises
    start = hub.core.clock.now() + timedelta(hours=1)
    failed: list[BaseException] = []
    done = threading.Event()

    def book(door: str, caller: int) -> None:
        for number in range(EACH):
            begins = start + timedelta(hours=number)
            wish = BookingWish(doors=(door,), starts_at=begins, ends_at=begins + timedelta(hours=1))
            service.put(SYSTEM, f"{caller}-{number}", wish)
            if number % 2:
                service.cancel(SYSTEM, f"{caller}-{number - 1}")
            else:
                service.reissue(SYSTEM, f"{caller}-{number}")

    def compile_marks() -> None:
        while not done.is_set():
            hub.core.db.write(compiler.compile_marks)

    def guarded(work: Any, *given: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(*given)
            except BaseException as error:  # told by the test
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    callers = [guarded(book, door, caller) for caller, door in enumerate(doors)]
    worker = guarded(compile_marks)
    for thread in callers:
        thread.join()
    done.set()
    worker.join()
    assert not failed
