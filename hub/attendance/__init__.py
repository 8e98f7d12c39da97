"""Attendance: raw punches as the doors and terminals sent them, and the day derived from them.

Punches are never changed; `derivation.py` is pure and gives the same days from the same punches,
whenever and however often it runs. A correction is a record of its own. May import: wire,
hub.database, hub.projection.domain, hub.audit, hub.people, hub.web.
A new rule of a day is a field of `domain.Rules`, with its case in tests/hub/attendance.
"""
