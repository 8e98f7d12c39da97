"""What somebody searches for, in an address that nobody else can read.

A form sends the words in its body; the page that it leads to names them sealed, for this page and
this person alone. So histories, proxies' logs and screens show no name, and going back, reloading
and another language still find the same list.
"""

from __future__ import annotations

import base64
import binascii

from hub.keys import HubKeys, KeyFileError, SealBrokenError
from hub.web.rights import Principal


def sealed_words(keys: HubKeys, who: Principal, page: str, words: str) -> str:
    """Give words (up to some 100 characters) as a value for an address; nothing for nothing."""
    words = words.replace("\x00", "").strip()
    if not words:
        return ""
    plain = words.encode("utf-8", errors="replace")
    return base64.urlsafe_b64encode(keys.seal(plain, _row(who, page))).decode()


def opened_words(keys: HubKeys, who: Principal, page: str, sealed: str) -> str:
    """Give them back. Whatever is none of this page's and this person's means no words: a search
    is begun anew, not refused."""
    try:
        found = base64.urlsafe_b64decode(sealed.encode())
        return keys.unseal(found, _row(who, page)).decode() if found else ""
    except (binascii.Error, ValueError, SealBrokenError, KeyFileError):
        return ""


def _row(who: Principal, page: str) -> str:
    return f"searched:{page}:{who.kind.value}:{who.id}"
