"""Bookings from CSV files of a town's own system: by upload, or from a folder that is watched.

Pure: `encodings.py` reads bytes, `dates.py` dates and times as people write them in Japan,
`reading.py` rows, `mapping.py` what a row wants. `importer.py` does it line by line, `folder.py`
is the job that picks files up. A new way to write a date is a line in `dates.py` with its test.
May import: hub.database, hub.web, hub.audit, hub.sites, hub.bookings, hub.jobs.
"""
