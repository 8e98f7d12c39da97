"""What a trial run showed, named in few characters. Pure."""

from __future__ import annotations

from hashlib import sha256

import msgspec


def plan_digest(plan: object) -> str:
    """Give the digest of all that a file would do: equal plans have the same one. `plan` is made of
    what `msgspec` can write."""
    return sha256(msgspec.json.encode(plan, order="sorted")).hexdigest()
