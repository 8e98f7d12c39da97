"""Who is inside a zone: followed from what was let in and opened, and forgotten by its rules.

`domain.py` is pure; `projector.py` keeps where each person went last, `service.py` says who is
inside now and lets staff forget. What a zone is stands in `hub.sites`.
May import: wire, hub.database, hub.web, hub.audit, hub.sites, hub.people, hub.entries, hub.ingest,
hub.policy, hub.projection.
"""
