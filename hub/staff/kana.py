"""The order of names by their reading, as a list of staff is looked through in Japan. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from hub.people.domain import Person

_SMALL: Final = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ")
_VOICED: Final = "\u3099\u309a"


def folded(reading: str) -> str:
    """Give a reading in one way of writing: ordinary width, hiragana, without blanks."""
    text = unicodedata.normalize("NFKC", reading)
    hiragana = (chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)
    return "".join(c for c in hiragana if not c.isspace()).casefold()


def person_key(person: Person) -> tuple[str, str, str, str, str]:
    """Give what every list of people is sorted by: the reading, then the staff number. Without a
    reading they come last, by their name."""
    plain, text, name = kana_key(person.name_kana, person.name)
    return (plain, text, "" if text else name, person.staff_number or "\uffff", person.id)


def kana_key(reading: str, name: str) -> tuple[str, str, str]:
    """Give what names are sorted by: the plain syllables first (か and が alike, ゃ as や), then
    the voiced ones, then the name. Without a reading the name comes last, as it is written."""
    text = folded(reading)
    if not text:
        return ("\U0010ffff", "", name)
    apart = unicodedata.normalize("NFD", text)
    plain = "".join(c for c in apart if c not in _VOICED).translate(_SMALL)
    return (plain, text, name)
