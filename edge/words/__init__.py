"""Sentences of the edge's command line, in 日本語, やさしい日本語 and English.

One TOML file a topic (`status` for systemd and `status`, `doctor` for the doctor); in it a table a
key, in that a text a language. `{name}` in a text is filled in. May import nothing of ours.
Nothing of it is read before a sentence is asked for. To add a language, add it to `Language` and to
every table: a test lists what is missing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent


class Language(StrEnum):
    """The languages; the value is what stands on the command line and in the settings."""

    JA = "ja"
    EASY = "ja-easy"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """Gives sentences of one topic in one language."""

    topic: str
    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """Give the sentence of a key (`table.name`), filled in; `KeyError` for an unknown one."""
        table, _, name = key.partition(".")
        text = sentences(self.topic)[table][name][self.language.value]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether there is a sentence of that key."""
        table, _, name = key.partition(".")
        return name in sentences(self.topic).get(table, {})


@cache
def sentences(topic: str) -> dict[str, dict[str, dict[str, str]]]:
    """Give a topic's sentences by table, name and language."""
    return tomllib.loads((FOLDER / f"{topic}.toml").read_text(encoding="utf-8"))
