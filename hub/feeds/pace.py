"""When a feed is asked again. Pure; the caller draws the jitter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_S: Final = 6 * 3600
LONGEST_RETRY_S: Final = 24 * 3600
_DOUBLINGS: Final = 12


def wait_s(every_s: int, failures: int, retry_after_s: int | None, jitter: float) -> float:
    """Give the seconds to the next fetch: `every_s` after a good one, doubled with each failure
    after the first up to six hours, never less than the server asked for (up to a day). `jitter`
    is from 0 to 1 and spreads it by a tenth to either side, later only where the server asked."""
    doubled: int = every_s * 2 ** min(max(failures - 1, 0), _DOUBLINGS)
    wait = min(doubled, max(LONGEST_S, every_s)) * (0.9 + 0.2 * jitter)
    if retry_after_s is not None:
        wait = max(wait, min(retry_after_s, LONGEST_RETRY_S) * (1 + 0.1 * jitter))
    return wait


def retry_after_s(value: str | None, now: datetime) -> int | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds or a date; None for what is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_RETRY_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, int((at - now) / timedelta(seconds=1)))
