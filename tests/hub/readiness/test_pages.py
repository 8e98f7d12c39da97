"""The board of tomorrow and the figures, as people see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

HTML = {"Accept": "text/html"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def page(hall: Any, path: str = "/tomorrow") -> str:
    answer = hall.client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_what_somebody_must_see_to_stands_above_what_is_ready(hall: Any) -> None:
    hall.book("ready", start_h=3)
    hall.prove()
    late = hall.book("late", start_h=9)
    hall.pass_time(hours=7, minutes=55)
    text = page(hall)
    assert "1 件のうち 0 件の準備ができています。" in text
    assert "対応が必要な予約が 1 件あります" in text
    assert f"/bookings/{late}" in text
    assert "解錠してください" in text
    assert page(hall, "/tomorrow/live").count("<html") == 0


def test_a_calm_day_says_so_in_each_language(hall: Any) -> None:
    assert "今日と明日の予約はありません。" in page(hall)
    hall.book()
    hall.prove()
    assert "1 件すべての準備ができています。" in page(hall)
    assert "All 1 bookings are ready." in page(hall, "/tomorrow?lang=en")
    assert "用意（ようい）できました" in page(hall, "/tomorrow?lang=ja-easy")


def test_figures_show_the_hit_rate_never_rounded_up(hall: Any) -> None:
    from hub.pages.views.readiness import _rate_row
    from hub.readiness.figures import Rate

    hall.book()
    hall.prove()
    hall.pass_time(hours=9)
    text = page(hall, "/tomorrow/figures")
    assert "100 %" in text
    assert "<rect" in text
    words = type("W", (), {"t": staticmethod(lambda *_, **__: "")})()
    assert _rate_row("", Rate(99_999, 1), words).share == "99.99 %"  # type: ignore[arg-type]
    bad = hall.client.get("/tomorrow/figures?from=2026-05-01&to=2026-04-01", headers=HTML)
    assert bad.status_code == 422


def test_figures_are_public_only_where_the_town_says_so(hall: Any, app: Any) -> None:
    del hall.client.headers["Authorization"]
    assert hall.client.get("/figures", headers=HTML).status_code == 404
    service = hall.service
    service._settings = service._settings.model_copy(update={"publish_figures": True})
    hall.pass_time(hours=1)
    text = page(hall, "/figures")
    assert "個人の情報は含みません" in text
    assert hall.site not in text


def test_a_clerk_of_another_site_sees_nothing_of_it(hall: Any) -> None:
    from datetime import date

    from hub.web.rights import SYSTEM

    hall.book()
    elsewhere = replace(SYSTEM, sites=frozenset({"other"}))
    assert hall.service.board(elsewhere, date(2026, 4, 6), date(2026, 4, 7)) == ()
    assert len(hall.service.board(SYSTEM, date(2026, 4, 6), date(2026, 4, 7))) == 1
