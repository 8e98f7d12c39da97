"""Visitors and contractors: who comes when, whom they visit, with whom they walk.

A visitor is no person of the town's: a card of the pool is lent to them, and what it opens ends by
itself with the visit, at the door as well. Names are forgotten some days after.
May import hub.people, hub.staff, hub.sites, hub.zones, hub.attendance, hub.audit, hub.web,
hub.database.
To add what a visit may open: `lending.py`.
"""
