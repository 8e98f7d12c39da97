"""Dates, times and durations as people read them, in the page's language and the town's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from hub.catalogue import Language, Translator
from hub.tabular.eras import era_day, era_day_and_year, era_month


@dataclass(frozen=True, slots=True)
class Words:
    """Puts instants and numbers into words. `t` is the catalogue; `now` decides what is today."""

    t: Translator
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        """The date in the town."""
        return self.now.astimezone(self.zone).date()

    @property
    def english(self) -> bool:
        """Whether names are shown in English where there is one."""
        return self.t.language is Language.EN

    def day_of(self, instant: datetime) -> date:
        """The date in the town on which an instant falls."""
        return instant.astimezone(self.zone).date()

    def time(self, instant: datetime) -> str:
        """`18:45`."""
        return f"{instant.astimezone(self.zone):%H:%M}"

    def second(self, instant: datetime) -> str:
        """`18:45:09`."""
        return f"{instant.astimezone(self.zone):%H:%M:%S}"

    def day(self, day: date) -> str:
        """`4月6日（月）`."""
        return self.t(
            "words.date",
            month=self.t(f"month.{day.month}"),
            day=day.day,
            weekday=self.t(f"weekday.{day.weekday()}"),
        )

    def month(self, day: date) -> str:
        """`2026年4月`."""
        return self.t("words.month_of_year", year=day.year, month=self.t(f"month.{day.month}"))

    def form_month(self, first: date) -> str:
        """A month as forms and prints carry it: `令和8年4月（2026年4月）`; no era in English."""
        return self.month(first) if self.english else era_month(first)

    def form_day(self, day: date) -> str:
        """A date as forms and prints carry it: `令和8年4月6日（2026年）`; no era in English."""
        return self._dated(day) if self.english else era_day_and_year(day)

    def sheet_day(self, day: date) -> str:
        """A date below a heading that tells the year: `令和8年4月6日（月）`; no era in English."""
        if self.english:
            return self.day(day)
        return f"{era_day(day)}（{self.t(f'weekday.{day.weekday()}')}）"

    def _dated(self, day: date) -> str:
        return self.t("words.day_of_year", day=day.day, month=self.month(day))

    def when(self, instant: datetime) -> str:
        """The time if it is today, else date and time."""
        if self.day_of(instant) == self.today:
            return self.time(instant)
        return self.date_time(instant)

    def date_time(self, instant: datetime) -> str:
        """Date and time."""
        day = self.day(self.day_of(instant))
        return self.t("words.date_time", date=day, time=self.time(instant))

    def since(self, instant: datetime | None) -> str:
        """`18:45 から`; empty for None."""
        return self.t("words.since", time=self.when(instant)) if instant else ""

    def span(self, start: datetime, end: datetime, day: date | None = None) -> str:
        """`19:00–21:00`, with the date of the end where it is another day's; with that of the start
        too where it is not the `day` that stands beside it."""
        last = self.time(end)
        if self.day_of(end) != self.day_of(start):
            midnight = end.astimezone(self.zone).time().isoformat() == "00:00:00"
            whole_day = midnight and (self.day_of(end) - self.day_of(start)).days == 1
            last = "24:00" if whole_day else self.date_time(end)
        told = day is None or self.day_of(start) == day
        return f"{self.time(start) if told else self.date_time(start)}–{last}"

    def clock(self, minutes: int) -> str:
        """`7:45` for 465 minutes."""
        return f"{minutes // 60}:{minutes % 60:02d}"

    def hours(self, minutes: int) -> str:
        """`7時間45分`."""
        if minutes % 60 == 0:
            return self.t("words.whole_hours", hours=minutes // 60)
        return self.t("words.hours", hours=minutes // 60, minutes=minutes % 60)

    def name(self, name: str, name_en: str = "") -> str:
        """A thing's name in the page's language."""
        return name_en if self.english and name_en else name


def iso(instant: datetime) -> str:
    """An instant for `<time datetime>`."""
    return instant.isoformat(timespec="seconds")


def pin_groups(digits: str) -> list[str]:
    """Digits in groups of two, or of four and its like for few: `48 27 16`, `48 27`, `123 45`."""
    size = 2 if len(digits) % 2 == 0 else 3
    return [digits[i : i + size] for i in range(0, len(digits), size)]
