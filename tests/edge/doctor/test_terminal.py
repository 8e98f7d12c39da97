"""What the doctor says of an attendance terminal."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

import msgspec
import pytest

from edge.bootstrap import build
from edge.doctor.terminal_checks import terminal
from edge.drivers.virtual import VirtualDriver
from edge.settings import Settings, load_settings
from edge.settings_terminal import Terminal
from edge.terminal.page_server import PageServer
from edge.terminal.screen import Screen
from edge.words import Language
from tests.edge.terminal.installation import DEVICE, Installation


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(Installation.make(tmp_path_factory.mktemp("terminal")).file)


def codes(settings: Settings) -> list[str]:
    return [one.code for one in terminal(settings)]


def changed(settings: Settings, **terminal: object) -> Settings:
    own = settings.terminal
    assert own is not None
    return msgspec.structs.replace(settings, terminal=msgspec.structs.replace(own, **terminal))


def test_without_a_terminal_there_is_nothing_to_say(settings: Settings) -> None:
    assert codes(msgspec.structs.replace(settings, terminal=None)) == []


def test_a_page_that_nobody_serves(settings: Settings) -> None:
    assert codes(settings) == ["terminal_silent", "terminal_anyone"]


def test_a_port_on_which_somebody_else_answers(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        import threading

        def answer() -> None:
            line, _ = other.accept()
            line.sendall(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n")
            line.close()

        threading.Thread(target=answer).start()
        assert codes(changed(settings, port=other.getsockname()[1])) == [
            "terminal_taken",
            "terminal_anyone",
        ]


def test_a_running_terminal_and_one_whose_reader_is_gone(settings: Settings) -> None:
    site = VirtualDriver()
    agent = build(settings, drivers={"site": site})
    agent.start()
    try:
        assert agent._page is not None
        assert agent._page.listening.wait(10)
        agent.status()  # what the reader told is handled
        assert codes(settings) == ["terminal_ok", "terminal_anyone", "terminal_reader_ok"]
        site.unplug(DEVICE)
        agent.status()
        found = terminal(settings)
        assert [one.code for one in found] == [
            "terminal_ok",
            "terminal_anyone",
            "terminal_reader_away",
        ]
        assert found[1].remedy
    finally:
        agent.stop()


def test_a_kiosks_user_who_is_not_there_and_one_who_is_somebody_else(settings: Settings) -> None:
    assert codes(changed(settings, kiosk_user="nobody-of-that-name")) == ["terminal_user"]
    other = next(one.pw_name for one in pwd.getpwall() if one.pw_uid != os.geteuid())
    page = PageServer(changed(settings, kiosk_user=other).terminal, Language.JA, Screen())
    page.start(lambda _item: None)
    try:
        assert page.listening.wait(10)
        assert codes(changed(settings, kiosk_user=other)) == ["terminal_ok"]
    finally:
        page.stop()


@pytest.mark.parametrize(
    "terminal_table",
    [
        'suggest = { arrive = "25:00-26:00" }',
        'suggest = { arrive = "10:00-09:00" }',
        "choice_s = 1",
        "port = 80",
        'if_unchosen = "toggle"',
        'bind = "0.0.0.0"',
    ],
)
def test_a_setting_that_cannot_work_is_named(tmp_path: Path, terminal_table: str) -> None:
    from edge.settings import SettingsError

    file = tmp_path / "edge.toml"
    file.write_text(
        'data_dir = "d"\n[identity]\ndirectory = "k"\n[mqtt]\nhost = "h"\n'
        f"[terminal]\n{terminal_table}\n",
        encoding="utf-8",
    )
    with pytest.raises(SettingsError, match="terminal"):
        load_settings(file)
    assert Terminal().port == 8_787
