"""Every fuzz target holds for its seeds and for a second of mutations; a crash is told."""

from __future__ import annotations

import json

import pytest

from firmware_bridge.osdp.codes import CommandCode, ReplyCode
from firmware_bridge.osdp.command_reader import decode_command
from firmware_bridge.osdp.secure_channel import SecureSession
from tests.fuzz import fuzz_mqtt, fuzz_osdp
from tests.fuzz.__main__ import all_targets, main
from tests.fuzz.osdp_scripts import Scene, Script
from tests.fuzz.target import PythonTarget, Target

TARGETS = all_targets()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_target_holds_for_its_seeds(target: Target) -> None:
    assert target.replay() > 0


@pytest.mark.parametrize(
    "target", [*fuzz_osdp.TARGETS, *fuzz_mqtt.TARGETS], ids=lambda target: target.name
)
def test_a_second_of_mutations_finds_nothing(target: PythonTarget) -> None:
    report = target.mutate(1.0)
    assert report.crashes == 0, report.detail
    assert report.cases > 20


def test_the_honest_seed_of_the_panel_gets_its_keys_through() -> None:
    """Else the panel's target could not fail."""
    seed = PythonTarget("osdp_panel", fuzz_osdp.one_panel, "", "").corpus / "honest"
    scene = Scene(to_panel=True)
    scene.play(Script(seed.read_bytes()))
    assert scene.opened() == ["1", "2"]


@pytest.mark.parametrize("end", ["panel", "peripheral"])
def test_a_session_that_did_not_check_macs_would_be_caught_by_the_seeds(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believes_everything(
        session: SecureSession, start: bytes, message: bytes, _mac: bytes
    ) -> bytes:
        return session._mac(start, message)

    monkeypatch.setattr(SecureSession, "_verified", believes_everything)
    (target,) = [one for one in fuzz_osdp.TARGETS if one.name == f"osdp_{end}"]
    with pytest.raises(AssertionError):
        target.replay()


def test_a_target_that_raises_is_a_crash_with_its_input() -> None:
    def one(data: bytes) -> None:
        if len(data) % 2:
            raise ValueError("odd")

    report = PythonTarget("osdp_reply", one, "", "").mutate(5.0)
    assert report.crashes == 1
    assert "ValueError: odd" in report.detail
    assert "input " in report.detail


def test_the_runner_ends_with_a_line_of_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PythonTarget, "run", PythonTarget.mutate)
    assert main(["--seconds", "0.1", "osdp_command"]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["fuzz"], line["crashes"]) == ("osdp_command", 0)
    assert line["cases"] > 0


def test_every_code_that_we_know_has_a_seed() -> None:
    def first_bytes(target: str) -> set[int]:
        corpus = PythonTarget(f"osdp_{target}", fuzz_osdp.one_reply, "", "").seeds()
        return {seed[0] for seed in corpus if seed}

    assert {CommandCode.OUT, CommandCode.FILETRANSFER, CommandCode.KEYSET} <= first_bytes("command")
    assert {ReplyCode.RAW, ReplyCode.KEYPAD, ReplyCode.FTSTAT} <= first_bytes("reply")
    assert decode_command(b"\x60")
