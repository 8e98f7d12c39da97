"""A personnel office at the API, and files written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.web.rights import Role

STAFF = "/api/v1/staff"
HEAD = ("職員番号", "氏名", "カナ", "所属コード", "所属名", "区分", "職名", "発令日", "退職日")
FIELDS = (
    "staff_number",
    "name",
    "name_kana",
    "department_code",
    "department_name",
    "kind",
    "post",
    "starts_on",
    "ends_on",
)


@dataclass
class Office:
    """The API as personnel uses it."""

    hub: Hub
    client: TestClient
    profile: dict[str, Any] = field(default_factory=dict)
    profile_id: str = ""

    def made(self, path: str, body: dict[str, Any], status: int = 201) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def department(self, code: str, name: str = "", parent: str | None = None) -> str:
        body = {"code": code, "name": name or f"課 {code}", "parent_id": parent}
        return str(self.made(f"{STAFF}/departments", body)["id"])

    def person(self, number: str | None = None, name: str = "山田 花子", kana: str = "") -> str:
        body = {"name": name, "name_kana": kana, "staff_number": number}
        return str(self.made("/api/v1/people", body)["id"])

    def hire(self, person: str, department: str, first: str = "2020-04-01", **more: Any) -> Any:
        body = {"starts_on": first, "department_id": department, "kind": "regular", **more}
        return self.made(f"{STAFF}/people/{person}/employments", body)

    def career(self, person: str) -> list[tuple[str, str | None, str, str]]:
        """First day, last day, department's code and post of each employment."""
        codes = {
            each["id"]: each["code"]
            for each in self.client.get(f"{STAFF}/departments?limit=200").json()["items"]
        }
        found = self.client.get(f"{STAFF}/people/{person}").json()["employments"]
        return [
            (each["starts_on"], each["ends_on"], codes[each["department_id"]], each["post"])
            for each in found
        ]

    def set_profile(self, **changed: Any) -> None:
        self.profile |= changed
        path = f"{STAFF}/profiles"
        if self.profile_id:
            answer = self.client.put(f"{path}/{self.profile_id}", json=self.profile)
        else:
            answer = self.client.post(path, json=self.profile)
        assert answer.status_code in (200, 201), answer.text
        self.profile_id = answer.json()["id"]

    def file(self, *rows: Sequence[str], encoding: str = "cp932") -> bytes:
        lines = [",".join(HEAD), *(",".join(row) for row in rows)]
        return ("\r\n".join(lines) + "\r\n").encode(encoding)

    def row(self, number: str, **changed: str) -> list[str]:
        """A row of somebody in department 0101 since the spring of 2020."""
        row = {
            "職員番号": number,
            "氏名": "髙橋　太郎",
            "カナ": "ﾀｶﾊｼ ﾀﾛｳ",
            "所属コード": "0101",
            "所属名": "総務課",
            "区分": "正規",
            "職名": "主事",
            "発令日": "令和2年4月1日",
            "退職日": "",
        }
        return list((row | changed).values())

    def try_file(self, data: bytes, on: str = "2026-04-01") -> Any:
        return self.client.post(
            f"{STAFF}/imports",
            data={"profile_id": self.profile_id, "effective_on": on},
            files={"file": ("staff.csv", data, "text/csv")},
        )

    def tried(self, data: bytes, on: str = "2026-04-01") -> Any:
        answer = self.try_file(data, on)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def confirm(self, tried: Any, status: int = 200, **given: Any) -> Any:
        path = f"{STAFF}/imports/{tried['staff_import']['id']}/confirm"
        answer = self.client.post(path, json=given)
        assert answer.status_code == status, answer.text
        return answer.json()

    def import_file(self, data: bytes, on: str = "2026-04-01", **given: Any) -> Any:
        """Try a file and do it; give the counts."""
        found = self.tried(data, on)
        assert found["wrong"] == []
        return self.confirm(found, **given)["staff_import"]["counts"]

    def person_id(self, number: str) -> str:
        found = self.client.get(f"/api/v1/people?staff_number={number}").json()["items"]
        return str(found[0]["id"])


@pytest.fixture
def office(hub: Hub, as_role: Callable[[Role], TestClient]) -> Office:
    """Personnel, with a profile of the town's files."""
    office = Office(hub, as_role(Role.PERSONNEL))
    office.profile = {
        "name": "人事システム",
        "columns": {name: [title] for name, title in zip(FIELDS, HEAD, strict=True)},
        "kinds": {"正規": "regular", "再任用": "short_time"},
        "make_departments": True,
    }
    office.set_profile()
    return office
