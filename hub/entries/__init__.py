"""The entry log: who came to which door, what was decided and why, and what followed.

Beside it what follows from the same events: the state of doors and devices, and alarms.
`mapping.py`, `doors.py`, `devices.py`, `alarms.py` are pure; `projector.py` writes what they say.
May import: wire, hub.database, hub.web, hub.audit, hub.sites, hub.people, hub.pins,
hub.keyboxes, hub.projection; hub.link, hub.ingest and hub.policy for what they note of the wire.
A new event kind needs its line in `mapping.TOPICS`; the tests name the one that is missing.
"""
