"""The entry log: its filters stand in the address, so that it can be reloaded, shared and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.bookings.windows import local_day
from hub.entries.domain import SOFT, Result, Topic
from hub.entries.search import Filters
from hub.entries.service import EntriesService
from hub.pages.console import ConsolePages
from hub.pages.days import day_or
from hub.pages.frame import Speaking
from hub.pages.views.choice import Choice
from hub.pages.views.entry import EntryLine
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
PAGE = 50
Text = Annotated[str, Query(max_length=128)]


@dataclass(frozen=True, slots=True)
class LogSheet:
    """The log with its filters as they stand in the address."""

    start: str
    end: str
    door: str
    kind: str
    person: str
    person_name: str
    without_person: str
    doors: list[Choice]
    kinds: list[Choice]
    entries: tuple[EntryLine, ...]
    next: str


@router.get("/entries")
def entry_log(
    request: Request,
    words: Speaking,
    pages: Annotated[ConsolePages, provided(ConsolePages)],
    service: Annotated[EntriesService, provided(EntriesService)],
    who: Annotated[Principal, requires(Right.ENTRIES_READ)],
    start: Annotated[str, Query(alias="from", max_length=10)] = "",
    end: Annotated[str, Query(alias="to", max_length=10)] = "",
    door: Text = "",
    kind: Text = "",
    person: Text = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """A page of the log, newest first."""
    filters = Filters(
        start=local_day(first, words.zone).starts_at if (first := _day(start)) else None,
        end=local_day(last, words.zone).ends_at if (last := _day(end)) else None,
        door_id=door or None,
        kind=kind or None,
        person_id=person or None,
    )
    page = service.search(who, filters, cursor, PAGE)
    lines = pages.lines(who, words, page.items)
    asked = {"from": start, "to": end, "door": door, "kind": kind, "person": person}
    sheet = LogSheet(
        start=start,
        end=end,
        door=door,
        kind=kind,
        person=person,
        person_name=next((line.who for line in lines), "") if person else "",
        without_person=_address({**asked, "person": ""}),
        doors=[Choice(*pair) for pair in pages.door_choices(who, words)],
        kinds=_kinds(words),
        entries=lines,
        next=_address({**asked, "cursor": page.next_cursor}) if page.next_cursor else "",
    )
    return render(request, "pages/entries.html", log=sheet)


def _kinds(words: Words) -> list[Choice]:
    results = [Choice(each.value, words.t(f"result.{each}")) for each in Result]
    results.append(Choice(SOFT, words.t(f"result.{SOFT}")))
    return results + [Choice(each.value, words.t(f"topic.{each}")) for each in Topic]


def _address(asked: dict[str, str]) -> str:
    return "/entries?" + urlencode({name: value for name, value in asked.items() if value})


def _day(text: str) -> date | None:
    """A date of the address; what is none is no filter."""
    found = day_or(text, date.min)
    return None if found == date.min else found
