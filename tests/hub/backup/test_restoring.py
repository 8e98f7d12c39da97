"""A backup that is put back is a new life of the hub, and opens nothing silently."""

from __future__ import annotations

import errno
import io
import json
import sqlite3
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.backup import restoring
from hub.backup.desk import BackupDesk, ask, socket_path
from hub.backup.repository import under_review
from hub.cli import main
from hub.clock import SystemClock
from hub.database.engine import open_database
from hub.link.tables import SessionState, controller_sessions
from hub.policy import hub_epoch
from hub.policy.desk import PolicyCounter
from hub.settings import FIRST_TOWN
from provisioning import enrolment, hub_keys
from provisioning.register import Register


@dataclass
class Installation:
    folder: Path
    run: object

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/hub.db"

    @property
    def keys(self) -> Path:
        return self.folder / "hub" / hub_keys.HUB_EPOCH

    def epoch(self) -> int:
        return hub_keys.load_hub_epoch(self.keys).hub_epoch

    def open(self):
        return open_database(self.url, FIRST_TOWN)

    def live(self) -> None:
        """The hub was started once: it took up its epoch."""
        db = self.open()
        db.write(lambda scope: hub_epoch.ensure(scope, hub_keys.load_hub_epoch(self.keys)))
        db.close()


@pytest.fixture
def installed(tmp_path, monkeypatch, capsys):
    """A hub with a user, that has lived in epoch 1."""
    now = datetime.now(UTC) - timedelta(seconds=5)
    register = Register.create(tmp_path / "ca", "Kagimori test authority", now, timedelta(days=10))
    enrolment.init_hub(register, tmp_path / "hub", now)
    (tmp_path / "hub.toml").write_text(
        f'directory = "hub"\n[database]\nurl = "sqlite:///{tmp_path}/hub.db"\n'
    )

    def run(*words, stdin=""):
        config = ["--config", str(tmp_path / "hub.toml")]
        monkeypatch.setattr(sys, "argv", ["kagimori-hub", *words, *config])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code
        told = capsys.readouterr()
        return code, told.out, told.err

    made = Installation(tmp_path, run)
    assert run("migrate")[0] == 0
    assert run("user", "add", "admin", "--role", "admin", stdin="correct horse battery\n")[0] == 0
    made.live()
    return made


def test_a_restore_begins_a_new_life_that_sends_no_policy_before_somebody_has_looked(installed):
    backup = installed.folder / "backup.db"
    code, out, _ = installed.run("backup", str(backup), "--json")
    assert (code, json.loads(out)["hub_epoch"]) == (0, 1)
    assert installed.run("user", "add", "late", stdin="correct horse battery\n")[0] == 0

    code, out, err = installed.run(
        "restore", str(backup), "--ca", str(installed.folder / "ca"), "--json"
    )
    assert code == 0, err
    found = json.loads(out)
    assert (found["hub_epoch"], installed.epoch()) == (2, 2)
    assert "retired PINs" in err
    with sqlite3.connect(found["set_aside"]) as aside:
        assert aside.execute("SELECT count(*) FROM users").fetchone() == (2,)
    aside.close()

    db = installed.open()
    with db.read() as scope:
        waiting = under_review(scope)
        assert waiting.hub_epoch == hub_epoch.number(scope) == 2
        assert PolicyCounter._released(scope, [object()]) == []
    db.close()
    assert installed.run("audit", "verify")[0] == 0
    code, out, _ = installed.run("restore", "--release", "--json")
    assert (code, json.loads(out)) == (0, {"released": 1})
    db = installed.open()
    with db.read() as scope:
        assert under_review(scope) is None
    db.close()


def test_a_life_that_was_lived_is_not_lived_again(installed):
    """Without a new hub epoch nothing is changed, and the remedy is named."""
    backup = installed.folder / "backup.db"
    assert installed.run("backup", str(backup))[0] == 0
    before = (installed.folder / "hub.db").read_bytes()
    code, _, err = installed.run("restore", str(backup))
    assert code == 1
    assert "kagimori-provision hub epoch" in err
    assert (installed.folder / "hub.db").read_bytes() == before


def test_no_hub_epoch_is_opened_twice_even_from_an_older_copy_of_the_keys(installed):
    first = installed.keys.read_bytes()
    register = Register.load(installed.folder / "ca")
    assert enrolment.open_next_epoch(register, installed.folder / "hub", datetime.now(UTC)) == 2
    installed.keys.write_bytes(first)
    assert enrolment.open_next_epoch(register, installed.folder / "hub", datetime.now(UTC)) == 3


def test_a_running_hub_is_asked_for_its_backup_and_refuses_to_be_replaced(installed):
    """Its database is its own: the backup comes out of its one writer."""
    db = installed.open()
    desk = BackupDesk(db, SystemClock())
    desk.start()
    backup = installed.folder / "backup.db"
    code, _, err = installed.run("backup", str(backup))
    assert code == 0, err
    assert backup.exists()
    code, _, err = installed.run("backup", str(backup))
    assert (code, "there already" in err) == (1, True)
    code, _, err = installed.run("restore", str(backup), "--ca", str(installed.folder / "ca"))
    assert (code, "open in another process" in err) == (1, True)
    assert installed.epoch() == 1, "no epoch is used up by a restore that did not happen"
    manifest = ask(installed.folder / "hub.db", installed.folder / "second.db")
    assert manifest.bytes == (installed.folder / "second.db").stat().st_size
    desk.stop()
    assert not socket_path(installed.folder / "hub.db").exists()
    db.close()


def test_logins_and_sessions_do_not_outlive_the_life_they_belonged_to(installed):
    db = installed.open()
    row = {
        "controller_id": "k7w2m9x4c1t8z5qa",
        "number": 1,
        "session": "ab" * 16,
        "state": SessionState.CURRENT,
        "boot_id": "b",
        "agent": "0",
        "epoch": 1,
        "last_seq": 1,
        "hub_epoch": 1,
        "policy_version": 1,
        "clock_state": "trusted",
        "greeted_at": datetime.now(UTC),
    }
    db.write(lambda scope: scope.insert(controller_sessions, row))
    db.close()
    register = Register.load(installed.folder / "ca")
    enrolment.open_next_epoch(register, installed.folder / "hub", datetime.now(UTC))
    code, out, err = installed.run("restore", "--in-place", "--json")
    assert code == 0, err
    assert json.loads(out)["sessions_ended"] == 1


@pytest.mark.parametrize("words", [(), ("x.db", "--in-place"), ("--in-place", "x.db")])
def test_bad_usage_is_exit_code_2(installed, words):
    assert installed.run("restore", *words)[0] == 2


def test_a_backup_of_another_file_or_a_broken_one_is_refused_by_name(installed):
    backup = installed.folder / "backup.db"
    assert installed.run("backup", str(backup))[0] == 0
    backup.write_bytes(backup.read_bytes()[:-100])
    code, _, err = installed.run("restore", str(backup), "--ca", str(installed.folder / "ca"))
    assert (code, "damaged" in err) == (1, True)
    assert installed.epoch() == 1


class PowerCutError(BaseException):
    """Ends the process where it stands."""


def _databases_of(installed):
    with sqlite3.connect(installed.folder / "hub.db") as connection:
        users = connection.execute("SELECT count(*) FROM users").fetchone()[0]
        waiting = connection.execute(
            "SELECT count(*) FROM restores WHERE released_at IS NULL"
        ).fetchone()[0]
    connection.close()
    return users, waiting


@pytest.mark.parametrize("step", ["migrate", "_new_epoch", "_begin_life", "_set_aside", "sync"])
def test_a_power_cut_leaves_what_was_there_or_a_life_that_sends_nothing_yet(
    installed, monkeypatch, step
):
    """An older state of the database must never stand there as if nothing had happened: a hub that
    starts by itself would send PINs that were cancelled since."""
    backup = installed.folder / "backup.db"
    assert installed.run("backup", str(backup))[0] == 0
    assert installed.run("user", "add", "late", stdin="correct horse battery\n")[0] == 0

    def cut(*_args, **_more):
        raise PowerCutError

    with monkeypatch.context() as power:
        power.setattr(restoring, "sync_folder" if step == "sync" else step, cut)
        with pytest.raises(PowerCutError):
            installed.run("restore", str(backup), "--ca", str(installed.folder / "ca"))
    users, waiting = _databases_of(installed)
    assert (users, waiting) == ((1, 1) if step == "sync" else (2, 0))
    assert installed.run("restore", str(backup), "--ca", str(installed.folder / "ca"))[0] == 0
    assert _databases_of(installed) == (1, 1)
    assert not list(installed.folder.glob("hub.db.incoming*"))


def test_a_full_disk_is_told_and_changes_nothing(installed, monkeypatch):
    backup = installed.folder / "backup.db"
    assert installed.run("backup", str(backup))[0] == 0
    before = (installed.folder / "hub.db").read_bytes()

    def full(_source, target):
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(restoring.shutil, "copyfile", full)
    code, _, err = installed.run("restore", str(backup), "--ca", str(installed.folder / "ca"))
    assert (code, "No space left" in err) == (1, True)
    assert (installed.folder / "hub.db").read_bytes() == before
    assert not list(installed.folder.glob("hub.db.incoming*"))
    assert installed.epoch() == 1


def test_the_hub_database_is_readable_for_the_owner_alone_after_a_restore(installed):
    backup = installed.folder / "backup.db"
    assert installed.run("backup", str(backup))[0] == 0
    assert installed.run("restore", str(backup), "--ca", str(installed.folder / "ca"))[0] == 0
    assert (installed.folder / "hub.db").stat().st_mode & 0o777 == 0o600
