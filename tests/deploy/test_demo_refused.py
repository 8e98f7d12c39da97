"""Keys of a demonstration serve in the demonstration only."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from edge import cli as edge_cli
from hub import cli as hub_cli
from hub.settings import ConfigError, load_settings, refuse_demo
from provisioning import enrolment
from provisioning.register import Register


@pytest.fixture(params=[True, False], ids=["demo", "earnest"])
def installed(request, tmp_path):
    """A hub's and a controller's files with their settings, of a DEMO authority or a real one."""
    now = datetime.now(UTC)
    register = Register.create(tmp_path / "ca", "T", now, timedelta(days=2), demo=request.param)
    enrolment.init_hub(register, tmp_path / "hub", now)
    enrolment.add_controller(register, tmp_path / "hub", tmp_path / "edge", now)
    (tmp_path / "hub.toml").write_text('directory = "hub"\n')
    (tmp_path / "edge.toml").write_text(
        'data_dir = "data"\n[mqtt]\nhost = "127.0.0.1"\nport = 1\n[identity]\ndirectory = "edge"\n'
    )
    return request.param, tmp_path


@pytest.fixture
def own_signals():
    """`run` takes the signals over; the tests want them back."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("own_signals")
def test_the_agent_refuses_a_demo_identity(installed, capsys, monkeypatch):
    demo, at = installed
    started = []
    monkeypatch.setattr("edge.bootstrap.Agent.start", lambda _: started.append(1) or _end())
    code = edge_cli.main(["run", "--settings", str(at / "edge.toml")])
    assert code == 1
    assert bool(started) is not demo
    assert ("demonstration" in capsys.readouterr().err) is demo


def _end():
    raise TimeoutError


@pytest.mark.parametrize("command", [["serve"], ["config", "check"]])
def test_the_hubs_command_line_refuses_demo_certificates(installed, capsys, monkeypatch, command):
    """Exit 1, with file, key and remedy, before anything is served."""
    demo, at = installed
    served = []
    monkeypatch.setattr("hub.cli.serve", lambda hub: served.append(hub) or hub.stop())
    config = at / "hub.toml"
    config.write_text(f'directory = "hub"\n[database]\nurl = "sqlite:///{at}/hub.db"\n')
    monkeypatch.setattr("sys.argv", ["kagimori-hub", *command, "--config", str(config)])
    with pytest.raises(SystemExit) as ended:
        hub_cli.main()
    told = capsys.readouterr()
    assert ("DEMO" in told.err) is demo
    if demo:
        assert ended.value.code == 1
    assert bool(served) is (command == ["serve"] and not demo)


def test_the_hub_refuses_demo_certificates(installed):
    demo, at = installed
    settings = load_settings(at / "hub.toml")
    if not demo:
        refuse_demo(settings)
        return
    with pytest.raises(ConfigError, match="DEMO"):
        refuse_demo(settings)
