"""Readiness before the slot: by a deadline every door of a booking has confirmed, or people hear.

`domain.py` judges doors and follows a booking's deadline, `figures.py` sums up hit rate and
latencies: both pure. `watch.py` is the chore that notices, `facts.py` reads what is judged. A new
finding is a line in `findings.Finding`, one in `findings.SEVERITY`, its test in `findings.found`
and its words in `hub/catalogue/readiness.toml`.
May import: wire, hub.database, hub.web, hub.audit, hub.sites, hub.bookings, hub.pins, hub.keyboxes,
hub.batteries, hub.entries, hub.link, hub.policy, hub.happenings.
"""
