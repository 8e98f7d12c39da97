"""Tests of doors: that the contact sees the leaf, told by a clerk at the door or by the Pi itself.

A contact that is stuck looks like a door that is always shut: only a test finds it, so every door's
page shows its latest and how old it is. A test is a record: it is never changed.
May import: wire, hub.database, hub.web, hub.sites, hub.audit, hub.projection.
"""
