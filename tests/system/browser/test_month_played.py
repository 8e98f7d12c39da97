"""A month is played through the browser: tap, forget a punch, apply, approve, close, export.

November 2026 of 山田 花子: 19 weekdays that are no holiday, of them one of leave; one evening of
overtime, one Saturday of work, one evening on which she forgets to clock out. 佐藤 恵 leads her
department, 鈴木 一郎 closes its month.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from selenium.webdriver.support.select import Select

from edge.drivers.virtual import VirtualDriver
from edge.running_clock import running_ns
from hub.link.wiring import LinkWorker
from tests.system.browser.month_desk import DESK, PHONE, Desk
from tests.system.browser.month_town import MonthTown, MovedTime, enrol, hub_at

pytestmark = pytest.mark.browser
KIOSK = 800, 480
HOLIDAYS = (3, 23)
OVERTIME, LEAVE, SATURDAY, FORGOTTEN, LAST = 10, 13, 14, 18, 30

SIGNED = (
    # 18 weekdays of 465 minutes less breaks are 8,370; the Saturday makes the 19th day.
    "勤務日数\n19",
    "正規の勤務時間\n139:30",
    # 17:15 to 20:35 are 200 minutes: 3 h 20, and the 20 are dropped.
    "時間外勤務 125/100\n3:00（実時間 3:20）",
    # 9:00 to 11:20 are 140 minutes: 2 h 20.
    "週休日勤務 135/100\n2:00（実時間 2:20）",
    "休暇\n7:45",
    "欠勤時間\n0:00",
)

FILES = {
    "monthly-classes": "kintai_生涯学習課_2026-11.csv",
    "daily": "kintai_nichibetsu_生涯学習課_2026-11.csv",
    "workbook": "shukkinbo_生涯学習課_2026-11.xlsx",
}
MONTHLY = {
    "氏名": "山田 花子",
    "所属コード": "0103",
    "勤務日数": "19",
    "125/100": "3",
    "135/100（週休日）": "2",
    "150/100（深夜）": "0",
    "休日勤務135/100": "0",
}
DAILY = {
    "2026/11/10": {"出勤": "08:21", "退勤": "20:35", "正規勤務": "7:45", "時間外": "3:20"},
    "2026/11/13": {"出勤": "", "正規勤務": "0:00", "休暇": "7:45"},
    "2026/11/14": {"日区分": "週休日", "出勤": "08:52", "時間外": "0:00"},
    "2026/11/18": {"出勤": "08:21", "退勤": "17:20", "正規勤務": "7:45"},
}
BOOK = {
    "勤務日数": 19,
    "休暇": dt.timedelta(minutes=465),
    "時間外勤務": dt.timedelta(hours=3),
    "週休日勤務": dt.timedelta(hours=2),
}


def november(day: int) -> dt.date:
    return dt.date(2026, 11, day)


def working_days(first: int, last: int) -> list[int]:
    days = range(first, last + 1)
    return [day for day in days if november(day).weekday() < 5 and day not in HOLIDAYS]


@pytest.fixture
def office(
    tls_files: tuple[Path, Path], serve_hub: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MonthTown]:
    """The hub, serving, and its terminal, switched on."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with ExitStack() as last_first, tempfile.TemporaryDirectory(prefix="kgm-", dir=memory) as made:
        folder, time = Path(made), MovedTime()
        monkeypatch.setattr(running_ns, "_slept_ns", 0)
        monkeypatch.setattr(running_ns, "_read", time.read)
        controller = enrol(folder)
        listener = socket.create_server(("127.0.0.1", 0))
        hub = hub_at(folder, tls_files, listener, time)
        last_first.callback(hub.core.db.close)
        for worker in hub.workers:
            # All but the link: what comes from the terminal is put in by `deliver`.
            if not isinstance(worker, LinkWorker):
                worker.start()
                last_first.callback(worker.stop)
        last_first.enter_context(serve_hub(hub, listener))
        town = MonthTown(hub, folder, time, controller, VirtualDriver())
        last_first.callback(town.stop)
        town.furnish()
        town.install()
        yield town
        last_first.close()


def december(day: int) -> dt.date:
    return dt.date(2026, 12, day)


class Played:
    """The month, one stage after another."""

    def __init__(self, town: MonthTown, screen: Any) -> None:
        self.town = town
        self.desk = Desk(screen, town.hub.core.settings.public_url)

    def at_the_kiosk(self, day: int) -> None:
        """A day before the terminal's screen: by keyboard in the morning, by touch at night."""
        town, desk = self.town, self.desk
        desk.screen.size(*KIOSK)
        town.move(november(day), "8:21")
        desk.driver.get(town.page)
        desk.sees("ボタンを選んで")
        desk.screen.find("body").send_keys("1")
        desk.sees("「出勤」を選びました")
        town.card("hanako")
        desk.sees("山田", "出勤を記録しました", "8:21")
        desk.picture("kiosk-in")
        town.move(november(day), "8:25")
        desk.sees("ボタンを選んで")
        town.card("megumi")  # before any key: she is asked
        desk.sees("佐藤", "どれですか")
        desk.screen.find("[data-direction=in]").click()
        desk.sees("出勤を記録しました")
        assert "山田" not in desk.main()
        self.leave_at_the_kiosk(day, "17:22")
        town.move(november(day), "17:31")
        town.tap("megumi", "out")

    def leave_at_the_kiosk(self, day: int, clock: str) -> None:
        """By touch; the page says when, and what else she punched that day."""
        town, desk = self.town, self.desk
        desk.screen.size(*KIOSK)
        town.move(november(day), clock)
        desk.driver.get(town.page)
        desk.sees("ボタンを選んで")
        desk.screen.find("[data-direction=out]").click()
        desk.sees("「退勤」を選びました")
        town.card("hanako")
        desk.sees("山田", "退勤を記録しました", clock, "8:21")
        desk.picture("kiosk-out")

    def at_the_reader(self, day: int) -> None:
        """A day without a look at the screen."""
        town, date = self.town, november(day)
        town.move(date, "8:21")
        if day != LEAVE:
            town.tap("hanako", "in")
        town.move(date, "8:25")
        town.tap("megumi", "in")
        town.move(date, "17:31")
        town.tap("megumi", "out")
        if day not in (OVERTIME, LEAVE, FORGOTTEN):
            town.move(date, "17:35")
            town.tap("hanako", "out")

    def apply(self, kind: str, **fields: str) -> None:
        """From one's own applications, by the links that are there."""
        desk = self.desk
        desk.menu("/my/applications")
        desk.follow("新しい申請", "main")
        desk.follow(kind, "main")
        desk.fill(**fields)
        desk.picture(f"apply-{kind}")
        assert desk.judged() == []
        desk.press("提出する")
        desk.sees("承認待ち")
        assert not desk.reaches_out()

    def approve(self, count: int) -> None:
        """The head approves all that wait for her."""
        desk = self.desk
        desk.come("megumi", PHONE)
        desk.menu("/approvals")
        boxes = desk.driver.find_elements("css selector", "main input[name=chosen]")
        assert len(boxes) == count
        for box in boxes:
            box.send_keys(" ")
            assert box.is_selected()
        desk.picture("approvals")
        assert desk.judged() == []
        desk.press("影響を確かめて承認へ進む")
        desk.sees("承認の確認", "まだ承認していません")
        desk.picture("approvals-confirm")
        assert desk.judged() == []
        desk.press(f"{count} 件を承認する")
        desk.sees(f"{count} 件を承認しました")

    # --- the month's days ------------------------------------------------------------------------

    def until_the_ninth(self) -> None:
        """She taps; then applies for an evening, a Saturday and a day of leave; the head approves
        all three at once."""
        town, desk = self.town, self.desk
        self.at_the_kiosk(2)
        for day in working_days(4, 9):
            self.at_the_reader(day)
        town.deliver()
        town.move(november(9), "17:40")
        desk.come("hanako", PHONE)
        desk.picture("home")
        evening = {"first": "2026-11-10", "from1": "17:15", "until1": "20:45"}
        self.apply("時間外勤務", **evening, reason="文化祭の準備")
        saturday = {"first": "2026-11-14", "from1": "9:00", "until1": "11:30"}
        self.apply("休日勤務", **saturday, reason="文化祭の当日")
        self.apply("休暇", leave_kind="年次有給休暇", first="2026-11-13")
        for path in ("/my/applications/new", "/leave", "/delegations", "/my/applications"):
            desk.open(path)
            desk.picture(path.strip("/").replace("/", "-"))
            assert desk.judged() == [], path
        self.approve(3)

    def until_the_end(self) -> None:
        """She works the evening and the Saturday, is away on the 13th, forgets to clock out on the
        18th, and applies for half an hour of the last evening."""
        town, desk = self.town, self.desk
        self.at_the_reader(OVERTIME)
        self.leave_at_the_kiosk(OVERTIME, "20:35")
        for day in working_days(11, 13):
            self.at_the_reader(day)
        town.move(november(SATURDAY), "8:52")
        town.tap("hanako", "in")
        town.move(november(SATURDAY), "11:20")
        town.tap("hanako", "out")
        for day in working_days(16, 27):
            self.at_the_reader(day)
        town.deliver()
        town.move(november(27), "17:40")
        desk.come("hanako", PHONE)
        late = {"first": "2026-11-30", "from1": "17:15", "until1": "17:40"}
        self.apply("時間外勤務", **late, reason="鍵の点検")
        self.approve(1)
        self.the_last_day()

    def the_last_day(self) -> None:
        """Everybody goes at 17:15. Then the terminal's line is cut, and she comes back for the half
        hour: the terminal keeps both taps, and the hub knows nothing of them."""
        town, date = self.town, november(LAST)
        town.move(date, "8:21")
        town.tap("hanako", "in")
        town.tap("megumi", "in")
        town.move(date, "17:15")
        town.tap("hanako", "out")
        town.tap("megumi", "out")
        town.deliver()
        town.move(date, "17:17")
        town.tap("hanako", "in")
        town.move(date, "17:45")
        town.tap("hanako", "out")

    # --- the next month --------------------------------------------------------------------------

    def correct_the_forgotten_punch(self) -> None:
        """The page says what is missing, and leads to the form; the head approves."""
        town, desk = self.town, self.desk
        town.move(december(1), "9:00")
        desk.come("hanako", PHONE)
        desk.menu("/my/month")
        desk.sees("2026年12月")
        desk.follow("2026年11月", "main")
        desk.sees("確認や申請が必要な日", "11月18日（水）", "打刻が足りません")
        desk.picture("my-month-missing")
        assert not desk.reaches_out()
        desk.follow("打刻の訂正を申請", "main")
        assert desk.screen.find("form.fields [name=first]").get_property("value") == "2026-11-18"
        assert "退勤" in desk.screen.find("[name=direction] option:checked").text
        desk.fill(time="17:20", cause="打刻忘れ", reason="急いでいたため")
        desk.picture("correct")
        assert desk.judged() == []
        desk.press("提出する")
        desk.sees("承認待ち")
        self.approve(1)
        desk.come("hanako", PHONE)
        desk.meets("/my/month?month=2026-11", "8:21–17:20")
        assert "確認や申請が必要な日" not in desk.main()
        desk.picture("my-month")

    def sign_and_close(self) -> None:
        """Personnel sees who has not signed; they sign; the month is closed."""
        desk, path = self.desk, f"/closing/2026-11/{self.town.ids['office']}"
        desk.come("ichiro", DESK)
        desk.menu("/closing")
        desk.sees("2026年11月", "生涯学習課", "本人が未確認")
        desk.picture("closing-overview")
        desk.follow("生涯学習課", "main")
        assert desk.at() == path
        desk.sees("本人が未確認 山田 花子", "本人が未確認 佐藤 恵", "所属長が未確認")
        desk.picture("closing-blocked")
        desk.come("hanako", PHONE)
        desk.open("/my/month?month=2026-11")
        desk.follow("自分の月の確認", "main")
        desk.sees(*SIGNED)
        desk.picture("sign-hanako")
        desk.press("この内容で確認する")
        desk.sees("確認済み")
        desk.come("megumi", PHONE)
        desk.menu("/closing/mine")
        desk.press("この内容で確認する")
        desk.sees("確認済み")
        desk.open(path)
        desk.press("所属長として確認する")
        desk.picture("sign-department")
        desk.come("ichiro", DESK)
        desk.open(path)
        desk.sees("未処理のものはありません")
        desk.screen.find("[name=sure]").send_keys(" ")
        desk.press("この月を締める")
        desk.sees("締め済み")
        desk.picture("closed")

    # --- out -------------------------------------------------------------------------------------

    def hand_out(self, place: str) -> dict[str, Path]:
        """Personnel takes the department's files of the month from the page."""
        desk, folder = self.desk, self.town.folder / place
        folder.mkdir()
        desk.come("ichiro", DESK)
        desk.menu("/payroll")
        desk.sees("2026年11月")
        Select(desk.screen.find("#department")).select_by_visible_text("生涯学習課")
        desk.press("表示")
        desk.picture("payroll")
        saved = {}
        for what, name in FILES.items():
            link = desk.screen.find(f"main a.button[href*='/files/{what}?']:not([href*=draft])")
            assert link.text == "出力する"
            saved[what] = desk.save(link, name, folder)
        desk.open("/payroll?month=2026-11")
        desk.sees("出力の記録", "12月")
        desk.picture("handed-out")
        return saved

    def read_again(self, saved: dict[str, Path]) -> None:
        """What was worked out by hand stands in the files, whoever reads them."""
        kept = pd.read_csv(saved["monthly-classes"], encoding="cp932", dtype=str)
        [hanako] = kept[kept["職員番号"] == "00010427"].to_dict("records")
        assert {name: hanako[name] for name in MONTHLY} == MONTHLY
        [megumi] = kept[kept["職員番号"] == "00010011"].to_dict("records")
        assert (megumi["勤務日数"], megumi["125/100"]) == ("19", "0")
        daily = pd.read_csv(saved["daily"], encoding="utf-8-sig", dtype=str).fillna("")
        days = daily[daily["氏名"] == "山田 花子"].set_index("勤務日")
        told = {day: {name: days.loc[day, name] for name in said} for day, said in DAILY.items()}
        assert told == DAILY
        book = openpyxl.load_workbook(saved["workbook"])
        rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=3)]
        [row] = [each for each in rows if "山田 花子" in each]
        overview = dict(zip(rows[0], row, strict=True))
        assert [sheet.title for sheet in book.worksheets[1:]] == [
            "10011 佐藤 恵",
            "10427 山田 花子",
        ]
        assert {name: overview[name] for name in BOOK} == BOOK

    # --- what comes late -------------------------------------------------------------------------

    def hear_of_the_late_taps(self) -> None:
        """The terminal's line is back: what it tells changes no closed figure. 17:17 to 17:40 were
        ordered and worked: 23 minutes make 3 h 43, an hour more after rounding."""
        town, desk = self.town, self.desk
        path = f"/closing/2026-11/{town.ids['office']}"
        town.move(december(4), "9:00")
        town.deliver()
        desk.come("ichiro", DESK)
        desk.meets(path, "締めた後の調整", "時間外勤務 125/100\n+1:00（実時間 +0:23）")
        desk.sees("締め済み")
        desk.picture("adjusted")
        desk.come("hanako", PHONE)
        desk.open("/closing/mine?month=2026-11")
        desk.sees(*SIGNED, "締めた後の調整", "+1:00（実時間 +0:23）")
        desk.picture("adjusted-mine")
        desk.open("/my/month?month=2026-11")
        desk.sees("締め", "3:20 3:00 125/100")
        desk.picture("closed-month")


@pytest.fixture
def played(office: MonthTown, fresh: Any) -> Played:
    return Played(office, fresh)


def test_a_month(played: Played) -> None:
    played.until_the_ninth()
    played.until_the_end()
    played.correct_the_forgotten_punch()
    played.sign_and_close()
    saved = played.hand_out("saved")
    played.read_again(saved)
    played.hear_of_the_late_taps()
    again = played.hand_out("saved again")
    for what in ("monthly-classes", "daily"):
        assert again[what].read_bytes() == saved[what].read_bytes(), what
