"""Files are tried and done line by line, idempotently; what cannot be done is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.happenings.repository import after
from hub.tabular.staged import ForgetStagedFiles
from hub.tabular.tables import staged_files


def test_a_file_of_windows_is_read_tried_and_done(desk: Any) -> None:
    """CP932 with ① ㈱ 髙, full-width digits, an era's year: tried without a trace, then done."""
    data = desk.file(desk.line("a-1"), desk.line("a-2", 開始="２０：３０", 終了="２４：００"))
    tried = desk.send(data, dry_run=True).json()
    assert tried["encoding"] == "cp932"
    assert tried["counts"] == {"made": 2}
    assert desk.booking("a-1") == {}
    with desk.hub.core.db.read() as scope:
        assert after(scope, 0, 10) == []
    assert [line[1] for line in desk.done(data)] == ["made", "made"]
    found = desk.booking("a-1")
    assert found["contact"]["name"] == "髙橋㈱①"
    assert found["contact"]["phone"] == "0123-45-6789"
    assert found["booked"]["starts_at"] == "2026-04-07T09:30:00Z"
    assert (found["state"], found["source"], found["paid"]) == ("confirmed", "csv", True)
    assert found["purpose"] == "バドミントン（12人）"
    assert desk.booking("a-2")["booked"]["ends_at"] == "2026-04-07T15:00:00Z"


def test_the_same_file_again_touches_nothing_and_a_changed_line_that_line_alone(desk: Any) -> None:
    data = desk.file(desk.line("a-1"), desk.line("a-2", 利用日="2026/4/8"))
    desk.done(data)
    with desk.hub.core.db.read() as scope:
        before = after(scope, 0, 100)
    assert [line[1] for line in desk.done(data)] == ["unchanged", "unchanged"]
    with desk.hub.core.db.read() as scope:
        assert after(scope, 0, 100) == before
    other = desk.file(desk.line("a-1"), desk.line("a-2", 利用日="2026/4/9"))
    assert [line[1] for line in desk.done(other, dry_run=True)] == ["unchanged", "changed"]
    assert [line[1] for line in desk.done(other)] == ["unchanged", "changed"]


def test_what_a_clerk_changed_is_not_changed_back_by_a_line_that_stayed(desk: Any) -> None:
    data = desk.file(desk.line("a-1"))
    desk.done(data)
    desk.client.put("/api/v1/bookings/a-1", json={"purpose": "卓球"})
    assert desk.done(data) == [("a-1", "unchanged", "")]
    assert desk.booking("a-1")["purpose"] == "卓球"


def test_a_file_knows_nothing_of_line_and_language_and_leaves_them(desk: Any) -> None:
    desk.done(desk.file(desk.line("a-1")))
    own = {"line": "U1", "language": "en", "email": "y@example.jp"}
    desk.client.put("/api/v1/bookings/a-1", json={"contact": own})
    before = desk.booking("a-1")["contact"]
    assert [line[1] for line in desk.done(desk.file(desk.line("a-1", 申請者="山田")))] == [
        "changed"
    ]
    assert desk.booking("a-1")["contact"] == before | {"name": "山田"} | own


def test_a_cancelled_line_cancels_and_one_that_never_was_does_nothing(desk: Any) -> None:
    desk.done(desk.file(desk.line("a-1")))
    data = desk.file(desk.line("a-1", 状態="取消"), desk.line("never", 状態="キャンセル"))
    assert desk.done(data, dry_run=True) == desk.done(data)
    assert desk.booking("a-1")["state"] == "cancelled"
    assert desk.booking("never") == {}
    assert [line[1] for line in desk.done(data)] == ["unchanged", "unchanged"]


def test_each_line_that_cannot_be_done_is_named_with_its_row_and_column(desk: Any) -> None:
    """And the others are done all the same."""
    rows = [
        desk.line("ok"),
        desk.line("x", 利用日="2026/2/30"),
        desk.line("y", 開始="25時99分"),
        desk.line("z", 施設名="知らない館"),
        desk.line(""),
        desk.line("ok", 利用日="2026/4/20"),
        desk.line("clash", 開始="19:00"),
        desk.line("back", 開始="21:00", 終了="20:00", 利用日="2026/4/30"),
        desk.line("old", 利用日="2025/4/7"),
        desk.line("many", 人数="たくさん", 利用日="2026/5/1"),
    ]
    expected = [
        ("ok", "made", ""),
        ("x", "refused", "bad_date"),
        ("y", "refused", "bad_time"),
        ("z", "refused", "facility_unmapped"),
        ("", "refused", "no_key"),
        ("ok", "refused", "key_twice"),
        ("clash", "refused", "double_booked"),
        ("back", "refused", "window_inverted"),
        ("old", "past", ""),
        ("many", "refused", "bad_people"),
    ]
    assert desk.done(desk.file(*rows), dry_run=True) == expected
    answer = desk.send(desk.file(*rows)).json()["lines"]
    assert [(each["key"], each["done"], each["code"]) for each in answer] == expected
    assert [each["row"] for each in answer] == list(range(2, 12))
    assert [each["column"] for each in answer[1:4]] == ["利用日", "開始", "施設名"]
    assert answer[1]["sentence"] == "日付として読めません"
    assert answer[6]["column"] == "開始"


def test_names_in_the_file_are_mapped_to_facilities(desk: Any) -> None:
    desk.set_profile(facilities={"Ｇｙｍ　Ａ": desk.halls[1]})
    desk.done(desk.file(desk.line("g", 施設名="Gym A")))
    assert desk.booking("g")["facility_id"] == desk.halls[1]


def test_broken_bytes_are_refused_loudly_with_their_place_and_nothing_is_done(desk: Any) -> None:
    data = desk.file(desk.line("a-1"), desk.line("a-2"))
    place = data.index("終了".encode("cp932")) and data.index(b"a-2")
    broken = data[:place] + b"\x82\xff" + data[place:]
    answer = desk.send(broken)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert (told["cause"], told["row"], told["column"]) == ("bad_bytes", 3, 1)
    assert desk.booking("a-1") == {}
    listed = desk.client.get("/api/v1/csv_imports").json()["items"]
    assert [each["state"] for each in listed] == ["failed"]


def test_a_tried_file_is_done_by_its_hash_until_it_expires(desk: Any, clock: Any) -> None:
    data = desk.file(desk.line("a-1"))
    sha = desk.send(data, dry_run=True).json()["sha256"]
    form = {"profile_id": desk.profile, "sha256": sha}
    path = "/api/v1/csv_imports?dry_run=false"
    assert desk.client.post(path, data=form).json()["counts"] == {"made": 1}
    assert desk.client.post(path, data=form).status_code == 404
    desk.send(data, dry_run=True)
    clock.advance(timedelta(minutes=31))
    assert desk.client.post(path, data=form).status_code == 404


def test_a_tried_file_that_nobody_does_is_forgotten_once_its_time_is_over(
    desk: Any, clock: Any
) -> None:
    """It holds names and telephone numbers; no later upload has to come for that."""
    desk.send(desk.file(desk.line("a-1")), dry_run=True)
    db, chore = desk.hub.core.db, ForgetStagedFiles(clock)
    with db.read() as scope:
        assert not chore.is_due(scope)
    clock.advance(timedelta(minutes=31))
    with db.read() as scope:
        assert chore.is_due(scope)
    db.write(chore.run)
    with db.read() as scope:
        assert scope.all(scope.select(staged_files)) == []
        assert not chore.is_due(scope)


# --- complete files ------------------------------------------------------------------------------


@pytest.fixture
def ten(desk: Any) -> Any:
    """Ten bookings of a complete file."""
    desk.set_profile(complete=True, complete_days=30)
    days = [desk.line(f"k{n}", 利用日=f"2026/4/{10 + n}") for n in range(10)]
    desk.done(desk.file(*days))
    return days


def test_a_missing_line_cancels_only_where_the_file_is_complete(desk: Any, ten: Any) -> None:
    desk.set_profile(complete=False)
    assert {line[1] for line in desk.done(desk.file(*ten[1:]))} == {"unchanged"}
    desk.set_profile(complete=True)
    assert desk.done(desk.file(*ten[1:]), dry_run=True)[-1] == ("k0", "missing", "")
    assert desk.booking("k0")["state"] == "confirmed"
    assert desk.done(desk.file(*ten[1:]))[-1] == ("k0", "missing", "")
    assert desk.booking("k0")["state"] == "cancelled"


def test_a_file_that_shrank_cancels_nothing_until_somebody_confirms(desk: Any, ten: Any) -> None:
    """More than 30 %: also an empty file, which is what a failed export looks like."""
    answer = desk.send(desk.file(*ten[4:])).json()
    assert answer["missing_held"]
    assert all(desk.booking(f"k{n}")["state"] == "confirmed" for n in range(10))
    path = f"/api/v1/csv_imports/{answer['import_id']}/confirm"
    confirmed = desk.client.post(path)
    assert confirmed.status_code == 200, confirmed.text
    assert [desk.booking(f"k{n}")["state"] for n in (0, 3, 4)] == [
        "cancelled",
        "cancelled",
        "confirmed",
    ]
    assert desk.client.post(path).status_code == 409
    assert desk.send(desk.file()).json()["missing_held"]


def test_a_file_that_ends_within_a_line_cancels_nothing_unasked(desk: Any, ten: Any) -> None:
    """Its transfer may have stopped there: in a folder it stands still like one that is whole."""
    whole = desk.file(*ten)
    cut = whole[: whole.index(b"k9") + 20]
    asked = desk.send(cut[: cut.index(b"k9") - 2]).json()
    assert asked["missing_held"]
    assert desk.booking("k9")["state"] == "confirmed"
    assert desk.done(desk.file(*ten[:9]))[-1] == ("k9", "missing", "")
    assert desk.booking("k9")["state"] == "cancelled"


def test_exactly_three_of_ten_may_go(desk: Any, ten: Any) -> None:
    assert not desk.send(desk.file(*ten[3:])).json()["missing_held"]
    assert desk.booking("k2")["state"] == "cancelled"


def test_a_newer_file_makes_an_older_confirmation_void(desk: Any, ten: Any) -> None:
    held = desk.send(desk.file(*ten[5:])).json()["import_id"]
    desk.done(desk.file(*ten))
    assert desk.client.post(f"/api/v1/csv_imports/{held}/confirm").status_code == 409
    assert desk.booking("k0")["state"] == "confirmed"


def test_a_line_without_a_key_keeps_everything(desk: Any, ten: Any) -> None:
    """It may be the one that seems to be missing. A line refused for another reason is there."""
    answer = desk.send(desk.file(desk.line(""), *ten[1:])).json()
    assert answer["missing_unsafe"]
    assert desk.booking("k0")["state"] == "confirmed"
    unreadable = desk.line("k0", 利用日="?")
    desk.done(desk.file(unreadable, *ten[1:]))
    assert desk.booking("k0")["state"] == "confirmed"


def test_what_lies_beyond_the_files_days_is_not_missing(desk: Any, ten: Any) -> None:
    far = desk.line("far", 利用日="2026/9/1")
    desk.done(desk.file(*ten, far))
    desk.done(desk.file(*ten))
    assert desk.booking("far")["state"] == "confirmed"


# --- profiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"columns": {"key": ["a"]}},
        {"columns": {"start": ["a"], "end": ["b"]}},
        {"delimiter": '"'},
        {"header_row": 0},
        {"facility": "nowhere"},
        {"name": "../etc"},
        {"encoding": "latin-1"},
        {"columns": {"colour": ["a"]}},
        {"name": "a\x00b"},
    ],
)
def test_profiles_of_which_nothing_could_come_are_refused(desk: Any, changed: Any) -> None:
    answer = desk.client.post("/api/v1/csv_profiles", json=desk.body | {"name": "b"} | changed)
    assert answer.status_code == 422, answer.text


def test_profiles_are_listed_changed_and_removed(desk: Any) -> None:
    path = f"/api/v1/csv_profiles/{desk.profile}"
    assert desk.client.post("/api/v1/csv_profiles", json=desk.body).status_code == 409
    assert desk.client.get(path).json()["shape"]["columns"]["key"] == ["予約番号"]
    desk.done(desk.file(desk.line("a-1")))
    assert desk.client.delete(path).status_code == 204
    assert desk.client.get(path).status_code == 404
    assert desk.booking("a-1")["state"] == "confirmed"
