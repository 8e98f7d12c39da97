"""The built agent: real files, real threads, a broker that is not there."""

from __future__ import annotations

import json
import secrets
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge import cli
from edge.bootstrap import build
from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.controller_files import load_controller
from edge.drivers.virtual import VirtualDriver
from edge.ports import JournalError, PolicyChange
from edge.service import contact_tests
from edge.service.loop import Loop
from edge.settings import SettingsError, load_settings
from provisioning import enrolment
from provisioning.register import Register
from wire.errors import WireError
from wire.policy import PolicyDigest, entry_hash
from wire.policy_bodies import DoorMode
from wire.sealing import seal_context, seal_secret

NOW = datetime.now(UTC)


def _make_installation(folder: Path, *, demo: bool) -> Path:
    """An authority, a hub and a controller; gives the settings file."""
    register = Register.create(
        folder / "ca", "Town", NOW - timedelta(hours=1), timedelta(days=3_650), demo=demo
    )
    enrolment.init_hub(register, folder / "hub", NOW - timedelta(hours=1))
    enrolment.add_controller(register, folder / "hub", folder / "keys", NOW - timedelta(hours=1))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = folder / "edge.toml"
    settings.write_text(
        f"""
data_dir = "data"
journal_events = 2000
[identity]
directory = "keys"
[mqtt]
host = "127.0.0.1"
port = {port}
[ports.site]
driver = "virtual"
""",
        encoding="utf-8",
    )
    return settings


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    return _make_installation(tmp_path_factory.mktemp("installed"), demo=False)


@pytest.fixture
def file(installed: Path) -> Path:
    """The settings of an installation whose data folder is empty."""
    data = installed.parent / f"data-{secrets.token_hex(4)}"
    text = installed.read_text(encoding="utf-8").replace('"data"', f'"{data.name}"')
    one = installed.with_name(f"{data.name}.toml")
    one.write_text(text, encoding="utf-8")
    return one


@pytest.fixture
def agent(file):
    built = build(load_settings(file))
    built.start()
    yield built
    built.stop()


def test_it_serves_while_the_broker_is_down(agent):
    status = agent.status()
    assert not status.link_up
    assert status.controller == agent.controller_id
    assert status.journal.failure is None


def test_a_journal_that_cannot_be_read_at_the_start_is_opened_again(file, monkeypatch):
    """It is let go before the next attempt, which would find it locked for ever."""
    monkeypatch.setattr("edge.agent._REOPEN_S", 0.05)
    begin, failures = Loop.begin, ["disk_io", "disk_io"]

    def begins(loop: Loop) -> None:
        if failures:
            raise JournalError(failures.pop())
        begin(loop)

    monkeypatch.setattr(Loop, "begin", begins)
    built = build(load_settings(file))
    try:
        built.start(timeout_s=20)
        assert not failures
        assert built.status().journal.failure is None
    finally:
        built.stop()


def test_the_socket_answers_and_only_owner_and_group_may_ask(agent, file):
    path = load_settings(file).socket_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    status = ask_agent(path, Request("status"))
    assert status["controller"] == agent.controller_id
    rows = ask_agent(path, Request("journal", 5))
    assert "agent_started" in [row["event"]["kind"] for row in rows]
    with pytest.raises(AgentAbsentError, match="status, journal"):
        ask_agent(path, Request("keys"))


def test_rubbish_on_the_socket_is_answered_and_survived(agent, file):
    path = load_settings(file).socket_path
    for rubbish in (b"\xff\xfe\n", b"[]\n", b"{}\n", b""):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(rubbish)
            connection.shutdown(socket.SHUT_WR)
            assert b"error" in connection.recv(1_000)
    assert ask_agent(path, Request("status"))["controller"] == agent.controller_id


def test_a_doors_code_secret_opens_under_the_doors_own_context_alone(file):
    settings = load_settings(file)
    agent, controller = build(settings), load_controller(settings)
    public = controller.key.public_key()
    sealed = seal_secret(public, bytes(32), seal_context(controller.id, "door", "d-1"))
    assert agent._open_door_secret("d-1", sealed) == bytes(32)
    for door, other in (("d-2", sealed), ("d-1", seal_secret(public, bytes(32), b"elsewhere"))):
        with pytest.raises(WireError):
            agent._open_door_secret(door, other)
    with pytest.raises(WireError):
        agent._open_secret("d-1", sealed)


def test_no_port_is_open(file):
    before = _listening()
    one = build(load_settings(file))
    one.start()
    try:
        assert one.status().controller
        assert _listening() <= before
    finally:
        one.stop()


def _listening():
    """The sockets on which this process takes connections from the network."""
    ours = {_target(one) for one in Path("/proc/self/fd").iterdir()}
    return ours & {
        f"socket:[{line.split()[9]}]"
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A"
    }


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile
        return ""


def test_stop_ends_in_order_and_a_start_after_it_says_so(file):
    for _ in range(2):
        one = build(load_settings(file))
        one.start()
        started = [row for _, row in one.tail(50) if b'"agent_started"' in row]
        one.stop()
    assert b'"clean":false' not in started[-1]
    assert not load_settings(file).socket_path.exists()


def test_a_driver_handed_in_stands_for_the_port_of_its_name(file):
    site = VirtualDriver()
    one = build(load_settings(file), drivers={"site": site})
    one.start()
    assert site._emit is not None
    one.stop()


def test_a_driver_that_cannot_start_or_stop_keeps_nobody_else_from_serving(file):
    class Broken(VirtualDriver):
        def start(self, _emit):
            raise OSError("no such port")

        def stop(self):
            raise OSError("no such port")

    one = build(load_settings(file), drivers={"a broken port": Broken()})
    one.start(timeout_s=5)
    assert one.status().journal.failure is None
    one.stop()
    after = build(load_settings(file))
    after.start()
    kinds = [json.loads(data)["kind"] for _, data in after.tail(100)]
    after.stop()
    assert "agent_stopped" in kinds


def test_a_demonstrations_certificate_is_refused_unless_the_demonstration_asks(tmp_path):
    settings = load_settings(_make_installation(tmp_path, demo=True))
    with pytest.raises(SettingsError, match="demonstration"):
        build(settings)
    build(settings, allow_demo=True)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("identity.json", b"{}", "damaged"),
        ("identity.json", b'{"v":9,"controller":"x","link":"","pin":""}', "version 9"),
        ("controller.key", b"nothing", "not a private key"),
        ("controller.pem", b"nothing", "no PEM certificate"),
        ("ca.pem", None, "No such file"),
    ],
)
def test_a_damaged_file_is_named_with_its_key_and_remedy(tmp_path, name, content, problem):
    settings = load_settings(_make_installation(tmp_path, demo=False))
    path = settings.identity_file(name)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        build(settings)
    assert problem in str(caught.value)
    assert caught.value.file == str(path)
    assert caught.value.remedy


def test_keys_that_others_may_read_are_refused(tmp_path):
    settings = load_settings(_make_installation(tmp_path, demo=False))
    settings.identity_file("identity.json").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        build(settings)


def test_files_of_two_controllers_do_not_fit_together(tmp_path):
    one = load_settings(_make_installation(tmp_path / "one", demo=False))
    other = load_settings(_make_installation(tmp_path / "other", demo=False))
    for name in ("ca.pem", "controller.pem"):
        mine = one.identity_file(name)
        before = mine.read_bytes()
        mine.write_bytes(other.identity_file(name).read_bytes())
        with pytest.raises(SettingsError, match="identity"):
            build(one)
        mine.write_bytes(before)


@pytest.mark.parametrize(
    ("key", "value"),
    [("data_dir", "taken/data"), ("socket", "taken/socket"), ("socket", "x" * 200)],
)
def test_a_path_that_cannot_be_used_is_named_by_its_key(file, capsys, key, value):
    (file.parent / "taken").write_text("a file, not a folder", encoding="utf-8")
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(key)]
    if key == "data_dir":
        kept.insert(0, 'socket = "own.sock"')
    file.write_text("\n".join([f'{key} = "{value}"', *kept]), encoding="utf-8")
    assert cli.main(["run", "--settings", str(file)]) == 1
    told = capsys.readouterr().err
    assert f": {key}: " in told


# --- command line --------------------------------------------------------------------------------


def test_status_and_journal_are_shown_for_people_and_as_json(agent, file, capsys):
    assert cli.main(["status", "--settings", str(file)]) == 0
    assert agent.controller_id in capsys.readouterr().out
    assert cli.main(["status", "--json", "--settings", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["controller"] == agent.controller_id
    assert cli.main(["journal", "-n", "3", "--settings", str(file)]) == 0
    assert "agent_started" in capsys.readouterr().out


def test_without_an_agent_the_command_says_what_to_look_at(file, capsys):
    assert cli.main(["status", "--settings", str(file)]) == 1
    assert "is kagimori-edge running" in capsys.readouterr().err


def test_bad_usage_is_exit_code_2(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["open-everything"])
    assert caught.value.code == 2


def test_doctor_finds_what_is_missing_and_says_what_to_do(file, capsys):
    code = cli.main(["doctor", "--json", "--settings", str(file)])
    findings = {one["check"]: one for one in json.loads(capsys.readouterr().out)}
    assert code == 1
    assert findings["identity"]["ok"]
    assert not findings["rtc"]["ok"]
    assert "RTC" in findings["rtc"]["remedy"]
    assert not findings["agent"]["ok"]


_WITHOUT = """
import sys
for name in ("pydantic", "pydantic_settings", "typer", "rich", "fastapi", "sqlalchemy"):
    sys.modules[name] = None  # importing it fails, as on a Pi
from edge import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def test_run_needs_none_of_the_hubs_libraries_and_ends_in_order_at_sigterm(file):
    arguments = ["run", "--settings", str(file)]
    with subprocess.Popen(
        [sys.executable, "-c", _WITHOUT, *arguments], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        path = load_settings(file).socket_path
        deadline = time.monotonic() + 20
        while True:
            try:
                status = ask_agent(path, Request("status"))
                break
            except AgentAbsentError:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert status["policy"]["version"] == 0


def test_run_refuses_a_demonstrations_certificate(tmp_path, capsys):
    file = _make_installation(tmp_path, demo=True)
    assert cli.main(["run", "--settings", str(file)]) == 1
    assert "demonstration" in capsys.readouterr().err


# --- tests of contacts, from the command line ----------------------------------------------------


@pytest.fixture
def with_door(file, door_policy):
    """A running agent with one door of a virtual site."""
    site = VirtualDriver()
    built = build(load_settings(file), drivers={"site": site})
    built.start()
    put = tuple(door_policy.usual())
    change = PolicyChange(1, 1, put, (), PolicyDigest(map(entry_hash, put)).hex, snapshot=True)
    built._ask(lambda parts, now: parts.policies.apply(change, now))
    yield site
    built.stop()


def test_a_test_of_a_contact_passes_while_somebody_opens_and_closes_the_door(
    with_door, file, door_policy, capsys
):
    def walk_through() -> None:
        for active in (False, True, False) * 20:
            with_door.set_input(door_policy.device_id, 0, active)
            time.sleep(0.1)
            if done.is_set():
                return

    done = threading.Event()
    person = threading.Thread(target=walk_through)
    person.start()
    try:
        assert cli.main(["test", door_policy.door_id, "--settings", str(file), "--json"]) == 0
    finally:
        done.set()
        person.join()
    assert json.loads(capsys.readouterr().out)["passed"] is True
    rows = ask_agent(load_settings(file).socket_path, Request("journal", 40))
    assert "contact_tested" in [row["event"]["kind"] for row in rows]


def test_a_test_that_fails_says_why(with_door, file, door_policy, capsys, monkeypatch):
    monkeypatch.setattr(contact_tests, "LONGEST_S", 0)
    assert cli.main(["test", door_policy.door_id, "--settings", str(file)]) == 1
    assert "FAILED: contact_unknown" in capsys.readouterr().out
    assert cli.main(["test", "nowhere", "--settings", str(file)]) == 1
    assert "no such door" in capsys.readouterr().err


def test_what_the_fire_alarm_keeps_is_forgotten_on_demand(with_door, file, capsys):
    assert cli.main(["fire", "forget", "--settings", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"forgotten": 0}


def test_a_shelter_is_opened_at_the_pi_while_no_hub_is_there(file, door_policy, with_door, capsys):
    text = file.read_text() + f'\n[shelter]\ndevice = "{door_policy.device_id}"\nchannel = 7\n'
    assert load_settings(file).shelter is None
    asked = ["--settings", str(file), "--json"]
    assert cli.main(["shelter", "open", *asked]) == 1, "no door of this policy is a shelter's"
    assert cli.main(["shelter", "close", *asked]) == 0
    file.write_text(text + f'doors = ["{door_policy.door_id}"]\n')
    assert load_settings(file).shelter.doors == (door_policy.door_id,)


def test_doors_of_a_shelter_open_at_once_for_somebody_at_the_pi(file, door_policy, capsys):
    doors = f'device = "{door_policy.device_id}"\nchannel = 7\ndoors = ["{door_policy.door_id}"]\n'
    file.write_text(f"{file.read_text()}\n[shelter]\n{doors}")
    site = VirtualDriver()
    built = build(load_settings(file), drivers={"site": site})
    built.start()
    put = tuple(door_policy.usual())
    change = PolicyChange(1, 1, put, (), PolicyDigest(map(entry_hash, put)).hex, snapshot=True)
    built._ask(lambda parts, now: parts.policies.apply(change, now))
    asked = ["--settings", str(file), "--json"]
    try:
        assert cli.main(["shelter", "open", *asked]) == 0
        assert json.loads(capsys.readouterr().out) == {"doors": [door_policy.door_id]}
        (shown,) = built.status().doors
        assert (shown.shelter, shown.mode) == (True, DoorMode.EMERGENCY_OPEN)
        assert cli.main(["shelter", "close", *asked]) == 0
        (shown,) = built.status().doors
        assert (shown.shelter, shown.mode) == (False, None)
    finally:
        built.stop()
