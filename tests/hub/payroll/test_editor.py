"""The editor of profiles: each button, each refusal, and a preview that is the file itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.payroll.domain import BucketRow, Unfit
from hub.payroll.fields import FIELDS, lines_of
from hub.payroll.profile import Column, FileEncoding, Profile, RowKind
from hub.payroll.profile_files import shipped
from hub.payroll.service import PayrollService
from hub.payroll.writing import UnwritableError, write_file
from hub.web.rights import Role
from tests.hub.payroll.offices import APRIL, MONDAY, Office
from tests.hub.payroll.samples import month

HTML = {"Accept": "text/html"}
NEW = "/payroll/profiles/new"
Form = dict[str, str]


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    return sqlite_at


@pytest.fixture
def office(hub: Hub, admin: TestClient, clock: HandMovedClock) -> Office:
    made = Office(hub, admin, clock)
    made.worked(made.hire("山田 花子", "やまだ はなこ", "1234"), MONDAY, 505, 1100)
    made.worked(made.hire('髙橋 "一郎"', "たかはし いちろう", "77"), MONDAY)
    return made


def form_of(page: str) -> Form:
    """Read the form as a browser would send it."""
    found: Form = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        given = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if "name" in given and (given.get("type") != "checkbox" or " checked" in tag):
            found[given["name"]] = unescape(given.get("value", ""))
    for name, options in re.findall(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page):
        values = re.findall(r'<option value="([^"]*)"( selected)?', options)
        chosen = [value for value, selected in values if selected] or [values[0][0]]
        found[name] = unescape(chosen[0])
    return found


def opened(client: TestClient, path: str = f"{NEW}?copy=monthly-classes") -> Form:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200
    return form_of(answer.text)


def pressed(client: TestClient, form: Form, what: str, path: str = NEW, status: int = 200) -> str:
    answer = client.post(path, data=form | {"what": what}, headers=HTML)
    assert answer.status_code == status, answer.text
    return answer.text


def titles(form: Form) -> list[str]:
    return [form[f"title_{n}"] for n in range(int(form["count"]))]


def kept(hub: Hub) -> list[tuple[str, Profile]]:
    return [(each.name, each.profile) for each in hub.services.get(PayrollService).profiles()]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_copy_that_is_saved_unchanged_is_the_shipped_one(
    name: str, hub: Hub, admin: TestClient
) -> None:
    """Nothing that the form shows or does not show is lost on the way."""
    pressed(admin, opened(admin, f"{NEW}?copy={name}"), "save", status=303)
    ((title, profile),) = kept(hub)
    assert (title, profile) == (shipped()[name].title, shipped()[name])


def test_padding_with_blanks_and_decimal_places_survive_the_editor(
    hub: Hub, admin: TestClient
) -> None:
    form = opened(admin) | {"pad_0": "space", "width_0": "9", "places_5": "4"}
    pressed(admin, form, "save", status=303)
    (each,) = hub.services.get(PayrollService).profiles()
    pressed(
        admin,
        opened(admin, f"/payroll/profiles/{each.id}"),
        "save",
        f"/payroll/profiles/{each.id}",
        303,
    )
    columns = kept(hub)[0][1].columns
    assert (columns[0].pad, columns[0].width, columns[5].places) == ("space", 9, 4)


def test_columns_are_added_moved_and_removed_and_the_ends_stay_where_they_are(
    admin: TestClient,
) -> None:
    form = opened(admin)
    first, second, *rest = titles(form)
    last = len(rest) + 1
    added = form_of(pressed(admin, form, "add"))
    assert titles(added) == [first, second, *rest, ""]
    assert titles(form_of(pressed(admin, form, "down-0"))) == [second, first, *rest]
    assert titles(form_of(pressed(admin, form, "up-1"))) == [second, first, *rest]
    assert titles(form_of(pressed(admin, form, "remove-1"))) == [first, *rest]
    for what in ("up-0", f"down-{last}", f"remove-{last + 1}", "up-x", "remove-", "nonsense"):
        assert titles(form_of(pressed(admin, form, what))) == [first, second, *rest]


def test_the_only_column_is_not_removed_and_no_more_than_200_are_added(admin: TestClient) -> None:
    form = opened(admin)
    one = {key: value for key, value in form.items() if not re.search(r"_([1-9]|\d\d)$", key)}
    assert titles(form_of(pressed(admin, one | {"count": "1"}, "remove-0"))) == ["職員番号"]
    many = form | {"count": "200"}
    assert form_of(pressed(admin, many, "add"))["count"] == "200"


def test_a_kept_profile_is_changed_and_removed(hub: Hub, admin: TestClient) -> None:
    pressed(admin, opened(admin), "save", status=303)
    (each,) = hub.services.get(PayrollService).profiles()
    path = f"/payroll/profiles/{each.id}"
    pressed(admin, opened(admin, path) | {"name": "別の名", "encoding": "utf-8"}, "save", path, 303)
    ((name, profile),) = kept(hub)
    assert (name, profile.encoding) == ("別の名", FileEncoding.UTF_8)
    pressed(admin, opened(admin, path), "drop", path, 303)
    assert kept(hub) == []
    assert admin.get(path, headers=HTML).status_code == 404
    pressed(admin, opened(admin), "drop", path, 404)


def fields(form: Form) -> list[str]:
    return [form[f"field_{n}"] for n in range(int(form["count"]))]


def test_another_kind_of_row_drops_no_column(hub: Hub, admin: TestClient) -> None:
    """What rows of that kind lack stands there until somebody decides, whatever they press."""
    form = opened(admin) | {"rows": "day"}
    wanted = fields(form)
    numbers = [n for n, each in enumerate(wanted, 1) if each not in ("", *FIELDS[RowKind.DAY])]
    assert numbers
    for what, status in (("rows", 200), ("preview", 422), ("save", 422), ("down-0", 200)):
        page = pressed(admin, form, what, status=status)
        assert "「1人の1日」にはない項目があります" in page
        assert sorted(fields(form_of(page))) == sorted(wanted)
        listed = re.findall(r"<li>(\d+) 列目：", page)
        assert len(listed) == len(numbers) == page.count('aria-invalid="true"')
    assert listed == [str(n) for n in numbers]
    assert kept(hub) == []
    page = pressed(
        admin, form_of(pressed(admin, form, "rows")) | {"rows": "month"}, "save", NEW, 303
    )
    ((_, profile),) = kept(hub)
    assert profile == shipped()["monthly-classes"]


def test_the_editor_offers_the_fields_of_the_kind_that_was_chosen(admin: TestClient) -> None:
    page = pressed(admin, opened(admin) | {"rows": "class"}, "rows")
    added = pressed(admin, form_of(page), "add")
    offered = re.findall(r'<select id="field_0".*?</select>', added)[0]
    assert set(re.findall(r'value="([^"]+)"', offered)) == set(FIELDS[RowKind.CLASS])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pad_1": "zero"}, "2 列目：埋める文字を選んだときは、桁数も書いてください。"),
        ({"delimiter": "a"}, "文字や数字でない半角の記号"),
        ({"file_name": "../kintai.csv"}, "ファイル名に「/」"),
    ],
)
def test_what_is_wrong_is_said_in_the_pages_language(
    wrong: Form, said: str, admin: TestClient
) -> None:
    assert said in pressed(admin, opened(admin) | wrong, "save", status=422)


@pytest.mark.parametrize(
    ("what", "focus"),
    [
        ("add", "title_{new}"),
        ("up-3", "up_2"),
        ("up-0", "up_0"),
        ("down-3", "down_4"),
        ("down-{last}", "down_{last}"),
        ("remove-{last}", "title_{before}"),
        ("rows", "rows"),
        ("preview", "preview"),
    ],
)
def test_whoever_uses_the_keyboard_goes_on_where_they_were(
    what: str, focus: str, admin: TestClient
) -> None:
    form = opened(admin)
    new = int(form["count"])
    at = {"new": new, "last": new - 1, "before": new - 2}
    page = pressed(admin, form, what.format(**at))
    assert re.findall(r'id="(\w+)"[^>]* autofocus', page) == [focus.format(**at)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"count": "many"},
        {"count": "-1"},
        {"count": "0"},
        {"rows": "year"},
        {"encoding": "utf-16"},
        {"quoting": "some"},
        {"delimiter": "ab"},
        {"delimiter": "a"},
        {"file_name": "../kintai.csv"},
        {"field_0": "raw:nothing"},
        {"form_5": "minutes:furlongs"},
        {"pad_0": "dots"},
        {"pad_1": "zero"},
        {"places_5": "7"},
        {"places_5": "few"},
        {"width_0": "0"},
        {"width_0": "201"},
    ],
    ids=lambda wrong: "-".join(f"{k}={v[:12]}" for k, v in wrong.items()),
)
def test_what_is_no_profile_is_refused_and_nothing_is_kept(
    wrong: Form, hub: Hub, admin: TestClient
) -> None:
    page = pressed(admin, opened(admin) | wrong, "save", status=422)
    assert 'class="notice bad' in page or "notice" in page
    assert kept(hub) == []


def test_a_name_that_is_taken_is_refused_and_the_form_stays(hub: Hub, admin: TestClient) -> None:
    form = opened(admin)
    pressed(admin, form, "save", status=303)
    page = pressed(admin, form | {"title_0": "番号"}, "save", status=422)
    assert titles(form_of(page))[0] == "番号"
    assert len(kept(hub)) == 1


def test_only_who_hands_payroll_out_edits(as_role: Callable[[Role], TestClient]) -> None:
    client = as_role(Role.STAFF)
    assert client.get(NEW, headers=HTML).status_code == 403
    assert client.post(NEW, data={"what": "save"}, headers=HTML).status_code == 403


@pytest.mark.parametrize("name", sorted(shipped()))
@pytest.mark.parametrize("changed", [{}, {"quoting": "all", "encoding": "utf-8"}])
def test_what_the_preview_shows_is_byte_for_byte_what_the_export_writes(
    name: str, changed: Form, office: Office, admin: TestClient
) -> None:
    form = opened(admin, f"{NEW}?copy={name}") | changed | {"month": str(APRIL)}
    page = pressed(admin, form, "preview")
    shown = page[page.index('id="preview"') :]
    rows = [
        [unescape(cell) for cell in re.findall(r'<td class="small">(.*?)</td>', row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", shown, re.DOTALL)
    ]
    pressed(admin, form, "save", status=303)
    (each,) = office.hub.services.get(PayrollService).profiles()
    answer = admin.get(f"/payroll/months/{APRIL}/files/{each.id}?draft=true")
    assert answer.status_code == 200

    def quoted(cell: str) -> str:
        needs = changed or any(sign in cell for sign in ',"\r\n')
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    text = "".join(",".join(map(quoted, row)) + "\r\n" for row in rows)
    written = text.encode(each.profile.encoding.value)
    # A preview shows the header and twenty rows.
    assert answer.content.split(b"\r\n")[: len(rows)] == written.split(b"\r\n")[:-1]
    assert len(rows) == 21 or answer.content == written


def test_minutes_at_another_rate_stop_a_months_column_and_have_a_class_row() -> None:
    """Two ordinances disagree on a rate: minutes of either are never added up."""
    bucket = BucketRow(625, 600, 125, paid=True, adjusted_min=30, at_other_rates={130: -60})
    given = month(buckets={"overtime": bucket})
    (line,) = lines_of(RowKind.MONTH, given)
    assert line["adjusted:overtime"] == Unfit("other_rate")
    column = Column(title="遡及", field="adjusted:overtime")
    number = Column(field="staff_number")
    monthly = Profile(title="x", rows=RowKind.MONTH, columns=(number, column))
    with pytest.raises(UnwritableError) as stopped:
        write_file(monthly, [given])
    (cell,) = stopped.value.cells
    assert (cell.row, cell.column, cell.code, cell.staff_number) == (2, 2, "other_rate", "1234")
    classes = [(each["percent"], each["adjusted_min"]) for each in lines_of(RowKind.CLASS, given)]
    assert classes == [(125, 30), (130, -60)]
    paid = Profile(title="x", rows=RowKind.MONTH, columns=(Column(field="paid:overtime"),))
    assert write_file(paid, [given]).splitlines()[1:] == [b"10:00"]
