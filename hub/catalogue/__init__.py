"""Every sentence that users read, in 日本語, やさしい日本語 and English.

One TOML file a topic; in it a table a key, in that a text a language: translations stand side by
side. `{name}` in a text is filled in by `t(key, name=...)`. To add a language, add it to
`Language` and to every table: a test lists what is missing.

やさしい日本語: short sentences, です・ます, easy words; ordinary kanji, and after a hard one its
reading in （ ）, no spaces between words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent


class Language(StrEnum):
    """The languages of the pages; the value is what stands in URLs and files."""

    JA = "ja"
    EASY = "ja-easy"
    EN = "en"

    @property
    def html(self) -> str:
        """The BCP 47 tag for `lang=`; easy Japanese is Japanese to a screen reader."""
        return "ja" if self is Language.EASY else self.value


class UnknownSentenceError(KeyError):
    """No file of the catalogue has this key in this language."""


@dataclass(frozen=True, slots=True)
class Translator:
    """Gives sentences in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """Give the sentence of a key, filled in; raise `UnknownSentenceError`."""
        try:
            text = sentences()[key][self.language]
        except KeyError as error:
            raise UnknownSentenceError(f"{key} ({self.language.value})") from error
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Tell whether the catalogue knows a key."""
        return key in sentences()


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Give every key with its texts by language; read once, from the files beside this one."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        with path.open("rb") as file:
            _collect(tomllib.load(file), "", found, path.name)
    return found


def _collect(
    table: Mapping[str, Any], prefix: str, found: dict[str, dict[str, str]], file: str
) -> None:
    texts = {name: value for name, value in table.items() if isinstance(value, str)}
    if texts:
        if prefix in found:
            raise ValueError(f"{file}: {prefix} stands in another file already")
        found[prefix] = texts
    for name, value in table.items():
        if isinstance(value, Mapping):
            _collect(value, f"{prefix}.{name}" if prefix else name, found, file)


def choose_language(*wishes: str | None) -> Language:
    """Give the first wish that is a language of ours: a query or cookie value, or an
    Accept-Language header (RFC 9110, 12.5.4; weights are read, wildcards are not)."""
    for wish in wishes:
        for tag in _by_weight(wish or ""):
            if tag in {language.value for language in Language}:
                return Language(tag)
            if (base := tag.split("-")[0]) in (Language.JA, Language.EN):
                return Language(base)
    return Language.JA


def _by_weight(header: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag.strip().lower()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
