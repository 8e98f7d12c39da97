"""Reads card profiles and reader faces from their files: those shipped here and a town's own."""

from __future__ import annotations

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

from edge.cards.faces import ReaderFace
from edge.cards.profile import CardProfile, ProfileError, parse_profile

DEFAULT_PROFILES: Final = ("iso7816-ecdsa-p256", "identifier")
"""Strongest first: a card is read by the first profile that knows it."""
_MAX_BYTES: Final = 65_536


def load_profiles(*folders: Traversable) -> dict[str, CardProfile]:
    """Give the shipped profiles and those of `folders` by id, later ones replacing earlier ones.

    Raises `ProfileError` naming file, key and remedy.
    """
    profiles: dict[str, CardProfile] = {}
    for folder in (resources.files("edge.cards") / "profiles", *folders):
        for name, text in _toml_files(folder):
            profile = parse_profile(text, name)
            profiles[profile.id] = profile
    return profiles


def choose_profiles(
    profiles: dict[str, CardProfile], ids: tuple[str, ...], file: str = "settings"
) -> tuple[CardProfile, ...]:
    """Give the named profiles in the order they are tried; raise `ProfileError` for unknown ids."""
    for profile_id in ids:
        if profile_id not in profiles:
            known = ", ".join(sorted(profiles))
            raise ProfileError(file, "profiles", f"{profile_id!r} is not known; known are {known}")
    return tuple(profiles[profile_id] for profile_id in ids)


def load_faces(*folders: Traversable) -> dict[str, ReaderFace]:
    """Give the shipped reader faces and those of `folders` by id; raise `ProfileError`."""
    faces: dict[str, ReaderFace] = {}
    for folder in (resources.files("edge.cards") / "faces", *folders):
        for name, text in _toml_files(folder):
            try:
                face = msgspec.convert(tomllib.loads(text), ReaderFace, str_keys=True, strict=False)
            except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
                raise ProfileError(name, "(the file)", str(error)) from error
            faces[face.id] = face
    return faces


def _toml_files(folder: Traversable) -> list[tuple[str, str]]:
    """Give (name, text) of a folder's `.toml` files by name; raise `ProfileError`."""
    try:
        files = sorted((one for one in folder.iterdir()), key=lambda one: one.name)
        return [(one.name, _text(one)) for one in files if one.name.endswith(".toml")]
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}): create the folder or correct its path"
        raise ProfileError(str(folder), "(the folder)", remedy) from error


def _text(file: Traversable) -> str:
    data = file.read_bytes()
    if len(data) > _MAX_BYTES:
        raise ProfileError(file.name, "(the file)", "a profile has at most 64 kB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(file.name, "(the file)", "save it as UTF-8") from error
