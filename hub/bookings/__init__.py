"""Bookings of facilities: who may use what, when, and how far the doors are ready for it.

A booking has holders, each with one PIN for its doors and a sealed code for each of its key boxes.
The booked window is what people see; the effective one adds the facility's margins and is what
doors know. May import: wire, hub.database, hub.web, hub.sites, hub.people, hub.pins, hub.keyboxes,
hub.policy.touch, hub.audit. To refuse one more kind of booking: a code in `refusals` and its check
in `windows`.
"""
