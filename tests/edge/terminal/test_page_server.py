"""The page's server: on loopback, for its own page alone; nothing of it in a log or a cache."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from deploy.mosquitto.process import free_port
from edge.core.model import PunchChosen
from edge.settings import SettingsError
from edge.settings_terminal import Terminal
from edge.terminal.page_server import PageServer
from edge.terminal.requests import PAGE_HEADER, owner_of
from edge.terminal.screen import Screen
from edge.terminal.view import Kind, Result, View
from edge.words import Language
from wire.events import PunchDirection

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class Served:
    """A page that is served, and what its keys put on the queue."""

    page: PageServer
    port: int
    put: list[object] = field(default_factory=list)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        answer.read_all = answer.read() if path != "/views" else b""  # type: ignore[attr-defined]
        return answer

    def choose(self, body: bytes, **headers: str) -> int:
        return self.ask("POST", "/choose", body, **headers).status


def serve(**settings: object) -> Served:
    port = free_port()
    page = PageServer(Terminal(port=port, **settings), Language.JA, Screen())  # type: ignore[arg-type]
    served = Served(page, port)
    page.start(served.put.append)
    assert page.listening.wait(10)
    return served


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    made = serve()
    yield made
    made.page.stop()


def token(served: Served) -> dict[str, str]:
    return {PAGE_HEADER.replace("-", "_"): served.page.token}


def test_the_page_and_its_files_are_there_and_nothing_may_be_kept_or_framed(served: Served) -> None:
    for path in ("/", "/page.css", "/page.js", "/sounds.js", "/words.json"):
        answer = served.ask("GET", path)
        assert answer.status == 200, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Access-Control-Allow-Origin"] is None
        assert "Python" not in answer.headers["Server"]


def test_it_listens_on_loopback_alone(served: Served) -> None:
    assert served.page._server is not None
    assert served.page._server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8787"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "192.168.0.7:8787"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/views", "/page.js", "/words.json"])
def test_another_name_or_another_origin_is_told_nothing(
    served: Served, path: str, headers: dict[str, str]
) -> None:
    """DNS rebinding and pages of the web: refused before anything is read."""
    answer = served.ask("GET", path, **headers)
    assert answer.status in (403, 421)
    assert answer.headers["Content-Length"] == "0"


def test_a_key_reaches_the_queue_with_the_pages_token_alone(served: Served) -> None:
    served.put.clear()
    body = b'{"direction":"out","answers":3}'
    assert served.choose(body) == 403
    assert served.choose(body, X_Kagimori_Page="x" * 22) == 403
    assert served.choose(body, **token(served), Origin="http://evil.example") == 403
    assert served.put == []
    assert served.choose(body, **token(served)) == 204
    (chosen,) = served.put
    assert isinstance(chosen, PunchChosen)
    assert (chosen.direction, chosen.answers) == (PunchDirection.OUT, 3)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"direction":"inferred"}', 400),
        (b'{"direction":"in","more":1}', 400),
        (b'{"direction":"in","answers":-1}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 200, 400),
        (b" " * 257, 413),
    ],
)
def test_anything_else_in_a_post_is_refused(served: Served, body: bytes, status: int) -> None:
    served.put.clear()
    assert served.choose(body, **token(served)) == status
    assert served.put == []


def test_a_body_without_a_length_or_another_method_is_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 5) as one:
        head = f"POST /choose HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        one.sendall(f"{head}{PAGE_HEADER}: {served.page.token}\r\n\r\n".encode())
        assert b" 411 " in one.recv(100)
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert served.ask(method, "/choose").status == 501
    assert served.ask("GET", "/../../etc/passwd").status == 404


# --- whoever would keep the page out -------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A request has a quarter of a second."""
    monkeypatch.setattr("edge.terminal.page_server._REQUEST_S", 0.25)
    monkeypatch.setattr("edge.terminal.page_server._LOOK_S", 0.02)
    made = serve()
    yield made
    made.page.stop()


def connect(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), 5)


def is_hung_up(line: socket.socket) -> bool:
    """Whether the other end hangs up, within the socket's time."""
    try:
        return line.recv(1) == b""
    except ConnectionError:
        return True


def test_many_who_send_nothing_keep_nobody_out(served: Served) -> None:
    """The oldest of them go at once; the page is answered, each time."""
    idle = [connect(served) for _ in range(40)]
    for _ in range(3):
        assert served.ask("GET", "/").status == 200
    assert all(is_hung_up(line) for line in idle[:24])
    for line in idle:
        line.close()


def test_a_stream_goes_on_while_others_crowd_the_door(served: Served) -> None:
    served.page.screen.show(View(unsent=6), NOW)
    stream = served.ask("GET", "/views")
    read_view(stream)
    idle = [connect(served) for _ in range(40)]
    assert served.ask("GET", "/page.js").status == 200
    served.page.screen.show(View(unsent=7), NOW)
    assert read_view(stream)["view"]["unsent"] == 7  # type: ignore[index]
    served.page.screen.show(View(), NOW)
    for line in idle:
        line.close()


def test_who_dribbles_a_request_is_hung_up_on_however_steadily(quick: Served) -> None:
    """Each byte comes in time; the whole does not."""
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{quick.port}\r\nX: ".encode()
    with connect(quick) as line:
        line.settimeout(0.01)
        line.sendall(head)
        for _ in range(500):
            try:
                line.sendall(b"x")
                if line.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it was listened to for ever")
    assert quick.ask("GET", "/").status == 200


def test_half_a_key_is_no_key(quick: Served) -> None:
    """The head says more than comes, and what came reads like a whole choice."""
    head = f"POST /choose HTTP/1.1\r\nHost: 127.0.0.1:{quick.port}\r\nContent-Length: 99\r\n"
    with connect(quick) as line:
        line.sendall(f"{head}{PAGE_HEADER}: {quick.page.token}\r\n\r\n".encode())
        line.sendall(b'{"direction":"in"}')
        while line.recv(4_096):
            continue
    assert quick.put == []
    assert quick.choose(b'{"direction":"in"}', **token(quick)) == 204
    assert len(quick.put) == 1


def test_a_connection_is_for_one_request(served: Served) -> None:
    assert served.ask("GET", "/page.css").headers["Connection"] == "close"


def read_view(answer: http.client.HTTPResponse) -> dict[str, object]:
    while not (line := answer.readline()).startswith(b"data: {"):
        assert line
    message: dict[str, object] = json.loads(line.removeprefix(b"data: "))
    return message


def test_a_view_is_sent_as_it_comes_and_to_who_comes_later() -> None:
    served = serve()  # of its own: what others show is sent to who comes later
    try:
        answer = served.ask("GET", "/views")
        served.page.screen.show(View(result=Result(1, Kind.RECORDED, name="山田")), NOW)
        assert read_view(answer)["view"]["result"]["name"] == "山田"  # type: ignore[index]
        later = read_view(served.ask("GET", "/views"))
        assert later["view"]["result"]["name"] == "山田"  # type: ignore[index]
        served.page.screen.show(View(), NOW)
        assert read_view(answer)["view"]["result"] is None  # type: ignore[index]
        assert read_view(served.ask("GET", "/views"))["view"]["result"] is None  # type: ignore[index]
    finally:
        served.page.stop()


def test_of_many_pages_the_newest_are_served() -> None:
    made = serve()
    try:
        made.page.screen.show(View(unsent=1), NOW)
        streams = [made.ask("GET", "/views") for _ in range(5)]
        for one in streams:
            read_view(one)
        made.page.screen.show(View(unsent=2), NOW)
        made.page.screen.show(View(unsent=3), NOW)
        for one in streams[-3:]:
            assert read_view(one)["version"] in (2, 3)
        assert b"" in [streams[0].readline() for _ in range(12)]  # the oldest has ended
    finally:
        made.page.stop()


def test_whoever_is_not_the_kiosks_user_is_not_answered() -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    other = next(one.pw_name for one in pwd.getpwall() if one.pw_uid != os.geteuid())
    for user, answered in ((me, True), (other, False)):
        made = serve(kiosk_user=user)
        try:
            if answered:
                assert made.ask("GET", "/").status == 200
            else:
                with pytest.raises((ConnectionError, http.client.HTTPException)):
                    made.ask("GET", "/")
        finally:
            made.page.stop()


def test_a_kiosk_user_who_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="kiosk_user"):
        PageServer(Terminal(kiosk_user="nobody-of-that-name"), Language.JA, Screen())


def test_the_owner_of_a_connection_is_found_by_both_of_its_ends() -> None:
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
        "   0: 0100007F:2253 00000000:0000 0A 00000000:00000000 00:00000000 00000000  997 0 1\n"
        "   1: 0100007F:C350 0100007F:2253 01 00000000:00000000 00:00000000 00000000 1001 0 2\n"
        "   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 1002 0 3\n"
    )
    assert owner_of(table, 50_000, 8_787) == 1_001
    assert owner_of(table, 50_000, 8_080) == 1_002
    assert owner_of(table, 50_001, 8_787) is None
    assert owner_of("", 1, 2) is None


def test_a_port_that_is_taken_is_named_and_taken_once_it_is_free(monkeypatch, capsys) -> None:
    monkeypatch.setattr("edge.terminal.page_server._RETRY_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        page = PageServer(Terminal(port=port), Language.JA, Screen())
        page.start(lambda _item: None)
        (sign,) = page.threads()
        assert (sign.is_alive, sign.must_live) == (True, False)
    try:
        assert page.listening.wait(10)
        assert Served(page, port).ask("GET", "/").status == 200
    finally:
        page.stop()
    assert page.threads() == ()


def test_nothing_that_is_asked_for_is_logged(served: Served, capsys) -> None:
    served.ask("GET", "/")
    served.ask("GET", "/no-such-page?name=secret")
    out = capsys.readouterr()
    assert "secret" not in out.err + out.out
    assert "GET" not in out.err + out.out
