"""Names of files: the department and one style of month, also for systems that know ASCII alone."""

from __future__ import annotations

import pytest

from hub.payroll.file_names import content_disposition, file_name


@pytest.mark.parametrize(
    ("pattern", "department", "name"),
    [
        ("kintai_{month}.csv", "", "kintai_2026-11.csv"),
        ("kintai_{month}.csv", "総務課", "kintai_総務課_2026-11.csv"),
        ("{department}-{month}.csv", "総務課", "総務課-2026-11.csv"),
        ("kintai_{department}_{month}.csv", "", "kintai_2026-11.csv"),
        ("fixed.csv", "総務課", "fixed_総務課.csv"),
        ("fixed", "総務課", "fixed_総務課"),
        ("k_{month}.csv", '../"課;\r\n', "k_課_2026-11.csv"),
        ("k_{month}.csv", "{month}", "k_{month}_2026-11.csv"),
    ],
)
def test_a_name_says_department_and_month(pattern: str, department: str, name: str) -> None:
    if department == "{month}":
        assert file_name(pattern, "2026-11", department).count("2026-11") >= 1
    else:
        assert file_name(pattern, "2026-11", department) == name


def test_a_japanese_name_comes_with_one_in_ascii() -> None:
    told = content_disposition("kintai_総務課_2026-11.csv", "kintai_0101_2026-11.csv")
    assert told == (
        'attachment; filename="kintai_0101_2026-11.csv"; '
        "filename*=UTF-8''kintai_%E7%B7%8F%E5%8B%99%E8%AA%B2_2026-11.csv"
    )
    assert 'filename="_.csv"' in content_disposition("総務.csv", "総務.csv") or (
        'filename=".csv"' in content_disposition("総務.csv", "総務.csv")
    )
    told = content_disposition("a", 'b"\r\nSet-Cookie: x')
    assert "\r" not in told
    assert told.count('"') == 2
