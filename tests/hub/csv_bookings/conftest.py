"""A hub with two halls, and a profile of the town's own files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.csv_bookings.service import CsvService

HEAD = (
    "予約番号",
    "施設名",
    "利用日",
    "開始",
    "終了",
    "申請者",
    "電話",
    "状態",
    "支払",
    "人数",
    "目的",
)
COLUMNS = dict(
    zip(
        ("key", "facility", "date", "start", "end", "name", "phone", "state", "paid", "people",
         "purpose"),
        ([name] for name in HEAD),
        strict=True,
    )
)  # fmt: skip


@dataclass
class Desk:
    """The API, and files made by hand."""

    hub: Hub
    client: TestClient
    halls: tuple[str, ...]
    names: tuple[str, ...]
    profile: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> CsvService:
        return self.hub.services.get(CsvService)

    def set_profile(self, **changed: Any) -> None:
        self.body = self.body | changed
        path = "/api/v1/csv_profiles"
        if self.profile:
            answer = self.client.put(f"{path}/{self.profile}", json=self.body)
        else:
            answer = self.client.post(path, json=self.body)
        assert answer.status_code in (200, 201), answer.text
        self.profile = answer.json()["id"]

    def file(self, *rows: Sequence[str], encoding: str = "cp932") -> bytes:
        lines = [",".join(HEAD), *(",".join(row) for row in rows)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode(encoding)

    def line(self, key: str, **changed: str) -> list[str]:
        """A line of the first hall on the next day."""
        row = {
            "予約番号": key,
            "施設名": self.names[0],
            "利用日": "令和8年4月7日",
            "開始": "18:30",
            "終了": "20時30分",
            "申請者": "髙橋㈱①",
            "電話": "０１２３-45-6789",
            "状態": "確定",
            "支払": "済",
            "人数": "12人",
            "目的": "バドミントン",
        }
        return list((row | changed).values())

    def send(self, data: bytes, *, dry_run: bool = False, name: str = "april.csv") -> Any:
        self.hub.core.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
        return self.client.post(
            f"/api/v1/csv_imports?dry_run={str(dry_run).lower()}",
            data={"profile_id": self.profile},
            files={"file": (name, data, "text/csv")},
        )

    def done(self, data: bytes, *, dry_run: bool = False) -> list[tuple[str, str, str]]:
        """What became of each line: key, end, code."""
        answer = self.send(data, dry_run=dry_run)
        assert answer.status_code == 200, answer.text
        return [(each["key"], each["done"], each["code"]) for each in answer.json()["lines"]]

    def booking(self, key: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/bookings/{key}")
        return dict(answer.json()) if answer.status_code == 200 else {}


@pytest.fixture
def desk(hub: Hub, hub_town: Any, admin: TestClient) -> Desk:
    """The desk."""
    site = hub_town.site()
    controller = hub_town.controller(site, enrolled=False)
    names = ("体育館", "公民館 大ホール")
    halls = []
    for name in names:
        door = hub_town.door(site, controller)
        hub_town.reader(controller, door)
        body = {"site_id": site, "name_ja": name, "doors": [door], "ahead_days": 400}
        made = admin.post("/api/v1/facilities", json=body)
        assert made.status_code == 201, made.text
        halls.append(made.json()["id"])
    desk = Desk(hub, admin, tuple(halls), names)
    desk.body = {"name": "町の予約", "columns": COLUMNS}
    desk.set_profile()
    return desk
