"""The kinds of employment that the town's ordinance knows: their titles by code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def shipped_kinds() -> Mapping[str, str]:
    """Give those of the ordinance that is shipped."""
    text = files("hub.worktime").joinpath("ordinances/standard.toml").read_text(encoding="utf-8")
    kinds = tomllib.loads(text)["kinds"]
    return {code: kind["title"] for code, kind in kinds.items()}
