"""The order of names by their reading, as a list of staff is looked through in Japan. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

_SMALL: Final = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ")
_VOICED: Final = "\u3099\u309a"


def folded(reading: str) -> str:
    """Give a reading in one way of writing: ordinary width, hiragana, without blanks."""
    text = unicodedata.normalize("NFKC", reading)
    hiragana = (chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)
    return "".join(c for c in hiragana if not c.isspace()).casefold()


def kana_key(reading: str, name: str) -> tuple[str, str, str]:
    """Give what names are sorted by: the plain syllables first (か and が alike, ゃ as や), then
    the voiced ones, then the name. Without a reading the name comes last, as it is written."""
    text = folded(reading)
    if not text:
        return ("\U0010ffff", "", name)
    apart = unicodedata.normalize("NFD", text)
    plain = "".join(c for c in apart if c not in _VOICED).translate(_SMALL)
    return (plain, text, name)
