"""What each controller should hold, compiled from what the town's people entered.

A writer marks what it changed (`touch`, same transaction); the compiler turns marks into entries,
versions and digests; `exchange` answers what controllers ask and takes what they report.
May import: wire, hub.database, hub.clock, hub.keys, hub.sites, hub.people, hub.pins tables.
To add a kind of entry: its source in `sources`, what it depends on in `focus`, and a touch.
"""
