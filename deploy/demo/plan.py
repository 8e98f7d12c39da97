"""The demo town: its sites, doors, people and cards. Sample data, drawn up by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GYM: Final = "gym"
TOWN_HALL: Final = "town_hall"
GYM_DOOR: Final = "gym_door"
STAFF_DOOR: Final = "staff_door"
OFFICE: Final = "office"
ARENA: Final = "arena"
TABLE_TENNIS: Final = "table_tennis"
CLOCK_IN: Final = "clock_in"
CLOCK_OUT: Final = "clock_out"
ATTENDANCE: Final = "attendance"
GROUND: Final = "ground"
GROUND_BOX: Final = "ground_box"
GROUND_HUT: Final = "ground_hut"
LAPTOP: Final = "laptop"
PHONE: Final = "0000-00-0000"
"""Nobody's: no number in Japan begins so."""


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A site as the page names it."""

    key: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """An area behind a door."""

    key: str
    site: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """A door with its board on the site's OSDP line; `zone_in`: where it leads."""

    key: str
    site: str
    name: str
    name_en: str
    address: int
    keypad: bool
    bolt_switch: bool = True
    zone_in: str | None = None


@dataclass(frozen=True, slots=True)
class BoxPlan:
    """A key box without any network."""

    key: str
    name: str
    name_en: str
    place: str
    closing: str


@dataclass(frozen=True, slots=True)
class FacilityPlan:
    """What can be booked behind a door or with the key of a box; `at_once`: no approval is asked
    for."""

    key: str
    site: str
    name: str
    name_easy: str
    name_en: str
    at_once: bool


@dataclass(frozen=True, slots=True)
class TerminalPlan:
    """A card reader of the town hall's card service: one for each direction, and one beside a
    screen on which people choose."""

    key: str
    name: str
    name_en: str
    reader_name: str
    punch: str


@dataclass(frozen=True, slots=True)
class CardPlan:
    """A person's card: the number it tells the terminal, the one a door reader sends, and its
    private key as a number. All are worthless on purpose."""

    key: str
    person: str
    person_en: str
    staff_number: str | None
    number: bytes
    reader_number: bytes
    scalar: int
    known: bool
    department: str = ""
    post: str = ""
    heads: bool = False


@dataclass(frozen=True, slots=True)
class DepartmentPlan:
    """A department; its code begins with that of the one it belongs to."""

    code: str
    name: str
    name_kana: str
    name_en: str


SITES: Final = (
    SitePlan(GYM, "町民体育館", "Town gym"),
    SitePlan(TOWN_HALL, "町役場", "Town hall"),
)

GROUND_SITE: Final = SitePlan(GROUND, "河川敷グラウンド", "Riverside ground")
"""No controller, no network: a hut with a key box."""
LAPTOP_PLAN: Final = SitePlan(LAPTOP, "巡回用ノートパソコン", "Laptop for visits")
"""The controller without doors that somebody carries to the hut."""

KEY_BOX: Final = BoxPlan(
    GROUND_BOX,
    "用具小屋のキーボックス",
    "Key box at the hut",
    "用具小屋の右の柱",
    "",
)

ZONES: Final = (ZonePlan(OFFICE, TOWN_HALL, "役場 執務室", "Town hall, offices"),)
"""Whoever enters by card counts as inside until 4:00: nobody leaves by a reader."""

DOORS: Final = (
    DoorPlan(GYM_DOOR, GYM, "体育館 正面扉", "Gym, front door", 1, keypad=True),
    DoorPlan(
        STAFF_DOOR, TOWN_HALL, "役場 職員口", "Staff entrance", 1, keypad=False, zone_in=OFFICE
    ),
)

FACILITIES: Final = (
    FacilityPlan(
        ARENA, GYM, "体育館 アリーナ", "たいいくかん アリーナ", "Gym, arena", at_once=False
    ),
    FacilityPlan(
        TABLE_TENNIS,
        GYM,
        "体育館 卓球室",
        "たいいくかん たっきゅうの へや",
        "Gym, table tennis room",
        at_once=True,
    ),
    FacilityPlan(
        GROUND_HUT,
        GROUND,
        "河川敷グラウンド 用具小屋",
        "かわの グラウンド どうぐの こや",
        "Riverside ground, hut",
        at_once=True,
    ),
)

TERMINALS: Final = (
    TerminalPlan(CLOCK_IN, "出勤の端末", "Clock-in terminal", "Kagimori Demo In", "in"),
    TerminalPlan(CLOCK_OUT, "退勤の端末", "Clock-out terminal", "Kagimori Demo Out", "out"),
    TerminalPlan(
        ATTENDANCE, "画面付きの端末", "Terminal with a screen", "Kagimori Demo Screen", "chosen"
    ),
)

DEPARTMENTS: Final = (
    DepartmentPlan("01", "鍵守町", "かぎもりちょう", "Kagimori Town"),
    DepartmentPlan("0101", "総務課", "そうむか", "General Affairs"),
    DepartmentPlan("0103", "生涯学習課", "しょうがいがくしゅうか", "Lifelong Learning"),
)

CARDS: Final = (
    CardPlan(
        "hanako",
        "佐藤 花子",
        "SATO Hanako",
        "1001",
        b"KGMR0001",
        bytes.fromhex("0114a10000000001"),
        0x1D2C3B4A59687786,
        known=True,
        department="0103",
        post="課長",
        heads=True,
    ),
    CardPlan(
        "ichiro",
        "鈴木 一郎",
        "SUZUKI Ichiro",
        "1002",
        b"KGMR0002",
        bytes.fromhex("0114a10000000002"),
        0x2E3D4C5B6A798897,
        known=True,
        department="0103",
        post="主事",
    ),
    CardPlan(
        "stranger",
        "登録のないカード",
        "an unknown card",
        None,
        b"KGMR9999",
        bytes.fromhex("0114a10000009999"),
        0x3F4E5D6C7B8A99A8,
        known=False,
    ),
)


def card(key: str) -> CardPlan:
    """Give a card by its key; raise `KeyError` for an unknown one."""
    return {one.key: one for one in CARDS}[key]
