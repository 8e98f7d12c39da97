"""`kagimori-provision` from the outside: results, exit codes, what goes where."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from provisioning import cli


def run(capsys, monkeypatch, *arguments: object) -> tuple[int, str, str]:
    """Run the command line in this process: exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["kagimori-provision", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def town(tmp_path, capsys, monkeypatch):
    def call(*arguments: object) -> tuple[int, str, str]:
        return run(capsys, monkeypatch, *arguments)

    assert call("ca", "init", tmp_path / "ca", "--organisation", "T")[0] == 0
    assert call("hub", "init", tmp_path / "hub", "--ca", tmp_path / "ca")[0] == 0
    return call


def test_a_town_is_set_up_and_one_controller_revoked(town, tmp_path):
    ca, hub, broker = tmp_path / "ca", tmp_path / "hub", tmp_path / "broker"
    assert town("broker", "init", broker, "--ca", ca, "--host", "mqtt.town")[0] == 0
    code, out, _ = town("controller", "add", tmp_path / "c", "--ca", ca, "--hub", hub, "--json")
    assert code == 0
    name = json.loads(out)["controller"]
    code, out, err = town("revoke", name, "--ca", ca, "--hub", hub, "--broker", broker, "--json")
    assert (code, json.loads(out)) == (0, {"revoked": name, "certificates": 1})
    assert "SIGHUP" in err
    listed = json.loads(town("ca", "list", "--ca", ca, "--json")[1])["issued"]
    assert [e["name"] for e in listed if e["revoked_at"]] == [name]
    assert (broker / "crl.pem").read_bytes() == (ca / "crl.pem").read_bytes()


def test_a_controller_enrols_by_request(town, tmp_path):
    ca, hub, pi = tmp_path / "ca", tmp_path / "hub", tmp_path / "pi"
    _, out, _ = town("controller", "request", pi, "--json")
    asked = json.loads(out)["controller"]
    csr = pi / "controller.csr"
    assert town("controller", "add", tmp_path / "a", "--ca", ca, "--hub", hub, "--csr", csr)[0] == 0
    sealed = tmp_path / "a" / "identity.sealed.json"
    code, out, _ = town("controller", "open", pi, "--sealed", sealed, "--json")
    assert (code, json.loads(out)["controller"]) == (0, asked)
    assert json.loads((pi / "identity.json").read_text())["controller"] == asked


def test_the_next_hub_epoch_is_opened(town, tmp_path):
    code, out, _ = town(
        "hub", "epoch", "--hub", tmp_path / "hub", "--ca", tmp_path / "ca", "--json"
    )
    assert (code, json.loads(out)["hub_epoch"]) == (0, 2)


def test_what_fails_exits_1_with_one_line_that_names_it(town, tmp_path):
    code, out, err = town("revoke", "nobody", "--ca", tmp_path / "ca")
    assert (code, out) == (1, "")
    assert err.startswith("kagimori-provision: nothing that still holds was issued to 'nobody'")
    (tmp_path / "ca" / "ca.key").chmod(0o644)
    code, _, err = town("crl", "--ca", tmp_path / "ca")
    assert code == 1
    assert "chmod 600" in err


def test_wrong_usage_exits_2(town, tmp_path):
    assert town("revoke")[0] == 2
    ca, hub = tmp_path / "ca", tmp_path / "hub"
    both = ["--csr", tmp_path / "x", "--id", "0123456789abcdef"]
    assert town("controller", "add", tmp_path / "c", "--ca", ca, "--hub", hub, *both)[0] == 2


def test_the_installed_command_runs(tmp_path):
    command = [sys.executable, "-c", "from provisioning.cli import main; main()", "ca", "init"]
    command += [str(tmp_path / "ca"), "--organisation", "T", "--demo", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["organisation"] == "T DEMO"
    assert "passphrase" in done.stderr
