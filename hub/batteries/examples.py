"""Examples of batteries, their changes and forecasts, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

PROFILE_IN: Final[Example] = {
    "chemistry": "lithium_thionyl",
    "cells": 2,
    "cutoff_mv": 5_400,
    "heartbeat_s": 86_400,
    "heard_by": "network",
}
PROFILE_OUT: Final[Example] = {"device_id": ids.LOCK, **PROFILE_IN}
CHANGE_IN: Final[Example] = {
    "at": "2026-04-02T05:00:00Z",
    "chemistry": "lithium_thionyl",
    "note": "定期交換",
}
CHANGE_OUT: Final[Example] = {
    "device_id": ids.LOCK,
    "at": "2026-04-02T05:00:00Z",
    "inferred": False,
    "by": f"session:{ids.USER}",
    "chemistry": "lithium_thionyl",
    "note": "定期交換",
}
READING_OUT: Final[Example] = {
    "at": "2026-04-05T21:00:00Z",
    "millivolts": 7_180,
    "temperature_dc": 142,
    "uses": 3_107,
}
FORECAST_OUT: Final[Example] = {
    "as_of": "2026-04-05T21:00:00Z",
    "new_since": "2025-09-12T04:30:00Z",
    "readings": 203,
    "median": "2027-02-18T00:00:00Z",
    "earliest": "2026-12-20T00:00:00Z",
    "latest": "2027-05-02T00:00:00Z",
    "left": 0.614,
    "why_not": None,
}
BATTERY_OUT: Final[Example] = {
    "device_id": ids.LOCK,
    "name": "裏口 電池錠",
    "site_id": ids.SITE,
    "state": "good",
    "why_unknown": None,
    "unknown_since": None,
    "millivolts": 7_180,
    "temperature_dc": 142,
    "uses": 3_107,
    "as_of": "2026-04-05T21:00:00Z",
    "age_days": 0,
    "low_since": None,
    "profile": PROFILE_OUT,
    "forecast": FORECAST_OUT,
}
BATTERY_SHEET_OUT: Final[Example] = {
    **BATTERY_OUT,
    "changes": [CHANGE_OUT],
    "readings": [READING_OUT],
}
ROUTE_STOP_OUT: Final[Example] = {
    "site_id": ids.SITE,
    "name": "中央公民館",
    "address": "鍵守町中央1-2-3",
    "latitude": 35.6812,
    "longitude": 139.7671,
    "batteries": [BATTERY_OUT],
}
ROUTE_OUT: Final[Example] = {
    "before": "2027-03-31",
    "length_km": 0.0,
    "cells": {"lithium_thionyl": 2},
    "stops": [ROUTE_STOP_OUT],
}
