"""The ids of the town that the API's examples speak of: the same door is the same everywhere."""

from __future__ import annotations

from typing import Final


def _id(last: int) -> str:
    """A UUIDv7 of the spring of 2026."""
    return f"0195f3a0-6c00-7000-8000-{last:012x}"


SITE: Final = _id(0x101)
CONTROLLER: Final = "k7m2q9x4w8e3r6t1"
ZONE: Final = _id(0x201)
DOOR: Final = _id(0x301)
DEVICE: Final = _id(0x401)
LOCK: Final = _id(0x402)
READER: Final = _id(0x501)
PERSON: Final = _id(0x601)
COLLEAGUE: Final = _id(0x602)
GROUP: Final = _id(0x701)
CARD: Final = _id(0x801)
GRANT: Final = _id(0x901)
CARD_KEY_SET: Final = _id(0x802)
SCHEDULE: Final = _id(0xA01)
CALENDAR: Final = _id(0xB01)
KEY_BOX: Final = _id(0xC01)
FACILITY: Final = _id(0xD01)
BOOKING: Final = _id(0xE01)
HOLDER: Final = _id(0xE02)
CREDENTIAL: Final = _id(0xE03)
COMMAND: Final = _id(0xF01)
ORDER: Final = _id(0xF02)
EMERGENCY: Final = _id(0xF03)
USER: Final = _id(0x1001)
TOKEN: Final = _id(0x1002)
DOOR_TEST: Final = _id(0x1101)
TICKET: Final = _id(0x1201)
CODE: Final = _id(0xE04)
HALF: Final = _id(0xD02)
CLOSURE: Final = _id(0xD03)
SERIES: Final = _id(0xE05)
FEED: Final = _id(0x1301)
FEED_EVENT: Final = _id(0x1302)
FEED_RUN: Final = _id(0x1303)
WEBHOOK: Final = _id(0x1401)
DELIVERY: Final = _id(0x1402)
MESSAGE: Final = _id(0x1403)
WEBHOOK_SOURCE: Final = _id(0x1501)
RECEIVED: Final = _id(0x1502)
NOTICE: Final = _id(0x1601)
CSV_PROFILE: Final = _id(0x1701)
CSV_IMPORT: Final = _id(0x1702)
DEPARTMENT: Final = _id(0x1801)
DIVISION: Final = _id(0x1802)
EMPTY_DEPARTMENT: Final = _id(0x1806)
EMPLOYMENT: Final = _id(0x1803)
STAFF_PROFILE: Final = _id(0x1804)
STAFF_IMPORT: Final = _id(0x1805)
EXPORT_PROFILE: Final = _id(0x2901)
HANDOVER: Final = _id(0x2902)
CORRECTION: Final = _id(0x2801)
DIVERGENCE: Final = _id(0x2802)
CLOSING: Final = _id(0x2803)
ADJUSTMENT: Final = _id(0x2804)
CAP_ALERT: Final = _id(0x2805)
SPECIAL_WORK: Final = _id(0x2806)
ENROLMENT: Final = _id(0x2A01)
VISIT: Final = _id(0x2A02)
VISITOR: Final = _id(0x2A03)
VISITOR_CARD: Final = _id(0x802)
VISITOR_CREDENTIAL: Final = _id(0x80E)
APPLICATION: Final = _id(0x2B01)
APPLICATION_WAITING: Final = _id(0x2B11)
APPLICATION_UNCLEAR: Final = _id(0x2B12)
APPLICATION_NEEDLESS: Final = _id(0x2B13)
APPLICATION_APPROVED: Final = _id(0x2B14)
DELEGATION: Final = _id(0x2B02)
CHAIN_RULE: Final = _id(0x2B03)
RESERVATION_KEY: Final = "yoyaku-2026-0410-0007"
"""The key that the town's booking system gave the booking."""

MADE: Final = {"created_at": "2026-04-01T00:15:00Z", "updated_at": "2026-04-01T00:15:00Z"}
"""When rows were made and last changed: 09:15 in Japan."""
