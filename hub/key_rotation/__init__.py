"""A change of the keys that the database is sealed with: every row anew, while the hub serves.

May import: hub.database, hub.keys, hub.audit, and the tables of every topic that seals something.
One more sealed column: one line in `columns.SEALED`; a test finds the one that is forgotten.
"""
