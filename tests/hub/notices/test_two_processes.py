"""Two processes of the hub on one PostgreSQL server: each message is sent by one of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from hub.bootstrap import build
from hub.jobs.worker import JobMeters, JobThread
from hub.notices.meters import NoticeMeters
from hub.notices.sender import NoticeSender
from hub.settings import Settings

pytestmark = pytest.mark.postgres


@pytest.fixture
def database_at(postgresql_url: str) -> str:
    """PostgreSQL alone has several processes."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SET session_replication_role = replica; DO $$ DECLARE t text; BEGIN FOR t IN "
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP "
            "EXECUTE format('DELETE FROM %I', t); END LOOP; END $$;"
        )
    return postgresql_url


@pytest.fixture
def another(settings: Settings, desk: Any) -> Any:
    """The sender of a second process, on a connection pool of its own, with the same mailbox."""
    other = build(settings, clock=desk.clock)
    first = desk.sender
    yield NoticeSender(
        other.core,
        first._channels,
        first._carriers,
        first._composer,
        first._holders,
        first._subscriptions,
        NoticeMeters(CollectorRegistry()),
    )
    other.stop()


def test_each_message_goes_out_once_even_when_both_send_at_once(desk: Any, another: Any) -> None:
    """Without the lock of their job: the claim of the row alone is enough."""
    for number in range(12):
        desk.put(f"b{number}", start_h=48 + 3 * number)
    desk.planner.run()
    desk.clock.advance(timedelta(seconds=61))
    start = Barrier(2)

    def send(sender: Any) -> None:
        start.wait(10)
        sender.run()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, (desk.sender, another)))
    sent = [message.id for message in desk.mail.sent]
    assert len(sent) == len(set(sent)) == 12


def test_the_second_process_leaves_the_job_alone_while_the_first_is_at_it(
    desk: Any, another: Any
) -> None:
    meters = JobMeters(CollectorRegistry())
    theirs = JobThread(another._core.db, another, meters)
    desk.put()
    desk.run()
    desk.clock.advance(timedelta(seconds=61))
    stepped: list[bool] = []
    desk.mail.while_sending = lambda: stepped.append(theirs.step())
    assert JobThread(desk.hub.core.db, desk.sender, meters).step()
    assert stepped == [False]
    assert len(desk.mail.sent) == 1
