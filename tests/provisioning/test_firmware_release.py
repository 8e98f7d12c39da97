"""`kagimori-provision firmware`: the release key and what it signs."""

from __future__ import annotations

import json
import stat
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware_bridge.keybox.images import read_image
from provisioning import cli


@pytest.fixture
def call(capsys, monkeypatch):
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kagimori-provision", "firmware", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def sign(call, tmp_path, **changed: object) -> tuple[int, str, str]:
    options = {"kind": "key_box", "version": 3, "rollback": 2, "out": tmp_path / "box.kfw"}
    options |= {"key": tmp_path / "keys" / "firmware-release.pem"} | changed
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return call("sign", tmp_path / "keybox.bin", *words, "--json")


@pytest.fixture
def public(call, tmp_path) -> str:
    (tmp_path / "keybox.bin").write_bytes(b"image" * 100)
    code, out, err = call("key", "--out", tmp_path / "keys", "--json")
    assert code == 0
    assert "offline" in err
    return json.loads(out)["public"]


def test_a_signed_image_carries_what_was_asked_for(call, tmp_path, public) -> None:
    code, out, _ = sign(call, tmp_path)
    assert (code, json.loads(out)["bytes"]) == (0, 612)
    made = read_image((tmp_path / "box.kfw").read_bytes())
    assert (made.header.kind, made.header.firmware, made.header.rollback) == (1, 3, 2)
    made.check_signature(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)))


def test_the_private_key_is_its_owners_alone_and_the_public_one_everybodys(tmp_path, public):
    private = tmp_path / "keys" / "firmware-release.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert (tmp_path / "keys" / "firmware-release.pub").read_text() == public + "\n"


def test_no_key_and_no_image_is_ever_overwritten(call, tmp_path, public):
    assert call("key", "--out", tmp_path / "keys")[0] == 1
    assert sign(call, tmp_path)[0] == 0
    assert sign(call, tmp_path)[0] == 1


@pytest.mark.parametrize("changed", [{"kind": "door"}, {"version": 2**32}])
def test_what_no_header_can_say_is_refused(call, tmp_path, public, changed):
    code, _, err = sign(call, tmp_path, **changed)
    assert code == 1
    assert "cannot be released" in err
    assert not (tmp_path / "box.kfw").exists()


def test_an_empty_image_is_refused(call, tmp_path, public):
    (tmp_path / "keybox.bin").write_bytes(b"")
    assert sign(call, tmp_path)[0] == 1
