"""The hub's database: one engine, one shared metadata, and `Scope`, through which every query goes.

SQLite (one process, one writer thread) or PostgreSQL 15+; the same code runs on both.
May import SQLAlchemy, Alembic, `hub.clock` and `wire`; never a topic, except `all_tables`.
To add a table: `town_table(...)` in the topic's `tables.py`, the module in `all_tables`, then
`python -m hub.database.draft_migration`.
"""
