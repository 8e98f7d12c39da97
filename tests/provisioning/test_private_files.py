"""Files of keys: whole or not at all, and for their owner alone."""

from __future__ import annotations

import os
import stat

import pytest

from provisioning.errors import ProvisioningError
from provisioning.private_files import read_private, write_file


def test_a_file_of_keys_is_for_its_owner_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        write_file(tmp_path / "key", b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert read_private(tmp_path / "key") == b"secret"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o601, 0o777])
def test_a_file_others_may_touch_is_refused_by_name_with_the_remedy(tmp_path, mode):
    path = tmp_path / "key"
    write_file(path, b"secret")
    path.chmod(mode)
    with pytest.raises(ProvisioningError, match=f"chmod 600 {path}"):
        read_private(path)


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    write_file(tmp_path / "key", b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(tmp_path / "key", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert (tmp_path / "key").read_bytes() == b"old"


def test_what_is_missing_or_no_file_is_named(tmp_path):
    with pytest.raises(ProvisioningError, match="missing"):
        read_private(tmp_path / "missing")
    with pytest.raises(ProvisioningError):
        read_private(tmp_path)
