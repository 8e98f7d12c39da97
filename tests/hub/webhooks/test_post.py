"""Messages are signed, sent, tried again by the schedule, at least once, one endpoint apart from
the other."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from standardwebhooks import Webhook

from hub.bootstrap import Hub, build
from hub.clock import HandMovedClock
from hub.jobs.worker import JobsWorker
from hub.settings import ConfigError, Settings
from hub.webhooks import post as post_module
from hub.webhooks.chores import ForgetWebhooks
from hub.webhooks.domain import ATTEMPTS, RETRY_AFTER_S
from hub.webhooks.post import WebhookPost
from provisioning import enrolment
from provisioning.register import Register

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Book = Callable[..., Any]
NewReceiver = Callable[..., Any]


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Most of what these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


def answered(status: int, body: str = "", **headers: str) -> bytes:
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    length = f"Content-Length: {len(body.encode())}\r\n"
    return f"HTTP/1.1 {status} said\r\n{named}{length}\r\n{body}".encode()


def test_a_booking_is_told_signed_so_that_the_reference_library_takes_it(
    post: Any, receiver: NewReceiver, facility: Any, clock: HandMovedClock, book: Book
) -> None:
    clock.set(datetime.now(UTC))  # the library looks at the real clock
    taker = receiver()
    webhook = post.add(taker.url)
    booking = book("R-1")
    post.run()
    (got,) = taker.got
    told = Webhook(webhook["secret"]).verify(got.body, got.headers)
    assert got.headers["content-type"] == "application/json"
    assert told["type"] == "booking.confirmed"
    assert told["seq"] == 1
    assert told["data"]["reservation_key"] == "R-1"
    assert told["data"]["booking"]["id"] == booking["id"]
    assert told["data"]["booking"]["booked"] == booking["booked"]
    (delivery,) = post.deliveries(webhook)
    assert delivery["state"] == "delivered"
    assert delivery["message_id"] == got.id
    assert delivery["attempts"][0]["status"] == 204
    kept = post.admin.get(f"/api/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}").json()
    assert kept["payload"].encode() == got.body


def test_while_a_secret_is_rotated_both_sign_and_then_the_new_one_alone(
    post: Any, receiver: NewReceiver, clock: HandMovedClock
) -> None:
    clock.set(datetime.now(UTC))
    taker = receiver()
    webhook = post.add(taker.url)
    url = f"/api/v1/webhooks/{webhook['id']}"
    new = post.admin.post(f"{url}/rotate", json={"grace_h": 1}).json()["secret"]
    post.admin.post(f"{url}/test")
    post.run()
    for secret in (new, webhook["secret"]):
        assert Webhook(secret).verify(taker.got[0].body, taker.got[0].headers)
    clock.advance(timedelta(hours=1))
    post.admin.post(f"{url}/test")
    post.run()
    assert len(taker.got[0].headers["webhook-signature"].split(" ")) == 2
    assert len(taker.got[1].headers["webhook-signature"].split(" ")) == 1


BAD: list[tuple[Any, str, int | None]] = [
    (answered(500, "no"), "status", 500),
    (answered(404), "status", 404),
    (answered(302, Location="http://localhost:1/"), "redirect", 302),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + answered(400), "status", 400),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no_http", None),
    (b"\x00\xff" * 400, "no_http", None),
    (None, "broken_off", None),
    ([5.0, OK], "timeout", None),
    ([b"HTTP/1.1 200 OK\r\n", *([b"X-A: b\r\n", 0.05] * 100)], "timeout", None),
]


class TestImpatient:
    """With a second's patience."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        impatient = settings.webhooks.model_copy(update={"timeout_s": 1.0})
        return settings.model_copy(update={"webhooks": impatient})

    def test_what_is_no_success_is_named_and_tried_again(
        self, post: Any, receiver: NewReceiver, book: Book
    ) -> None:
        """All at the same time; nobody holds an attempt for longer than the hub has patience."""
        cases = []
        for answer, fault, status in BAD:
            taker = receiver(lambda count, first=answer: first if count == 1 else OK)
            cases.append((taker, post.add(taker.url), fault, status))
        book("R-1")
        post.run()
        for _, webhook, fault, status in cases:
            (delivery,) = post.deliveries(webhook)
            (attempt,) = delivery["attempts"]
            assert (attempt["fault"], attempt["status"]) == (fault, status)
            assert attempt["latency_ms"] < 5_000
            assert delivery["state"] == "pending"
        post.later(seconds=6)
        post.run()
        for taker, webhook, *_ in cases:
            (delivery,) = post.deliveries(webhook)
            assert delivery["state"] == "delivered"
            assert taker.got[0].id == taker.got[1].id
            assert taker.got[0].body == taker.got[1].body

    def test_a_success_whose_answer_never_ends_is_a_success(
        self, post: Any, receiver: NewReceiver, book: Book
    ) -> None:
        """And of a long answer a kilobyte is kept, as text that every database takes."""
        endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"a\x00\xff" * 1_000
        taker = receiver(lambda _: [endless, 5.0])
        webhook = post.add(taker.url)
        book("R-1")
        post.run()
        (delivery,) = post.deliveries(webhook)
        assert delivery["state"] == "delivered"
        assert 500 < len(delivery["attempts"][0]["answer"]) <= 1024
        assert "\x00" not in delivery["attempts"][0]["answer"]

    def test_a_slow_endpoint_holds_up_itself_alone(
        self, post: Any, receiver: NewReceiver, book: Book, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is asked a few times at once; whoever is quick has everything meanwhile."""
        slow = receiver(lambda _: [30.0, OK])
        quick = receiver()
        to_slow, to_quick = post.add(slow.url), post.add(quick.url)
        for number in range(10):
            book(f"R-{number}", 24 + 2 * number)
        post.job.run()
        while len(quick.got) < 10:
            post.job.send_due()
        assert slow.at_once > 0
        assert 0 < slow.most_at_once <= post_module.AT_ONCE_EACH
        assert {each["state"] for each in post.deliveries(to_slow)} == {"pending"}
        assert post.job.settled()
        assert {each["state"] for each in post.deliveries(to_quick)} == {"delivered"}


def test_nobody_there_is_said_so(post: Any, nobody: str, book: Book) -> None:
    webhook = post.add(nobody)
    book("R-1")
    post.run()
    assert post.deliveries(webhook)[0]["attempts"][0]["fault"] == "unreachable"


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A private authority, and a certificate of it for this machine."""
    now = datetime.now(UTC)
    register = Register.create(tmp_path / "ca", "Test Town", now, timedelta(days=30))
    enrolment.init_hub(register, tmp_path / "hub", now)
    return tmp_path / "hub"


def server_side(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "https.pem", authority / "https.key")
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(
    post: Any, receiver: NewReceiver, book: Book, authority: Path
) -> None:
    taker = receiver(tls=server_side(authority))
    webhook = post.add(taker.url)
    book("R-1")
    post.run()
    assert post.deliveries(webhook)[0]["attempts"][0]["fault"] == "tls"
    assert taker.got == []


class TestPrivateAuthority:
    @pytest.fixture
    def settings(self, settings: Settings, authority: Path) -> Settings:
        trusting = settings.webhooks.model_copy(update={"ca": authority / "ca.pem"})
        return settings.model_copy(update={"webhooks": trusting})

    def test_authorities_that_cannot_be_read_are_named_at_the_start(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        nothing = settings.webhooks.model_copy(update={"ca": tmp_path / "nothing.pem"})
        with pytest.raises(ConfigError, match=r"nothing\.pem: webhooks\.ca"):
            build(settings.model_copy(update={"webhooks": nothing}))

    def test_a_private_authority_is_trusted_once_it_is_named(
        self, post: Any, receiver: NewReceiver, book: Book, authority: Path
    ) -> None:
        taker = receiver(tls=server_side(authority))
        webhook = post.add(taker.url)
        book("R-1")
        post.run()
        assert post.deliveries(webhook)[0]["state"] == "delivered"
        assert len(taker.got) == 1


class TestProxy:
    @pytest.fixture
    def proxy(self, receiver: NewReceiver) -> Any:
        return receiver()

    @pytest.fixture
    def settings(self, settings: Settings, proxy: Any) -> Settings:
        through = settings.webhooks.model_copy(update={"proxy": proxy.url.removesuffix("/hook")})
        return settings.model_copy(update={"webhooks": through})

    def test_the_proxy_is_asked_and_nobody_else(self, post: Any, proxy: Any, book: Book) -> None:
        webhook = post.add("http://hooks.example.jp/kagimori", insecure=True)
        book("R-1")
        post.run()
        assert [got.path for got in proxy.got] == ["http://hooks.example.jp/kagimori"]
        assert post.deliveries(webhook)[0]["state"] == "delivered"


# --- the schedule --------------------------------------------------------------------------------


def test_eight_attempts_over_28_hours_then_it_has_failed_and_staff_are_told(
    post: Any, receiver: NewReceiver, book: Book, clock: HandMovedClock
) -> None:
    taker = receiver(lambda _: answered(503, "maintenance"))
    listener = receiver()
    webhook = post.add(taker.url)
    post.add(listener.url, "webhook.*")
    book("R-1")
    began, at = clock.now(), []
    post.run()
    while (delivery := post.deliveries(webhook)[0])["state"] == "pending":
        assert len(taker.got) == len(delivery["attempts"])
        at.append(clock.now())
        due = datetime.fromisoformat(delivery["next_at"])
        clock.set(due - timedelta(milliseconds=1))
        post.run()
        assert len(taker.got) == len(delivery["attempts"])  # not a moment sooner
        clock.set(due)
        post.run()
    at.append(clock.now())
    assert delivery["state"] == "failed"
    assert len(taker.got) == ATTEMPTS == len(delivery["attempts"]) == 8
    waits = [(b - a).total_seconds() for a, b in pairwise(at)]
    for waited, planned in zip(waits, RETRY_AFTER_S, strict=True):
        assert planned - 1 <= waited <= planned * 1.1 + 1
    assert timedelta(hours=27) < clock.now() - began < timedelta(hours=31)
    assert len({each.id for each in taker.got}) == 1
    assert len({each.body for each in taker.got}) == 1
    stamps = [int(each.headers["webhook-timestamp"]) for each in taker.got]
    assert stamps == [int(each.timestamp()) for each in at]  # each attempt is signed for its time
    assert post.state(webhook) == "failing"
    post.run()
    assert [each.told["type"] for each in listener.got] == ["webhook.failing"]
    clock.advance(timedelta(days=3))
    post.run()
    assert len(taker.got) == 8


def test_who_asks_for_more_time_gets_it_within_bounds(
    post: Any, receiver: NewReceiver, book: Book, clock: HandMovedClock
) -> None:
    asked = ["120", "0", "99999999", "Wed, 21 Oct 2015 07:28:00 GMT", "nonsense" * 9]
    taker = receiver(lambda count: answered(429, Retry_After=asked[min(count, 5) - 1]))
    webhook = post.add(taker.url)
    book("R-1")
    waits = []
    for _ in asked:
        post.run()
        due = datetime.fromisoformat(post.deliveries(webhook)[0]["next_at"])
        waits.append(round((due - clock.now()).total_seconds()))
        clock.set(due)
    assert waits[0] == 120
    assert 300 <= waits[1] <= 330
    assert waits[2] == 36_000
    assert 7_200 <= waits[3] <= 7_920
    assert 18_000 <= waits[4] <= 19_800


def test_who_is_gone_is_asked_no_more(post: Any, receiver: NewReceiver, book: Book) -> None:
    taker = receiver(lambda _: answered(410))
    webhook = post.add(taker.url)
    book("R-1")
    post.run()
    assert post.state(webhook) == "disabled"
    (delivery,) = post.deliveries(webhook)
    assert (delivery["state"], delivery["attempts"][0]["fault"]) == ("failed", "gone")
    book("R-2", 30)
    post.later(days=1)
    post.run()
    assert len(taker.got) == 1
    url = f"/api/v1/webhooks/{webhook['id']}"
    answer = post.admin.post(f"{url}/deliveries/{delivery['id']}/resend")
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_off")


def test_a_failing_endpoint_is_active_again_with_its_first_success(
    post: Any, receiver: NewReceiver, book: Book
) -> None:
    taker = receiver(lambda count: answered(500) if count <= 8 else OK)
    listener = receiver()
    webhook = post.add(taker.url)
    post.add(listener.url, "webhook.*")
    for number in range(4):
        book(f"R-{number}", 24 + 2 * number)
    post.run()
    assert post.state(webhook) == "active"
    post.later(seconds=6)
    post.run()
    assert post.state(webhook) == "failing"
    post.later(minutes=6)
    post.run()
    assert post.state(webhook) == "active"
    post.run()
    kinds = [each.told["type"] for each in listener.got]
    assert kinds == ["webhook.failing", "webhook.recovered"]
    assert {each["state"] for each in post.deliveries(webhook)} == {"delivered"}


# --- one apart from the other --------------------------------------------------------------------


# --- killed, and more than one -------------------------------------------------------------------


@pytest.fixture
def twin(hub: Hub, settings: Settings, clock: HandMovedClock) -> Iterator[Hub]:
    """Another process on the same database."""
    if hub.core.db.dialect == "sqlite":
        yield hub
        return
    other = build(settings, clock=clock)
    yield other
    other.stop()


class TestOnEachDatabase:
    """What rests on rows being taken, counted and locked."""

    @pytest.fixture(params=["sqlite_at", pytest.param("postgresql_at", marks=pytest.mark.postgres)])
    def database_at(self, request: pytest.FixtureRequest) -> str:
        found: str = request.getfixturevalue(request.param)
        return found

    def test_seq_counts_the_messages_of_an_endpoint_without_gaps(
        self, post: Any, receiver: NewReceiver, book: Book
    ) -> None:
        every, pins = receiver(), receiver()
        post.add(every.url, "*")
        post.add(pins.url, "booking.changed")
        for hours in (24, 26, 28):
            book("R-1", hours)
        post.run()
        seqs = sorted(each.told["seq"] for each in every.got)
        assert seqs == list(range(1, len(seqs) + 1))
        assert sorted(each.told["seq"] for each in pins.got) == [1, 2]

    def test_what_was_sent_and_not_written_down_comes_again_with_the_same_id(
        self, post: Any, receiver: NewReceiver, book: Book, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taker = receiver()
        webhook = post.add(taker.url)
        book("R-1")
        with monkeypatch.context() as dies:
            dies.setattr(
                WebhookPost, "_settle", lambda *_: (_ for _ in ()).throw(SystemError("killed"))
            )
            post.run()
        assert len(taker.got) == 1
        assert post.deliveries(webhook)[0]["state"] == "pending"
        post.run()
        assert len(taker.got) == 1  # somebody may still be at it
        post.later(seconds=15 + post_module.LEASE_MARGIN_S + 1)
        post.run()
        assert len(taker.got) == 2
        assert taker.got[0].id == taker.got[1].id
        assert post.deliveries(webhook)[0]["state"] == "delivered"

    def test_two_processes_never_send_one_message_twice(
        self, post: Any, receiver: NewReceiver, book: Book, hub: Hub, twin: Hub
    ) -> None:
        """Also while both are at it, each without the other's lock."""
        taker = receiver(lambda _: [0.02, OK])
        webhook = post.add(taker.url)
        for number in range(25):
            book(f"R-{number}", 24 + 2 * number)
        jobs = [each.services.get(WebhookPost) for each in (hub, twin)]
        for job in jobs:
            job.run()
        while any([job.send_due() for job in jobs]) or len(taker.got) < 25:  # noqa: C419  # both
            continue
        assert all(job.settled() for job in jobs)
        counted = Counter(each.id for each in taker.got)
        assert len(counted) == 25
        assert set(counted.values()) == {1}
        assert {each["state"] for each in post.deliveries(webhook)} == {"delivered"}

    def test_what_failed_is_sent_again_one_by_one_or_all_since(
        self, post: Any, receiver: NewReceiver, book: Book, clock: HandMovedClock
    ) -> None:
        broken = [True]
        taker = receiver(lambda _: answered(500) if broken[0] else OK)
        webhook = post.add(taker.url)
        url = f"/api/v1/webhooks/{webhook['id']}"
        began = clock.now()
        for number in range(3):
            book(f"R-{number}", 100 + 2 * number)
        for _ in range(ATTEMPTS):
            post.run()
            clock.advance(timedelta(hours=12))
        assert len(post.deliveries(webhook, state="failed")) == 3
        broken[0] = False
        one = post.deliveries(webhook)[0]
        assert post.admin.post(f"{url}/deliveries/{one['id']}/resend").status_code == 202
        post.run()
        assert len(post.deliveries(webhook, state="failed")) == 2
        late = {"since": (began + timedelta(hours=1)).isoformat()}
        assert post.admin.post(f"{url}/recover", json=late).json() == {"count": 0}
        since = {"since": began.isoformat()}
        assert post.admin.post(f"{url}/recover", json=since).json() == {"count": 2}
        post.run()
        assert len(post.deliveries(webhook, state="delivered")) == 3
        assert {len(each["attempts"]) for each in post.deliveries(webhook)} == {9}
        assert len({each.id for each in taker.got}) == 3


def test_the_job_runs_by_itself_and_ends_with_the_hub(
    post: Any, receiver: NewReceiver, book: Book
) -> None:
    """In the thread of a job, woken or not, and stopped while something is under way."""
    came = threading.Event()

    def answer(_: int) -> list[Any]:
        came.set()
        return [0.2, OK]

    webhook = post.add(receiver(answer).url)
    worker = JobsWorker(post.hub.core.db, [post.job], CollectorRegistry())
    worker.start()
    book("R-1")
    worker.wake("webhooks")
    assert came.wait(20)
    worker.stop()
    post.job.stop()
    assert post.deliveries(webhook)[0]["state"] == "delivered"


# --- by hand -------------------------------------------------------------------------------------


def test_paused_messages_wait_and_go_once_it_is_resumed(
    post: Any, receiver: NewReceiver, book: Book
) -> None:
    taker = receiver()
    webhook = post.add(taker.url)
    url = f"/api/v1/webhooks/{webhook['id']}"
    assert post.admin.patch(url, json={"state": "paused"}).json()["state"] == "paused"
    book("R-1")
    post.later(days=2)
    post.run()
    assert taker.got == []
    assert post.admin.get(url).json()["pending"] == 1
    post.admin.patch(url, json={"state": "active"})
    post.run()
    assert len(taker.got) == 1


def test_a_test_message_goes_to_whoever_asks_whatever_they_want(
    post: Any, receiver: NewReceiver, admin: TestClient
) -> None:
    taker = receiver()
    webhook = post.add(taker.url, "feed.failing")
    answer = admin.post(f"/api/v1/webhooks/{webhook['id']}/test")
    assert (answer.status_code, answer.json()["kind"]) == (202, "webhook.test")
    post.run()
    assert taker.got[0].told["type"] == "webhook.test"


def test_after_thirty_days_deliveries_are_forgotten(
    post: Any, receiver: NewReceiver, book: Book, hub: Hub
) -> None:
    webhook = post.add(receiver().url)
    book("R-1")
    post.run()
    chore = ForgetWebhooks(hub.core.clock, hub.core.settings.webhooks)
    assert hub.core.db.write(chore.run) == 0
    assert len(post.deliveries(webhook)) == 1
    post.later(days=31)
    with hub.core.db.read() as scope:
        assert chore.is_due(scope)
    assert hub.core.db.write(chore.run) == 1
    assert post.deliveries(webhook) == []


def test_what_was_put_off_by_a_clock_that_ran_ahead_is_sent_when_it_was_put_back(
    post: Any, receiver: NewReceiver, clock: HandMovedClock
) -> None:
    """And not months later."""
    taker = receiver(lambda count: answered(503) if count == 1 else OK)
    webhook = post.add(taker.url)
    clock.advance(timedelta(days=200))
    post.admin.post(f"/api/v1/webhooks/{webhook['id']}/test")
    post.run()
    clock.advance(timedelta(days=-200))
    post.run()
    assert len({each.id for each in taker.got}) == 1
    assert [each["state"] for each in post.deliveries(webhook)] == ["delivered"]
