"""Bookings of facilities: who may use what, when, how far doors are ready, what became of it.

A booking has holders, each with one PIN for its doors and a sealed code for each of its key boxes.
The booked window is what people see; the effective one adds margins and is what doors know. May
import: wire, hub.database, hub.web, hub.sites, hub.people, hub.pins, hub.keyboxes, hub.audit,
hub.happenings, hub.policy.touch and, to say what happened, hub.entries, hub.ingest, hub.link,
hub.projection. To refuse one more kind of booking: a code in `refusals` and its check in `windows`,
`closures` or `framing`. To tell one more thing of an outcome: a field there, a line in `outcomes`.
"""
