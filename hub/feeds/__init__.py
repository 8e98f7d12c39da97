"""Calendar feeds: a town's own booking system publishes iCalendar, the hub polls it and books.

`calendar.py` and what it stands on are pure: bytes to occurrences and problems. `absence.py` says
what may be cancelled, `pace.py` when to ask again; `fetching.py` speaks HTTP; `polling.py` does one
poll; `service.py` is what staff do. The rules stand in docs/feeds.md.
May import: hub.database, hub.web, hub.audit, hub.happenings, hub.bookings. To read one more
property of events: `reading.py` lets it through, `components.py` reads it.
"""
