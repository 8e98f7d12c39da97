"""Signed webhooks, out and in, by the Standard Webhooks specification (standardwebhooks.com).

Out: `outbox.py` turns happenings into deliveries, `observed.py` finds entries and alarms, `post.py`
sends what is due. In: `receiving.py` takes what a source signed, `mapping.py` reads it.
A new kind of message is a line in `HappeningKind` and, if it has data of its own, in `payloads.py`.
May import: wire, hub.database, hub.web, hub.audit, hub.happenings, hub.bookings, hub.entries,
hub.pins, hub.people, hub.sites, hub.keyboxes, hub.projection.
"""
