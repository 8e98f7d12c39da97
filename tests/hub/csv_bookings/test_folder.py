"""Files that are dropped into a folder: picked up whole, done once, laid away with their report."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.csv_bookings.folder import CsvFolder
from hub.csv_bookings.settings import CsvSettings
from hub.happenings.repository import after

_SECOND = timedelta(seconds=1)


class Drop:
    """The folder, and the job's looks at it."""

    def __init__(self, desk: Any, folder: Path) -> None:
        self.desk, self.folder, self.place = desk, folder, folder / "町の予約"
        self.place.mkdir()
        self.begin()

    def begin(self) -> None:
        """A job of a hub that was just started."""
        settings = CsvSettings(folder=self.folder, max_bytes=64 * 1024)
        self.job = CsvFolder(self.desk.service, settings, self.desk.hub.core.clock)

    def put(self, data: bytes, name: str = "a.csv") -> Path:
        path = self.place / name
        path.write_bytes(data)
        return path

    def look(self, times: int = 2) -> None:
        for _ in range(times):
            self.desk.hub.core.clock.advance(_SECOND)
            self.job.run()

    def lies_in(self, where: str) -> list[str]:
        found = self.place / where
        return (
            sorted(each.name.partition("-")[2] for each in found.iterdir())
            if found.is_dir()
            else []
        )

    def report(self, where: str) -> str:
        (path,) = (self.place / where).glob("*.report.csv")
        return path.read_text(encoding="utf-8-sig")


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def drop(desk: Any, tmp_path: Path) -> Drop:
    """An empty folder with the profile's subfolder."""
    return Drop(desk, tmp_path)


def test_a_file_is_picked_up_once_it_stands_still_and_laid_away_with_its_report(drop: Drop) -> None:
    path = drop.put(drop.desk.file(drop.desk.line("a-1"), drop.desk.line("", 利用日="x")))
    drop.look(1)
    assert path.exists()
    path.write_bytes(drop.desk.file(drop.desk.line("a-1"), drop.desk.line("a-2", 利用日="x")))
    drop.look(1)
    assert path.exists(), "it had grown since the look before"
    drop.look(1)
    assert not path.exists()
    assert drop.lies_in("done") == ["a.csv", "a.report.csv"]
    assert drop.report("done").splitlines() == [
        "行,予約番号,結果,列,理由",
        "2,a-1,新規,,",
        "3,a-2,エラー,利用日,日付として読めません",
    ]
    assert drop.desk.booking("a-1")["source"] == "csv"


def test_one_that_is_still_being_written_is_left_until_it_has_its_name(drop: Drop) -> None:
    data = drop.desk.file(drop.desk.line("a-1"))
    for name in ("a.csv.tmp", "a.csv.part", ".a.csv"):
        path = drop.put(data, name)
        drop.look(3)
        assert path.exists()
    path.rename(drop.place / "a.csv")
    drop.look()
    assert drop.lies_in("done") == ["a.csv", "a.report.csv"]


def test_a_file_that_cannot_be_read_is_laid_apart_with_its_place(drop: Drop) -> None:
    drop.put(drop.desk.file(drop.desk.line("a-1")) + b"\x82\xff")
    drop.look()
    assert drop.lies_in("failed") == ["a.csv", "a.report.csv"]
    assert "文字として読めない" in drop.report("failed")
    assert "4 行目 1 文字目" in drop.report("failed")
    assert drop.desk.booking("a-1") == {}


def test_one_that_is_too_large_is_laid_apart_unread(drop: Drop) -> None:
    drop.put(b"x" * 70_000)
    drop.look()
    assert drop.lies_in("failed") == ["a.csv", "a.report.csv"]


def test_the_same_content_again_does_nothing_but_an_older_file_is_done_again(drop: Drop) -> None:
    first = drop.desk.file(drop.desk.line("a-1", 目的="卓球"))
    second = drop.desk.file(drop.desk.line("a-1", 目的="茶道"))
    drop.put(first)
    drop.look()
    drop.put(first, "again.csv")
    drop.look()
    with drop.desk.hub.core.db.read() as scope:
        told = len(after(scope, 0, 100))
    imports = drop.desk.client.get("/api/v1/csv_imports").json()["items"]
    assert len(imports) == 1
    for data, purpose in ((second, "茶道"), (first, "卓球")):
        drop.put(data, f"{purpose}.csv")
        drop.look()
        assert drop.desk.booking("a-1")["purpose"].startswith(purpose)
    assert told == 1
    assert not list(drop.place.glob("*.csv"))


def test_killed_in_the_middle_it_does_the_rest_and_nothing_twice(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [drop.desk.line(f"a-{n}", 利用日=f"2026/4/{10 + n}") for n in range(4)]
    drop.put(drop.desk.file(*lines))
    drop.look(1)
    importer = drop.desk.service._importer
    do, left = importer._do, [2]

    def until_killed(*arguments: Any) -> Any:
        if not left[0]:
            raise SystemExit("killed")
        left[0] -= 1
        return do(*arguments)

    monkeypatch.setattr(importer, "_do", until_killed)
    with pytest.raises(SystemExit):
        drop.look(1)
    assert [bool(drop.desk.booking(f"a-{n}")) for n in range(4)] == [True, True, False, False]
    monkeypatch.setattr(importer, "_do", do)
    drop.begin()
    drop.look()
    assert drop.lies_in("done") == ["a.csv", "a.report.csv"]
    ends = [line.split(",")[2] for line in drop.report("done").splitlines()[1:]]
    assert ends == ["変更なし", "変更なし", "新規", "新規"]
    with drop.desk.hub.core.db.read() as scope:
        assert len(after(scope, 0, 100)) == 4


def test_links_and_names_that_lead_elsewhere_are_never_followed(drop: Drop, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(drop.desk.file(drop.desk.line("stolen")))
    (drop.place / "link.csv").symlink_to(secret)
    os.mkfifo(drop.place / "pipe.csv")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.csv").write_bytes(secret.read_bytes())
    drop.desk.profile = ""
    drop.desk.set_profile(name="よそ")
    (tmp_path / "よそ").symlink_to(elsewhere)
    drop.look(3)
    assert drop.desk.booking("stolen") == {}
    assert secret.exists()
    assert (elsewhere / "b.csv").exists()


def test_a_link_put_in_a_files_place_between_two_looks_is_not_read(
    drop: Drop, tmp_path: Path
) -> None:
    data = drop.desk.file(drop.desk.line("a-1"))
    path = drop.put(data)
    drop.look(1)
    other = tmp_path / "other.csv"
    path.rename(other)
    path.symlink_to(other)
    drop.look()
    assert drop.desk.booking("a-1") == {}


def test_a_folder_of_no_profile_and_no_folder_at_all_are_left_alone(drop: Drop) -> None:
    stray = drop.folder / "stray"
    stray.mkdir()
    (stray / "a.csv").write_bytes(b"x")
    drop.look()
    assert (stray / "a.csv").exists()
    CsvFolder(drop.desk.service, CsvSettings(), drop.desk.hub.core.clock).run()


def test_a_name_in_another_encoding_is_no_hindrance(drop: Drop) -> None:
    """As a file server brings it from Windows: its bytes are no UTF-8. The others are done too."""
    name = os.fsdecode("四月.csv".encode("cp932"))
    drop.put(drop.desk.file(drop.desk.line("a-1")), name)
    drop.put(drop.desk.file(drop.desk.line("a-2", 利用日="2026/4/9")), "z.csv")
    drop.look()
    assert bool(drop.desk.booking("a-1"))
    assert bool(drop.desk.booking("a-2"))
    listed = drop.desk.client.get("/api/v1/csv_imports").json()["items"]
    assert {each["file_name"].rpartition(".")[2] for each in listed} == {"csv"}
    assert len(drop.lies_in("done")) == 4


def test_files_that_cannot_be_moved_are_done_once_and_hold_up_nobody(drop: Drop) -> None:
    """Two of a complete profile would otherwise cancel each other's bookings every few seconds."""
    drop.desk.set_profile(complete=True)
    (drop.place / "done").symlink_to(drop.folder.parent)
    days = [drop.desk.line(f"k{n}", 利用日=f"2026/4/{10 + n}") for n in range(5)]
    os.utime(drop.put(drop.desk.file(*days), "a.csv"), ns=(1, 1))
    os.utime(drop.put(drop.desk.file(*days[1:]), "b.csv"), ns=(2, 2))
    drop.look(3)
    with drop.desk.hub.core.db.read() as scope:
        told = after(scope, 0, 1000)
    drop.look(4)
    with drop.desk.hub.core.db.read() as scope:
        assert after(scope, 0, 1000) == told
    assert drop.desk.booking("k0")["state"] == "cancelled"
    (drop.place / "done").unlink()
    drop.put(drop.desk.file(*days), "c.csv")
    drop.look()
    assert drop.lies_in("done") == ["c.csv", "c.report.csv"]


def test_a_file_that_breaks_something_holds_up_no_other(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = drop.desk.service.run

    def breaking(who: Any, profile_id: str, name: str, *arguments: Any, **more: Any) -> Any:
        if name == "a.csv":
            raise RuntimeError("broken")
        return run(who, profile_id, name, *arguments, **more)

    monkeypatch.setattr(drop.desk.service, "run", breaking)
    drop.put(drop.desk.file(drop.desk.line("a-1")), "a.csv")
    drop.put(drop.desk.file(drop.desk.line("a-2", 利用日="2026/4/9")), "b.csv")
    drop.look(3)
    assert drop.lies_in("done") == ["b.csv", "b.report.csv"]
    assert bool(drop.desk.booking("a-2"))
