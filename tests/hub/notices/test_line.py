"""LINE: pushes to a stand-in that is as strict as the documentation says, webhooks, linking."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient

from hub.audit.service import AuditFilter, AuditService
from hub.bookings.records import BookingWish, Contact
from hub.catalogue import Language, Translator
from hub.notices.carrier import Outgoing
from hub.notices.domain import Channel, Outcome
from hub.notices.line_api import Line, answered
from hub.notices.line_links import TRIES, LineLinks, Linking, code_in
from hub.notices.line_webhook import SIGNATURE_HEADER, WebhookError, events_of, is_signed
from hub.notices.settings import LineSettings
from hub.notices.texts import Block, BlockKind, Said
from hub.pages.pin_cookie import PIN_COOKIE
from hub.pins.links import PinLinks

USER = "U" + "0123456789abcdef" * 2
ROW = "0190a000-0000-7000-8000-00000000beef"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is tested here does not depend on the kind of database."""
    return sqlite_at


# --- a stand-in for api.line.me ------------------------------------------------------------------


@dataclass
class LineStandIn:
    """Answers `push` and `reply` as the Messaging API reference says: bearer token, JSON with `to`
    and 1 to 5 messages, retry keys that are UUIDs; a key taken before gives 409."""

    token: str
    port: int = 0
    blocked: set[str] = field(default_factory=set)
    delivered: list[dict[str, Any]] = field(default_factory=list)
    replied: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    fail: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    lose_answers: int = 0

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], Any]:
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, {"message": "Authentication failed."}
        if self.fail:
            status, more, message = self.fail.pop(0)
            return status, more, {"message": message}
        given = json.loads(body)
        texts = given.get("messages")
        if not isinstance(texts, list) or not 1 <= len(texts) <= 5:
            return 400, {}, {"message": "The request body has 1 error(s)"}
        if any(each["type"] != "text" or not 1 <= len(each["text"]) <= 5000 for each in texts):
            return 400, {}, {"message": "The request body has 1 error(s)"}
        if path == "/v2/bot/message/reply":
            self.replied.append(given)
            return 200, {}, {"sentMessages": []}
        if path != "/v2/bot/message/push":
            return 404, {}, {"message": "Not found"}
        key = headers.get("X-Line-Retry-Key", "")
        if not _UUID.fullmatch(key):
            return 400, {}, {"message": "The value for the 'X-Line-Retry-Key' is invalid"}
        if key in self.keys:
            accepted = {"X-Line-Accepted-Request-Id": "before"}
            return 409, accepted, {"message": "The retry key is already accepted"}
        if not re.fullmatch(r"U[0-9a-f]{32}", given.get("to", "")) or given["to"] in self.blocked:
            return 400, {}, {"message": "The property, 'to', in the request body is invalid"}
        self.keys.add(key)
        self.delivered.append(given)
        return 200, {}, {"sentMessages": [{"id": "461230966842064897"}]}


@pytest.fixture
def line_server() -> Iterator[LineStandIn]:
    """The stand-in, listening on loopback."""
    stand_in = LineStandIn("token-of-the-test")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_name: ClassVar[str] = "line"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, answer = stand_in.answer(self.path, self.headers, body)
            if stand_in.lose_answers:
                stand_in.lose_answers -= 1
                self.close_connection = True
                self.connection.close()
                return
            encoded = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stand_in
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make_line(line_server: LineStandIn, tmp_path: Path) -> Callable[..., Line]:
    """`make_line(token=...)`: our side."""

    def make(token: str = "token-of-the-test") -> Line:
        (tmp_path / "line-token").write_text(token + "\n")
        (tmp_path / "line-secret").write_text("secret-of-the-test\n")
        return Line(
            LineSettings(
                token_file=tmp_path / "line-token",
                secret_file=tmp_path / "line-secret",
                api_url=f"http://127.0.0.1:{line_server.port}",
            )
        )

    return make


def outgoing(**changed: Any) -> Outgoing:
    said = Said("暗証番号のお知らせ", (Block(BlockKind.DIGITS, pairs=(("暗証番号", "48 27 16"),)),))
    made = Outgoing(ROW, USER, datetime(2026, 4, 6, tzinfo=UTC), Language.JA, said)
    return replace(made, **changed)


def test_a_message_is_pushed_under_its_rows_retry_key(
    make_line: Callable[..., Line], line_server: LineStandIn
) -> None:
    assert make_line().send(outgoing()).outcome is Outcome.SENT
    (given,) = line_server.delivered
    assert given["to"] == USER
    assert given["messages"][0]["text"] == "暗証番号のお知らせ\n\n暗証番号\n48 27 16\n"
    assert line_server.keys == {ROW}


def test_what_was_accepted_before_is_sent_and_not_delivered_twice(
    make_line: Callable[..., Line], line_server: LineStandIn
) -> None:
    line_server.lose_answers = 1
    line = make_line()
    assert line.send(outgoing()).outcome is Outcome.DEFERRED
    assert line.send(outgoing()).outcome is Outcome.SENT
    assert len(line_server.delivered) == 1


@pytest.mark.parametrize(
    ("status", "headers", "message", "outcome"),
    [
        (429, {"Retry-After": "120"}, "The API rate limit has been exceeded.", Outcome.DEFERRED),
        (429, {}, "You have reached your monthly limit.", Outcome.REFUSED),
        (500, {}, "", Outcome.DEFERRED),
        (503, {}, "", Outcome.DEFERRED),
        (400, {}, "The property, 'to', in the request body is invalid", Outcome.REFUSED),
        (403, {}, "Not allowed", Outcome.REFUSED),
    ],
)
def test_what_line_answers_decides_what_is_done(
    make_line: Callable[..., Line],
    line_server: LineStandIn,
    status: int,
    headers: dict[str, str],
    message: str,
    outcome: Outcome,
) -> None:
    line_server.fail.append((status, headers, message))
    answer = make_line().send(outgoing())
    assert answer.outcome is outcome
    assert answer.code.startswith(str(status))
    assert answer.retry_after_s == (120 if headers else None)
    assert line_server.fail == []


def test_a_bad_token_is_the_towns_trouble(make_line: Callable[..., Line]) -> None:
    assert make_line("wrong").send(outgoing()).outcome is Outcome.DOWN


def test_nothing_listens() -> None:
    settings = LineSettings(
        token_file=Path("/dev/null"), secret_file=Path("/dev/null"), api_url="http://127.0.0.1:9"
    )
    assert Line(settings).send(outgoing()).outcome is Outcome.DEFERRED
    assert answered(409, "", {}).outcome is Outcome.SENT


# --- the webhook ---------------------------------------------------------------------------------


def signed(body: bytes, secret: str = "secret-of-the-test") -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def event(kind: str, text: str = "", user: str = USER) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": kind,
        "mode": "active",
        "timestamp": 1775433600000,
        "source": {"type": "user", "userId": user},
        "webhookEventId": "01H810YECXQQZ37VAXPF6H9E6T",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": "38ef843bde154d9b91c21320ffd17a0f",
    }
    if kind == "message":
        made["message"] = {"id": "1", "type": "text", "quoteToken": "q", "text": text}
    return made


def post(client: TestClient, *events: dict[str, Any], secret: str = "secret-of-the-test") -> Any:
    body = json.dumps({"destination": "U" + "f" * 32, "events": list(events)}).encode()
    headers = {SIGNATURE_HEADER: signed(body, secret), "Content-Type": "application/json"}
    return client.post("/line/webhook", content=body, headers=headers)


def test_only_what_is_signed_over_its_raw_bytes_is_heard(client: TestClient) -> None:
    assert post(client).status_code == 200
    assert post(client, secret="guessed").status_code == 401
    body = b'{"events": []}'
    for signature in ("", "x", "é", signed(body + b" "), signed(body)[:-4]):
        headers = {SIGNATURE_HEADER: signature.encode("latin-1", "replace").decode("latin-1")}
        if signature.isascii():
            assert client.post("/line/webhook", content=body, headers=headers).status_code == 401
        assert not is_signed("secret-of-the-test", body, signature)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"events": 1}', b"\xff", b'{"events":[1]}'])
def test_a_signed_body_that_is_none_is_refused(client: TestClient, body: bytes) -> None:
    headers = {SIGNATURE_HEADER: signed(body)}
    assert client.post("/line/webhook", content=body, headers=headers).status_code == 400
    with pytest.raises(WebhookError):
        events_of(body)


def test_events_that_do_not_concern_us_are_passed_over() -> None:
    group = {**event("message", "ABCD2345"), "source": {"type": "group", "groupId": "C1"}}
    picture = {**event("message"), "message": {"id": "1", "type": "image"}}
    standby = {**event("follow"), "mode": "standby"}
    body = json.dumps({"events": [group, picture, standby, {"type": "new", "x": 1}]}).encode()
    assert events_of(body) == []


# --- linking -------------------------------------------------------------------------------------


def cookie_of(desk: Any, key: str = "b1") -> str:
    """What a resident's browser holds once it has opened the link of a booking."""
    core = desk.hub.core
    booking = desk.bookings.get(desk.clerk, key).booking
    links = PinLinks(core.clock, core.ids, core.keys)

    def write(scope: Any) -> str:
        token = links.make(scope, booking.id, booking.effective.ends_at)
        opened = links.exchange(scope, token)
        assert opened is not None
        return opened.cookie

    return str(core.db.write(write))


def test_a_resident_sends_the_code_of_their_page_and_hears_by_line(
    desk: Any, client: TestClient
) -> None:
    booking = desk.put()
    desk.settle()
    client.cookies.set(PIN_COOKIE, cookie_of(desk), domain="doors.test", path="/")
    shown = client.get("/pin/line", headers={"Accept": "text/html"})
    assert shown.status_code == 200
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown.text)
    assert csrf is not None
    answer = client.post(
        "/pin/line",
        data={"csrf": csrf[1]},
        headers={"Origin": "https://doors.test", "Accept": "text/html"},
    )
    code = re.search(r">([2-9A-Z]{4}-[2-9A-Z]{4})<", answer.text)
    assert code is not None
    assert post(client, event("message", f" {code[1].lower()} ")).status_code == 200
    desk.run()
    assert desk.kinds(desk.line) == ["linked"]
    assert desk.bookings.by_id(desk.clerk, booking).booking.contact.line == USER
    audit = desk.hub.services.get(AuditService)
    assert audit.page(AuditFilter(action="booking.line_linked"), None, 10).items
    later = BookingWish(ends_at=desk.clock.now() + timedelta(hours=60))
    desk.bookings.put(desk.clerk, "b1", later)
    desk.settle()
    assert desk.kinds(desk.line) == ["linked", "changed"]
    assert desk.kinds(desk.mail) == ["confirmed"]


def test_a_code_works_once_and_for_a_quarter_of_an_hour(desk: Any) -> None:
    desk.put()
    links = desk.hub.services.get(LineLinks)
    cookie = cookie_of(desk)
    first, second = links.make(cookie), links.make(cookie)
    assert links.take(USER, first.code) is Linking.UNKNOWN  # a newer one was shown
    assert links.take(USER, second.shown) is Linking.LINKED
    assert links.take(USER, second.code) is Linking.UNKNOWN
    third = links.make(cookie)
    desk.clock.advance(timedelta(minutes=15))
    assert links.take(USER, third.code) is Linking.UNKNOWN
    assert links.make("no cookie of ours") is None


def test_codes_cannot_be_tried_out(desk: Any) -> None:
    desk.put()
    links = desk.hub.services.get(LineLinks)
    good = links.make(cookie_of(desk))
    for _ in range(TRIES):
        assert links.take(USER, "ABCD-2345") is Linking.UNKNOWN
    assert links.take(USER, good.code) is Linking.TOO_MANY
    assert links.take("U" + "f" * 32, good.code) is Linking.LINKED
    desk.clock.advance(timedelta(minutes=11))
    assert links.take(USER, "ABCD-2345") is Linking.UNKNOWN


def test_codes_are_read_however_they_are_typed() -> None:
    assert code_in("ＡＢＣＤ－２３４５") == "ABCD2345"
    assert code_in(" abcd ー 2345\n") == "ABCD2345"
    for text in ("", "ABCD234", "ABCD23456", "ABCD-234O", "こんにちは", "A" * 1000):
        assert code_in(text) is None


def test_who_blocks_the_account_is_written_to_by_mail(
    desk: Any, client: TestClient, contact: Callable[..., Contact]
) -> None:
    desk.put(contact=contact(line=True))
    desk.settle()
    assert desk.kinds(desk.line) == ["confirmed"]
    post(client, event("unfollow"))
    desk.put(hours=4, contact=contact(line=True))
    desk.settle()
    assert desk.kinds(desk.line) == ["confirmed"]
    assert desk.kinds(desk.mail) == ["changed"]
    post(client, event("follow"))
    desk.put(hours=5, contact=contact(line=True))
    desk.settle()
    assert desk.kinds(desk.line) == ["confirmed", "changed"]


def test_line_is_answered_in_plain_words(desk: Any, client: TestClient) -> None:
    """Every outcome has its sentence, in each language."""
    for language in Language:
        for each in Linking:
            assert Translator(language)(f"line_link.{each.value}")
    assert Channel.LINE.value == "line"
