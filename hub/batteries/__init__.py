"""Batteries: every level as last heard of, and the day by which to replace the cells.

Readings are kept as they came; `forecast.py` and `standing.py` are pure and give the same answer
from the same readings in any order. Unknown is never shown as good.
May import: wire, hub.database, hub.projection.domain, hub.entries (alarms), hub.sites, hub.web.
A new chemistry is a table in `chemistries.toml`; a new kind of thing with cells joins in
`repository.holders`.
"""
