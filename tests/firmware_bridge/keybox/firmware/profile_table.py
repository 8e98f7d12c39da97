"""Write the firmware's table of profiles from `wire/offline_profiles.py`.

`python tests/firmware_bridge/keybox/firmware/profile_table.py` puts it in place; the test beside
this file holds it equal. It stands here since the firmware's package may not import `wire`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from firmware_bridge.keybox.firmware import build
from wire.offline_profiles import EARLY_S, LIFETIME_S, MAX_BOUND, PROFILES, Profile

TABLE = build.SOURCES / "core" / "kb_profiles_table.h"


def _shapes(profile: Profile) -> Iterator[str]:
    yield f"static const struct kb_shape KB_SHAPES_{profile.number}[] = {{ /* {profile.name} */"
    for shape in profile.shapes:
        once = "true" if shape.once else "false"
        yield f"    {{{shape.grid_s}u, {shape.duration_s}u, {shape.slots}u, {once}}},"
    yield "};"
    yield ""


def _row(profile: Profile) -> str:
    fields = (
        *(profile.number, profile.digits, profile.generations, profile.ahead, profile.variants),
        *(len(profile.shapes), profile.drift_s),
    )
    return f"    {{{', '.join(f'{field}u' for field in fields)}, KB_SHAPES_{profile.number}}},"


def render() -> str:
    """Give the text of `kb_profiles_table.h`."""
    lines = [
        "/* Generated from wire/offline_profiles.py: do not edit. */",
        "#ifndef KB_PROFILES_TABLE_H",
        "#define KB_PROFILES_TABLE_H",
        "",
        f"#define KB_EARLY_S {EARLY_S}u",
        f"#define KB_LIFETIME_S {LIFETIME_S}u",
        f"#define KB_MAX_BOUND {MAX_BOUND.denominator // MAX_BOUND.numerator}u",
        f"#define KB_PROFILE_COUNT {len(PROFILES)}u",
        "",
        "#ifdef KB_PROFILES_DATA /* for kb_profiles.c alone */",
    ]
    for profile in PROFILES.values():
        lines += _shapes(profile)
    lines.append("static const struct kb_profile KB_PROFILES[KB_PROFILE_COUNT] = {")
    lines += [_row(profile) for profile in PROFILES.values()]
    lines += ["};", "#endif", "", "#endif", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    Path(TABLE).write_text(render())
