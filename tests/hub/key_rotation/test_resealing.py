"""A change of data keys: every sealed column, in batches, beside whoever writes, and no key dropped
that a row still needs."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary

import hub.key_rotation.resealing as resealing
from hub.cli import main
from hub.clock import HandMovedClock, Ids
from hub.database.all_tables import all_tables
from hub.database.columns import Structured, UtcDateTime
from hub.database.engine import open_database
from hub.feeds.domain import AuthKind, ContactRule, FeedSecret
from hub.feeds.sealing import FeedSeals
from hub.feeds.tables import feeds
from hub.key_rotation.columns import NOT_SEALED, SEALED
from hub.key_rotation.resealing import ResealRows, reseal_all, rows_not_under, rows_under
from hub.keyboxes.locks import code_row, door_row, maintenance_row
from hub.keyboxes.tables import door_backups, key_box_secrets, key_boxes
from hub.keys import HubKeys
from hub.people.card_key_domain import enrolled_key_row, set_row
from hub.people.enrolment_domain import EnrolmentState, Refusal
from hub.people.enrolment_service import key_row
from hub.people.tables import card_enrolments, card_key_sets
from hub.pins.tables import pin_credentials
from hub.settings import load_settings
from hub.sites.device_keys import sealed_row
from hub.sites.domain import SiteState
from hub.sites.tables import devices
from hub.tabular.staged_repository import staged_row
from hub.tabular.tables import staged_files
from hub.webhooks.domain import Endpoint, EndpointState
from hub.webhooks.mapping import Profile
from hub.webhooks.secrets import sealed as sealed_secret
from hub.webhooks.source_domain import Source, SourceState
from hub.webhooks.tables import webhook_endpoints, webhook_sources
from provisioning.enrolment import init_hub
from provisioning.hub_keys import DataKeys, load_data_keys
from provisioning.register import Register

OLD, NEW = b"o" * 32, b"n" * 32


class Ring:
    """Keys in memory whose active one can be changed."""

    def __init__(self) -> None:
        self.data = DataKeys("old", {"old": OLD}, b"i" * 32, b"p" * 32)
        self.keys = HubKeys(lambda: self.data, dict)

    def turn(self) -> None:
        self.data = DataKeys("new", {**self.data.encrypt, "new": NEW}, b"i" * 32, b"p" * 32)


def test_no_column_of_bytes_or_secrets_is_forgotten() -> None:
    """A new one has to be named as sealed or as not sealed, with the reason."""
    found = {
        f"{table.name}.{column.name}"
        for table in all_tables().sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary)
        or "secret" in column.name
        or "sealed" in column.name
    }
    sealed = {each.label for each in SEALED}
    assert not sealed & set(NOT_SEALED)
    assert found == sealed | set(NOT_SEALED)


def test_every_call_that_seals_is_of_a_column_that_is_listed() -> None:
    """The names of rows in the source (`cards:`, `pins:`, ...) are those of the list; what the
    policy's source seals is a controller's, under its own key, and in no column of the hub's."""
    root = Path(resealing.__file__).parents[1]
    calls = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*.py"))
        if ".seal(" in path.read_text(encoding="utf-8")
    ]
    assert calls == [
        "feeds/sealing.py",
        "key_rotation/resealing.py",
        "keyboxes/backups.py",
        "keyboxes/secrets.py",
        "people/card_keys.py",
        "people/enrolment_service.py",
        "people/identities.py",
        "pins/service.py",
        "policy/sources.py",
        "sites/secrets.py",
        "tabular/staged.py",
        "webhooks/secrets.py",
    ]


@pytest.fixture
def ring() -> Ring:
    return Ring()


@pytest.fixture
def sealed_town(town_type: type[Any], db: Any, clock: Any, ids: Any, ring: Ring) -> Any:
    """A town under the ring's keys: cards, PINs, a device's, a key box's and a door's secrets."""
    town = town_type(db, clock, ids, ring.keys, {})
    site = town.site()
    controller = town.controller(site)
    doors = [town.door(site, controller) for _ in range(3)]
    for door in doors:
        town.reader(controller, door)
        town.pin(door)
    person = town.person()
    for _ in range(4):
        town.card(person)
    town.card(person, b"a shared AES key")
    now = clock.now()
    enrolment = ids.new()
    waiting = dict.fromkeys(("person_id", "valid_until", "replaces_id", "ended_at", "card_id"))
    waiting |= dict.fromkeys(("actor_kind", "actor_id", "actor_name", "label"), "")
    waiting |= {"id": enrolment, "reader_id": "r", "controller_id": controller, "until": now}
    waiting |= {"state": EnrolmentState.WAITING, "refusal": Refusal.NONE, "started_at": now}
    waiting |= {"public_key": "", "refused_card_id": None, "candidate_index": "", "candidates": ""}

    def write(scope: Any) -> None:
        private_key = ring.keys.seal(b"one-time", key_row(enrolment))
        shared_key = ring.keys.seal(b"card key", enrolled_key_row(enrolment))
        sealed = {"private_key": private_key, "shared_key": shared_key}
        scope.insert(card_enrolments, {**waiting, **sealed})
        set_id = ids.new()
        key_set = {
            "id": set_id,
            "name": "職員証",
            "profile": "desfire-ev2-aes",
            "application": "",
            "master": ring.keys.seal(b"master", set_row(set_id)),
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        scope.insert(card_key_sets, key_set)
        (device, *_) = scope.all(scope.select(devices.c.id))
        secret = ring.keys.seal(b"device", sealed_row(device.id))
        scope.update(devices, {"secret": secret}, devices.c.id == device.id)
        box = ids.new()
        names = {
            each.name: "" for each in key_boxes.c if isinstance(each.type, sa.String | sa.Text)
        }
        numbers = {each.name: 1 for each in key_boxes.c if isinstance(each.type, sa.Integer)}
        row = {**names, **numbers, "id": box, "site_id": site, "state": SiteState.ACTIVE}
        row |= {"created_at": now, "updated_at": now, "name": "小屋"}
        del row["town_id"]
        scope.insert(key_boxes, row)
        for version in range(3):
            scope.insert(
                key_box_secrets,
                {
                    "key_box_id": box,
                    "version": version,
                    "code_secret": ring.keys.seal(b"code", code_row(box, version))
                    if version
                    else None,
                    "maintenance": ring.keys.seal(b"keep", maintenance_row(box, version)),
                    "generation": 0,
                    "drawn_at": now,
                },
            )
        scope.insert(
            door_backups,
            {
                "door_id": doors[0],
                "profile": "quarter",
                "secret": ring.keys.seal(b"door", door_row(doors[0], 7)),
                "version": 7,
                "generation": 0,
                "grace_s": 60,
                "controller_id": controller,
                "sealed": "x",
                "changed_at": now,
            },
        )

    db.write(write)
    db.write(lambda scope: keep_files_and_webhooks(scope, ring.keys, now, ids))
    return town


def keep_files_and_webhooks(scope: Any, keys: HubKeys, now: datetime, ids: Any) -> None:
    """A file of staff that waits; a calendar with its address and content; an endpoint and a source
    whose secrets were changed a moment ago, so that both hold."""
    feed, endpoint, source = ids.new(), ids.new(), ids.new()
    seals = FeedSeals(keys)
    secret = seals.seal_secret(feed, FeedSecret("https://cal.example.jp/x"))
    content = seals.seal_content(feed, b"BEGIN:VCALENDAR", None)
    rows = (
        (
            feeds,
            feed,
            {"auth": AuthKind.NONE, "contact": ContactRule()},
        ),
        (webhook_endpoints, endpoint, {"state": EndpointState.ACTIVE, "kinds": []}),
        (webhook_sources, source, {"state": SourceState.ACTIVE, "profile": Profile()}),
    )
    file_key = ("staff", ids.new(), ids.new())
    file = dict(zip(("purpose", "owner_id", "key"), file_key, strict=True))
    file["data"] = keys.seal(b"number;name", staged_row(*file_key))
    scope.insert(staged_files, {**plain_columns(staged_files, now), **file})
    kinds = {webhook_endpoints: Endpoint, webhook_sources: Source}
    for table, row_id, own in rows:
        row: dict[str, Any] = {"id": row_id, **own}
        if table is feeds:
            row |= {"secret": secret, "content": content}
        else:
            for name in ("secret", "previous_secret"):
                row[name] = sealed_secret(keys, kinds[table], row_id, name.encode())
        scope.insert(table, {**plain_columns(table, now), **row})


def plain_columns(table: sa.Table, now: datetime) -> dict[str, Any]:
    """Something harmless in every column that has to hold something."""
    harmless = {sa.String: "", sa.Integer: 1, sa.Boolean: False}
    found: dict[str, Any] = {}
    for column in table.c:
        if column.nullable or column.name == "town_id":
            continue
        if isinstance(column.type, UtcDateTime):
            found[column.name] = now
        elif isinstance(column.type, Structured):
            found[column.name] = ()
        else:
            kind = next((each for each in harmless if isinstance(column.type, each)), sa.String)
            found[column.name] = harmless[kind]
    return found


def contents(db: Any, ring: Ring) -> dict[tuple[str, str], bytes]:
    """Every sealed value, opened in its own row."""
    found = {}
    with db.read() as scope:
        for sealed in SEALED:
            for row in scope.all(scope.select(sealed.table)):
                held = getattr(row, sealed.name)
                if held is not None:
                    found[sealed.label, sealed.row(row)] = ring.keys.unseal(
                        bytes(held), sealed.row(row)
                    )
    return found


def test_every_row_of_every_column_is_under_the_new_key_and_says_the_same(
    sealed_town: Any, ring: Ring
) -> None:
    db = sealed_town.db
    before = contents(db, ring)
    assert {label for label, _ in before} == {each.label for each in SEALED}
    ring.turn()
    counted = reseal_all(db, ring.keys)
    assert counted.total() == len(before)
    assert counted["broken"] == 0
    ring.data = DataKeys("new", {"new": NEW}, b"i" * 32, b"p" * 32)
    assert contents(db, ring) == before
    assert reseal_all(db, ring.keys).total() == 0


@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batch=st.integers(1, 5), cut=st.integers(0, 12))
def test_cut_off_anywhere_it_goes_on_where_it_was(
    sealed_town: Any, ring: Ring, batch: int, cut: int
) -> None:
    db = sealed_town.db
    before = contents(db, ring)
    kid = f"k{batch}-{cut}-{os.urandom(2).hex()}"
    ring.data = DataKeys(kid, {**ring.data.encrypt, kid: os.urandom(32)}, b"i" * 32, b"p" * 32)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(resealing, "BATCH", batch)
        chore = ResealRows(ring.keys)
        for _ in range(cut):  # as many seconds as the hub lived
            if chore.is_due(None):
                db.write(chore.run)
        assert contents(db, ring) == before  # whatever is under which key, all of it opens
        chore = ResealRows(ring.keys)
        for _ in range(200):
            if not chore.is_due(None):
                break
            db.write(chore.run)
        assert not chore.is_due(None)
    with db.read() as scope:
        assert rows_under(scope, (kid,))[kid] == len(before)
        assert rows_not_under(scope, (kid,)) == 0


def test_what_is_written_meanwhile_is_not_undone(
    sealed_town: Any, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody gets another PIN between the reading of a row and its writing."""
    ring.turn()
    unseal, changed = HubKeys.unseal, []

    def meanwhile(keys: HubKeys, sealed: bytes, row: str) -> bytes:
        plain = unseal(keys, sealed, row)
        if row.startswith("pins:") and not changed:
            changed.append(row)
            fresh = keys.seal(b"111111", row)
            t = pin_credentials
            SCOPE[0].update(t, {"sealed": fresh}, t.c.id == row.removeprefix("pins:"))
        return plain

    SCOPE: list[Any] = []
    monkeypatch.setattr(HubKeys, "unseal", meanwhile)
    (pins,) = (each for each in SEALED if each.table is pin_credentials)

    def work(scope: Any) -> Any:
        SCOPE[:] = [scope]
        return resealing.reseal_batch(scope, ring.keys, pins, None)

    done = sealed_town.db.write(work)
    monkeypatch.setattr(HubKeys, "unseal", unseal)
    assert done.resealed == 2
    assert contents(sealed_town.db, ring)["pin_credentials.sealed", changed[0]] == b"111111"


def test_a_row_that_was_tampered_with_is_named_and_stops_nothing(
    sealed_town: Any, ring: Ring
) -> None:
    t = pin_credentials

    def spoil(scope: Any) -> None:
        row = scope.one(scope.select(t).order_by(t.c.id))
        spoilt = bytes(row.sealed)[:-1] + bytes([row.sealed[-1] ^ 1])
        scope.update(t, {"sealed": spoilt}, t.c.id == row.id)

    sealed_town.db.write(spoil)
    ring.turn()
    counted = reseal_all(sealed_town.db, ring.keys)
    assert counted["broken"] == 1
    with sealed_town.db.read() as scope:
        assert rows_under(scope, ("old",))["old"] == 1


# --- the command line --------------------------------------------------------------------------


@pytest.fixture
def installed(
    tmp_path: Path,
    sqlite_template: Path,
    town_type: type[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """A hub's folder with keys, a database and one card in it."""
    now = datetime.now(UTC)
    register = Register.create(tmp_path / "ca", "Kagimori test authority", now, timedelta(days=9))
    init_hub(register, tmp_path / "hub", now)
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    shutil.copy(sqlite_template, tmp_path / "hub.db")
    (tmp_path / "hub.toml").write_text(
        f'public_url = "https://localhost:8443"\ndirectory = "hub"\n[database]\nurl = "{url}"\n'
    )
    monkeypatch.setattr(
        "hub.key_rotation.cli.check_schema", lambda _db: None
    )  # the template has no stamp
    loaded = load_settings(tmp_path / "hub.toml")
    keys = HubKeys.from_files(loaded.file("data_keys"), loaded.file("link_keys"))
    db = open_database(url, loaded.town.id)
    clock = HandMovedClock(now)
    town = town_type(db, clock, Ids(clock), keys, {})
    person = town.person()
    for _ in range(3):
        town.card(person)
    return {"settings": loaded, "db": db, "config": tmp_path / "hub.toml", "keys": keys}


def call(capsys: pytest.CaptureFixture[str], config: Path, *arguments: str) -> tuple[int, Any]:
    code: Any = 0
    with pytest.MonkeyPatch.context() as patched:
        words = ["kagimori-hub", "keys", *arguments, "--json", "--config", str(config)]
        patched.setattr("sys.argv", words)
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    out = capsys.readouterr().out
    return int(code or 0), json.loads(out) if out else None


def test_rotate_draws_a_key_seals_anew_and_retire_drops_what_nothing_uses(
    installed: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = installed["settings"].file("data_keys")
    mode, (old,) = path.stat().st_mode, load_data_keys(path).encrypt
    installed["db"].close()
    code, found = call(capsys, installed["config"], "rotate")
    assert (code, found["old"], found["rows"]["cards.identity"]) == (0, [old], 3)
    assert path.stat().st_mode == mode
    assert [each.name for each in path.parent.glob(".data-keys*")] == []
    code, told = call(capsys, installed["config"], "status")
    assert told == {"active": found["active"], "rows": {old: 0, found["active"]: 3}, "of_no_key": 0}
    code, refused = call(capsys, installed["config"], "rotate", "--retire")
    assert (code, refused) == (1, None)  # too soon after the change
    before = time.time() - 3_600
    os.utime(path, (before, before))
    code, dropped = call(capsys, installed["config"], "rotate", "--retire")
    assert (code, dropped["dropped"], dropped["kept"]) == (0, [old], {})
    assert list(load_data_keys(path).encrypt) == [found["active"]]


def test_beside_a_running_hub_the_hub_seals_anew_and_no_key_is_dropped_before(
    installed: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, db = installed["settings"].file("data_keys"), installed["db"]
    (old,) = load_data_keys(path).encrypt
    code, found = call(capsys, installed["config"], "rotate")
    assert (code, found["resealed_by"]) == (0, "running_hub")
    before = time.time() - 3_600
    os.utime(path, (before, before))
    code, kept = call(capsys, installed["config"], "rotate", "--retire")
    assert (code, kept["dropped"], kept["kept"]) == (3, [], {old: 3})
    chore = ResealRows(installed["keys"])  # it reads the file again: no restart
    while chore.is_due(None):
        db.write(chore.run)
    code, gone = call(capsys, installed["config"], "rotate", "--retire")
    assert (code, gone["dropped"]) == (0, [old])
    db.close()


def test_a_key_that_no_file_holds_is_named(ring: Ring, sealed_town: Any) -> None:
    ring.turn()
    ring.data = DataKeys("new", {"new": NEW}, b"i" * 32, b"p" * 32)
    counted = reseal_all(sealed_town.db, ring.keys)
    assert counted["broken"] > 0
    with sealed_town.db.read() as scope:
        assert rows_not_under(scope, ("new",)) == counted["broken"]
