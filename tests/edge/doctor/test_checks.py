"""Each thing that can be wrong with a Pi is found under its own name, with a remedy in every
language."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge.doctor
from edge.doctor import CHECKS, agent_checks, broker_checks, machine_checks, port_checks
from edge.doctor.finding import ENGLISH, speaker
from edge.doctor.identity_checks import identity
from edge.drivers.pcsc_api import PcscCause, PcscError
from edge.ports import KernelClock
from edge.settings import load_settings
from edge.words import Language, sentences
from firmware_bridge import serial_names
from firmware_bridge.serial_link import PtyPort
from provisioning import enrolment
from provisioning.register import Register
from tests.firmware_bridge.test_serial_names import Sys

NOW = datetime.now(UTC)


def _codes(findings) -> list[str]:
    return [one.code for one in findings]


def _install(folder: Path, begun: datetime = NOW - timedelta(hours=1), *, demo: bool = False):
    register = Register.create(folder / "ca", "T", begun, timedelta(days=3_650), demo=demo)
    enrolment.init_hub(register, folder / "hub", begun)
    enrolment.add_controller(register, folder / "hub", folder / "keys", begun)
    file = folder / "edge.toml"
    file.write_text(
        'data_dir = "data"\n[identity]\ndirectory = "keys"\n[mqtt]\nhost = "127.0.0.1"\nport = 1\n',
        encoding="utf-8",
    )
    return register, load_settings(file)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return _install(tmp_path_factory.mktemp("doctor"))


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["doctor", "status", "reasons", "terminal"])
def test_every_sentence_is_there_in_every_language_with_the_same_blanks(topic):
    for table, names in sentences(topic).items():
        for name, texts in names.items():
            assert set(texts) == {one.value for one in Language}, (table, name)
            blanks = [set(re.findall(r"\{(\w+)\}", text)) for text in texts.values()]
            full = blanks[0] | blanks[1] | blanks[2]
            assert blanks[0] == full, (table, name)
            assert all(texts.values())


def test_easy_japanese_gives_the_reading_of_hard_words():
    text = sentences("doctor")["power_now"]["found"]["ja-easy"]
    assert "（" in text


# --- identity ------------------------------------------------------------------------------------


def test_an_identity_is_well_a_demo_is_named_and_an_old_certificate_as_well(installed, tmp_path):
    assert _codes(identity(installed[1])) == ["identity_ok", "certificate_ok"]
    _, demo = _install(tmp_path / "demo", demo=True)
    assert "demo" in _codes(identity(demo))
    _, old = _install(tmp_path / "old", NOW - timedelta(days=3_000))
    assert _codes(identity(old))[-1] == "certificate_over"
    (tmp_path / "old" / "keys" / "controller.key").write_text("nothing")
    (bad,) = identity(old)
    assert (bad.code, bad.ok) == ("identity_bad", False)
    assert bad.remedy


def test_a_certificate_that_ends_soon_is_named(installed, monkeypatch):
    end = identity(installed[1])[-1].detail
    ends = datetime.strptime(re.findall(r"\d{4}-\d\d-\d\d", end)[0], "%Y-%m-%d").replace(tzinfo=UTC)
    soon = SimpleNamespace(wall=lambda: ends - timedelta(days=3))
    monkeypatch.setattr("edge.doctor.identity_checks.Machine", lambda: soon)
    assert _codes(identity(installed[1]))[-1] == "certificate_soon"


# --- ports ---------------------------------------------------------------------------------------


@pytest.fixture
def usb(tmp_path, monkeypatch) -> Iterator[tuple[Sys, PtyPort]]:
    sys_ = Sys(tmp_path)
    sys_.plug("ttyUSB0", "0403", "6001", "FT1")
    with PtyPort() as pty:
        (sys_.dev / "ttyUSB0").symlink_to(pty.far_path)
        monkeypatch.setattr(
            port_checks, "adapters", lambda: serial_names.adapters(sys_.tty, sys_.dev)
        )
        monkeypatch.setattr(
            port_checks, "resolve", lambda name: serial_names.resolve(name, sys_.tty, sys_.dev)
        )
        yield sys_, pty


def test_a_port_that_is_there_is_well_and_one_that_is_not_names_what_is(usb):
    sys_, _ = usb
    (well,) = port_checks.serial_port("bus0", "usb:0403:6001:FT1")
    assert (well.code, well.ok) == ("port_ok", True)
    assert "ttyUSB0" in well.detail
    (missing,) = port_checks.serial_port("bus0", str(sys_.dev / "ttyUSB9"))
    assert missing.code == "port_missing"
    assert "usb:0403:6001:FT1:0" in missing.remedy
    (other,) = port_checks.serial_port("bus0", "usb:1a86:7523")
    assert other.code == "port_missing"


def test_a_path_that_changes_when_it_is_plugged_anew_gets_a_better_name(usb):
    sys_, _ = usb
    (found,) = port_checks.serial_port("bus0", str(sys_.dev / "ttyUSB0"))
    assert found.code == "port_unstable"
    assert "usb:0403:6001:FT1" in found.remedy


def test_a_port_without_rights_names_the_group(usb, monkeypatch):
    monkeypatch.setattr(port_checks.os, "access", lambda *_: False)
    (found,) = port_checks.serial_port("bus0", "usb:0403:6001:FT1")
    assert found.code == "port_rights"
    assert "dialout" in found.remedy


def test_a_port_that_another_program_holds_names_that_program(usb):
    _, pty = usb
    code = (
        f"import os, sys; os.open({pty.far_path!r}, os.O_RDWR | os.O_NOCTTY)\n"
        "print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        (found,) = port_checks.serial_port("bus0", "usb:0403:6001:FT1")
        holder.stdin.close()
    assert found.code == "port_held"
    assert str(holder.pid) in found.detail


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (PcscCause.NO_LIBRARY, "pcsc_pyscard_missing"),
        (PcscCause.NO_SERVICE, "pcsc_service_absent"),
        (PcscCause.REFUSED, "pcsc_service_refused"),
        (PcscCause.NO_READER, "pcsc_reader_absent"),
        (PcscCause.READER_FAILED, "pcsc_failed"),
    ],
)
def test_what_is_wrong_with_the_card_service_has_its_own_remedy(cause, code):
    def opener():
        raise PcscError(cause, "SCardEstablishContext")

    found = port_checks.card_service(ENGLISH, opener)
    assert (found.code, found.ok) == (code, False)
    assert found.remedy


def test_a_card_service_with_readers_is_well():
    from tests.edge.drivers.fake_pcsc import FakePcsc

    service = FakePcsc()
    assert port_checks.card_service(ENGLISH, service.opener).code == "pcsc_ok"
    service.names = []
    assert port_checks.card_service(ENGLISH, service.opener).code == "pcsc_reader_absent"


# --- the machine ---------------------------------------------------------------------------------


def test_the_clock_is_asked_for_ntp_and_a_battery(monkeypatch, tmp_path):
    synced = lambda: KernelClock(synchronised=True, error_ms=7)  # noqa: E731
    alone = lambda: KernelClock(synchronised=False, error_ms=16_000)  # noqa: E731
    no_rtc = SimpleNamespace(rtc=False, socket_path=tmp_path / "no.sock")
    assert _codes(machine_checks.clock(no_rtc, ENGLISH, synced)) == ["ntp_ok", "rtc_none"]
    assert _codes(machine_checks.clock(no_rtc, ENGLISH, alone)) == ["ntp_missing", "rtc_none"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("rtc", "shown", "pin_doors", "code", "said"),
    [
        (False, None, ["d-1"], "rtc_none", "d-1"),
        (False, None, None, "rtc_none", "?"),
        (False, None, [], "rtc_not_needed", ""),
        (True, None, ["d-1"], "rtc_missing", "RTC"),
        (True, datetime(2000, 1, 1, tzinfo=UTC), [], "rtc_flat", "2000-01-01"),
        (True, datetime(2026, 11, 26, tzinfo=UTC), ["d-1"], "rtc_ok", "2026-11-26"),
    ],
)
def test_a_door_with_pins_needs_a_battery_clock_that_shows_a_time(
    rtc, shown, pin_doors, code, said, language
) -> None:
    say = speaker(language)
    found = machine_checks.battery_clock(SimpleNamespace(rtc=rtc), shown, pin_doors, say)
    assert found.code == code
    assert found.ok == (code in ("rtc_ok", "rtc_not_needed"))
    assert language is Language.EASY or said in found.detail
    assert bool(found.remedy) != found.ok


def test_the_disk_is_asked_for_room_rights_and_whether_it_can_be_written(monkeypatch, tmp_path):
    here = SimpleNamespace(data_dir=str(tmp_path))
    gone = SimpleNamespace(data_dir=str(tmp_path / "gone"))
    assert _codes(machine_checks.disk(here)) == ["disk_ok"]
    assert _codes(machine_checks.disk(gone)) == ["disk_missing"]
    monkeypatch.setattr(machine_checks, "FREE_BYTES", 1 << 62)
    assert _codes(machine_checks.disk(here)) == ["disk_full"]
    monkeypatch.setattr(machine_checks.os, "access", lambda *_: False)
    assert _codes(machine_checks.disk(here)) == ["disk_rights"]
    monkeypatch.setattr(machine_checks, "_flags", lambda _: os.ST_RDONLY)
    assert _codes(machine_checks.disk(here)) == ["disk_read_only"]


def test_errors_of_the_sd_card_are_read_from_the_kernels_log(tmp_path):
    log = tmp_path / "kmsg"
    assert machine_checks.disk_errors(ENGLISH, log) == []
    log.write_text(
        "6,1,10,-;Linux version 6.6\n"
        "3,2,20,-;I/O error, dev mmcblk0, sector 1234 op 0x0:(READ)\n"
        "2,3,30,-;EXT4-fs error (device mmcblk0p2): ext4_find_entry\n"
        "6,4,40,-;usb 1-1: new full-speed USB device\n"
        "2,5,50,-;EXT4-fs error (device loop0): somebody's image, not our disk\n"
    )
    (found,) = machine_checks.disk_errors(ENGLISH, log)
    assert found.code == "disk_errors"
    assert found.detail.startswith("the kernel tells 2 disk errors: EXT4-fs error")


@pytest.mark.parametrize(
    ("flags", "codes"),
    [
        ("0x0", ["power_ok"]),
        ("50005", ["power_now"]),
        ("0x50000", ["power_past"]),
        ("0x20002", ["power_ok"]),
        ("", []),
        ("rubbish", []),
    ],
)
def test_under_voltage_is_told_now_and_as_past(tmp_path, flags, codes):
    path = tmp_path / machine_checks.THROTTLED
    path.parent.mkdir(parents=True)
    path.write_text(flags + "\n")
    assert _codes(machine_checks.power(ENGLISH, tmp_path)) == codes


@pytest.mark.parametrize(
    ("text", "codes"), [("51200", ["heat_ok"]), ("83000", ["heat_high"]), ("?", []), (None, [])]
)
def test_heat_is_told_where_the_machine_tells_it(tmp_path, text, codes):
    if text is not None:
        path = tmp_path / machine_checks.THERMAL
        path.parent.mkdir(parents=True)
        path.write_text(text + "\n")
    assert _codes(machine_checks.heat(ENGLISH, tmp_path)) == codes


UNIT = (
    "LoadState=loaded\nActiveState=active\nWatchdogUSec=30s\nNRestarts=0\nUnitFileState=enabled\n"
)


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        (UNIT, ["unit_ok"]),
        (UNIT.replace("=active", "=failed"), ["unit_inactive"]),
        (UNIT.replace("30s", "0"), ["unit_unwatched"]),
        (UNIT.replace("30s", "infinity"), ["unit_unwatched"]),
        (UNIT.replace("enabled", "disabled"), ["unit_disabled"]),
        (UNIT.replace("NRestarts=0", "NRestarts=17"), ["unit_restarts"]),
        ("LoadState=not-found\n", []),
        ("", []),
    ],
)
def test_the_unit_is_asked_for_its_state_watchdog_and_restarts(told, codes):
    assert _codes(machine_checks.unit(ENGLISH, lambda: told)) == codes


# --- the broker ----------------------------------------------------------------------------------


class Answerer:
    """Something on a port that is not quite the broker."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.port = self._listener.getsockname()[1]
        self._context = context
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        line, _ = self._listener.accept()
        try:
            if self._context is None:
                line.sendall(b"SSH-2.0-nothing\r\n")
            else:
                line = self._context.wrap_socket(line, server_side=True)
            line.settimeout(2)
            line.recv(1)
        except OSError:
            pass
        line.close()

    def close(self) -> None:
        self._thread.join(5)
        self._listener.close()


def _broker_at(settings, port: int, host: str = "127.0.0.1"):
    from msgspec.structs import replace

    changed = replace(settings, mqtt=replace(settings.mqtt, host=host, port=port))
    (found,) = broker_checks.broker(changed)
    return found


def _server(folder: Path, *, ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "broker.pem", folder / "broker.key")
    if ca is not None:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _make_broker(register, folder: Path, begun: datetime = NOW, bind: str = "127.0.0.1") -> Path:
    enrolment.init_broker(register, folder, begun, port=1, bind=bind, user="root")
    return folder


def _asked(settings, context: ssl.SSLContext | None, host: str = "127.0.0.1") -> str:
    answerer = Answerer(context)
    try:
        return _broker_at(settings, answerer.port, host).code
    finally:
        answerer.close()


def test_a_broker_of_our_authority_is_well(installed, tmp_path):
    register, settings = installed
    folder = _make_broker(register, tmp_path / "broker")
    assert _asked(settings, _server(folder, ca=Path(settings.identity.directory) / "ca.pem")) == (
        "broker_ok"
    )


def test_a_broker_of_another_authority_is_named(installed, tmp_path):
    other, _ = _install(tmp_path)
    assert _asked(installed[1], _server(_make_broker(other, tmp_path / "broker"))) == (
        "broker_wrong_ca"
    )


def test_a_broker_that_refuses_our_certificate_is_named(installed, tmp_path):
    _install(tmp_path)
    folder = _make_broker(installed[0], tmp_path / "broker")
    assert _asked(installed[1], _server(folder, ca=tmp_path / "hub" / "ca.pem")) == (
        "broker_rejects_us"
    )


def test_a_broker_whose_certificate_is_not_valid_now_is_named(installed, tmp_path, monkeypatch):
    folder = _make_broker(installed[0], tmp_path / "broker")
    late = SimpleNamespace(wall=lambda: NOW + timedelta(days=5_000))
    monkeypatch.setattr(broker_checks, "Machine", lambda: late)
    assert _asked(installed[1], _server(folder)) == "broker_expired"


def test_what_is_no_tls_is_named(installed):
    assert _asked(installed[1], None) == "broker_tls"


def test_a_port_where_nobody_listens_and_a_name_that_nobody_has_are_named(installed):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert _broker_at(installed[1], port).code == "broker_refused"
    assert _broker_at(installed[1], 8_883, "no-such-broker.invalid").code == "broker_name"


# --- the agent -----------------------------------------------------------------------------------

STATUS = {
    "agent": "0.1.0",
    "link_up": True,
    "welcomed_at": "2026-11-24T09:00:00Z",
    "clock": {"state": "trusted", "error_ms": 20},
    "journal": {"failure": None},
    "counters": {"rows": 50, "unacknowledged": 3, "capacity": 100_000},
    "policy": {"entries": 9, "rejected": 0},
    "threads": [{"part": "bus0: bus", "state": "well", "age_ms": 5, "revived": 0}],
    "fire_alarm": None,
    "devices": [{"id": "d1", "online": True, "cause": ""}],
}
ROWS = [{"event": {"at": "2026-11-20T08:00:00Z"}}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"link_up": False, "lost_at": "2026-11-24T09:40:00Z"}, "hub_away"),
        ({"link_up": False, "lost_at": None}, "hub_never"),
        ({"clock": {"state": "untrusted", "error_ms": None}}, "clock_untrusted"),
        ({"journal": {"failure": "disk_io"}}, "journal_fails"),
        ({"counters": {"unacknowledged": 500, "capacity": 100_000}}, "journal_unsent"),
        ({"counters": {"gaps": 1, "refused": 2}}, "journal_gaps"),
        ({"policy": {"entries": 9, "rejected": 2}}, "policy_rejected"),
        (
            {"threads": [{"part": "p", "state": "hanging", "age_ms": 9_000, "revived": 1}]},
            "thread_bad",
        ),
        ({"devices": [{"id": "d1", "online": False, "cause": "timeout"}]}, "device_bad"),
    ],
)
def test_what_the_agent_says_is_judged(monkeypatch, changes, code):
    def answer(_path, request):
        return {**STATUS, **changes} if request.ask == "status" else ROWS

    monkeypatch.setattr(agent_checks, "ask_agent", answer)
    found = {one.code: one for one in agent_checks.running(SimpleNamespace(socket_path="-"))}
    bad = [one.code for one in found.values() if not one.ok]
    assert bad == [code]
    assert found[code].remedy
    if code == "journal_unsent":
        assert "2026-11-20T08:00" in found[code].detail


def test_an_agent_that_is_well_has_nothing_to_be_looked_at(monkeypatch):
    monkeypatch.setattr(agent_checks, "ask_agent", lambda *_: STATUS)
    assert all(one.ok for one in agent_checks.running(SimpleNamespace(socket_path="-")))


def test_an_agent_that_does_not_answer_is_one_finding(tmp_path):
    (found,) = agent_checks.running(SimpleNamespace(socket_path=tmp_path / "none"))
    assert found.code == "agent_absent"


@pytest.mark.parametrize("language", list(Language))
def test_a_check_that_breaks_hides_no_other(installed, monkeypatch, language):
    def broken(*_: object):
        raise RuntimeError("broken")

    monkeypatch.setattr(edge.doctor, "CHECKS", (broken, *CHECKS))
    findings = edge.doctor.examine(installed[1], language)
    assert findings[0].code == "check_failed"
    assert {"identity_ok", "agent_absent", "broker_refused"} <= set(_codes(findings))


@given(st.text(max_size=200))
def test_no_line_of_the_kernel_breaks_the_search(text):
    machine_checks._DISK_ERROR.search(text)


def test_every_code_of_the_catalogue_that_needs_action_says_what_to_do():
    say = speaker(Language.JA)
    assert say("x", "ntp_ok", error_ms=1).ok
    assert not say("x", "ntp_missing").ok
