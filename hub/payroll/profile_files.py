"""Reads profiles from TOML: those shipped here, and one that somebody hands in."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from hub.payroll.fields import FIELDS
from hub.payroll.profile import Profile, wrong_with

MAX_BYTES: Final = 65_536
_PLACE: Final = re.compile(r"`\$\.?([^`]*)`")
_FIELD: Final = re.compile(r"(?:missing required|unknown) field `([^`]+)`")


class ProfileError(ValueError):
    """A profile cannot be used: which file, which key of it, and what to write."""

    def __init__(self, file: str, key: str, remedy: str) -> None:
        self.file, self.key, self.remedy = file, key, remedy
        super().__init__(f"{file}: {key}: {remedy}")


def parse_profile(text: str, file: str) -> Profile:
    """Read a profile's TOML; raise `ProfileError` naming file, key and remedy."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file, "(the file)", f"not TOML: {error}") from error
    try:
        profile = msgspec.convert(table, Profile)
    except msgspec.ValidationError as error:
        raise ProfileError(file, *_key_and_remedy(str(error))) from error
    for key, remedy in wrong_with(profile, FIELDS).items():
        raise ProfileError(file, key, remedy)
    return profile


@cache
def shipped() -> dict[str, Profile]:
    """Give the profiles that come with the hub, by the name of their file."""
    folder = resources.files("hub.payroll") / "profiles"
    found = (each for each in folder.iterdir() if each.name.endswith(".toml"))
    files = sorted(found, key=lambda each: each.name)
    return {
        each.name.removesuffix(".toml"): parse_profile(each.read_text("utf-8"), each.name)
        for each in files
    }


def _key_and_remedy(message: str) -> tuple[str, str]:
    remedy, _, place = message.partition(" - at ")
    at, field = _PLACE.search(place), _FIELD.search(remedy)
    key = ".".join(part for part in (at and at[1], field and field[1]) if part)
    return key or "(the file)", remedy
