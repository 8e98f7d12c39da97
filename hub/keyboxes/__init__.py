"""Key boxes without a network, and sealed codes: what they carry, who has one, what a box told.

A box is never online: nothing here is ever *placed*, only computed, active and ended. Digits are
never kept; they follow from the box's secret and a code's tag. May import: wire, hub.database,
hub.keys, hub.web, hub.audit, hub.sites, hub.ingest and hub.projection; only `service` also reads
hub.bookings. To add a sort of lock that takes sealed codes: a member of `domain.LockKind`, and
where its secret comes from in `locks`.
"""
