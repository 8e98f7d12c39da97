"""Every list of people is sorted alike: by the reading, then by the staff number."""

from __future__ import annotations
