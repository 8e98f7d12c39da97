"""Names in the order of their reading, however the reading is written."""

from __future__ import annotations

from random import Random

from hub.staff.kana import folded, kana_key

IN_ORDER = [
    ("あおき", "青木"),
    ("アベ", "阿部"),
    ("かとう", "加藤"),
    ("ｶﾞﾄｳ", "賀東"),
    ("がとう　いちろう", "賀東 一郎"),
    ("きむら", "木村"),
    ("きょうごく", "京極"),
    ("はっとり", "服部"),
    ("はつゆめ", "初夢"),
    ("わたなべ", "渡辺"),
    ("わたなべ", "渡邊"),
    ("", "ABE"),
    ("", "髙橋"),
]


def test_the_order_is_that_of_the_syllables_and_names_without_a_reading_come_last() -> None:
    shuffled = IN_ORDER[:]
    Random(3).shuffle(shuffled)
    assert sorted(shuffled, key=lambda pair: kana_key(*pair)) == IN_ORDER


def test_the_same_reading_is_the_same_in_every_writing() -> None:
    assert folded("ヤマダ ハナコ") == folded("ﾔﾏﾀﾞ　ﾊﾅｺ") == folded("やまだはなこ")
