"""What a check gives, and how it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from edge.words import Language, Words


class Finding(msgspec.Struct, frozen=True):
    """One check: its name, whether all is well, what was found, and the remedy if not. `code` names
    what was found for programs."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Makes findings in one language; a code without a remedy in the catalogue is well."""

    words: Words

    def __call__(self, check: str, code: str, **values: object) -> Finding:
        """Give the finding of a code."""
        detail = self.words(f"{code}.found", **values)
        if not self.words.has(f"{code}.remedy"):
            return Finding(check, True, detail, "", code)
        return Finding(check, False, detail, self.words(f"{code}.remedy", **values), code)


def speaker(language: Language) -> Say:
    """Speak a language."""
    return Say(Words("doctor", language))


ENGLISH: Final = speaker(Language.EN)
